//! Promises under load and failure, one file each.

mod deadline;
mod drain;
mod fairness;
mod memory_budget;
mod observability;
mod plugin_isolation;
mod retry_after;
mod switch_under_load;
mod workers;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::json;

use crate::harness::{Answer, INPAINT, Server, base64, picture};

/// An inpaint request of the small image with extra headers.
fn request(headers: &[(&str, &str)]) -> Request<Body> {
    let (image, mask) = picture();
    let body = json!({ "image": base64(&image), "mask": base64(&mask) }).to_string();
    let mut request = Request::post(INPAINT).header("content-length", body.len());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).unwrap()
}

/// The same request from an address.
fn request_from(address: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = request(headers);
    let address = SocketAddr::new(address.parse().unwrap(), 4711);
    request.extensions_mut().insert(ConnectInfo(address));
    request
}

/// Sends a request in a new task.
fn send(server: &Arc<Server>, request: Request<Body>) -> tokio::task::JoinHandle<Answer> {
    let server = Arc::clone(server);
    tokio::spawn(async move { server.send(request).await })
}

/// Waits until the queue has a number of jobs.
async fn waiting(server: &Server, count: usize) {
    while server.engine.status().waiting != count {
        tokio::task::yield_now().await;
    }
}

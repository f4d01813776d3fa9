//! Drain: the running job finishes, others are rejected. (The exit of the process is in `tests/cli`.)

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::{request, send, waiting};
use crate::harness::{Answer, INPAINT, server_of};
use crate::pausable::pausable_models;

fn is_sent_away(answer: &Answer) -> bool {
    answer.status == StatusCode::SERVICE_UNAVAILABLE && answer.json()["error"] == json!("draining")
}

#[tokio::test]
async fn drain_finishes_running_and_rejects_rest() {
    let (loader, mut control) = pausable_models();
    let server = Arc::new(server_of(loader, |_, _| {}));
    let running = send(&server, request(&[]));
    control.wait_until_paused().await;
    let waits = send(&server, request(&[]));
    waiting(&server, 1).await;
    // An endless body.
    let (sender, body) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(1);
    let body = Body::from_stream(futures_util::stream::unfold(body, async |mut body| {
        body.recv().await.map(|part| (part, body))
    }));
    let arrives = send(&server, Request::post(INPAINT).body(body).unwrap());
    sender.send(Ok("{".to_owned())).await.unwrap();

    server.engine.drain();
    assert!(is_sent_away(&waits.await.unwrap()));
    assert!(is_sent_away(&arrives.await.unwrap()));
    assert!(is_sent_away(&server.send(request(&[])).await));
    assert_eq!(
        server.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(server.get("/livez").await.status, StatusCode::OK);
    control.resume();
    assert_eq!(running.await.unwrap().status, StatusCode::OK);
    server.engine.idle().await;
    drop(sender);
}

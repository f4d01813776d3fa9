//! Deadlines: late requests return 504 and don't run.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::{request, send, waiting};
use crate::harness::{INPAINT, base64, fixture, server, server_of};
use crate::pausable::pausable_models;

#[tokio::test]
async fn late_queued_job_returns_504() {
    let (loader, mut control) = pausable_models();
    let server = Arc::new(server_of(loader, |_, _| {}));
    let running = send(&server, request(&[]));
    control.wait_until_paused().await;
    let late = send(&server, request(&[("x-request-timeout-ms", "300")]));
    waiting(&server, 1).await;
    // The response doesn't wait for the running job.
    let answer = late.await.unwrap();
    assert_eq!(
        (answer.status, answer.json()["error"].clone()),
        (StatusCode::GATEWAY_TIMEOUT, json!("deadline"))
    );
    assert_eq!(server.engine.status().jobs, 1);
    control.resume();
    assert_eq!(running.await.unwrap().status, StatusCode::OK);
    server.engine.idle().await;
    assert!(!control.has_paused());
}

#[tokio::test]
async fn late_job_stops_between_crops() {
    let (loader, mut control) = pausable_models();
    let server = Arc::new(server_of(loader, |_, _| {}));
    let image = fixture("goldens/inputs/rgb-900x640.png");
    let mask = fixture("goldens/inputs/mask-parts-900x640.png");
    let body = json!({ "image": base64(&image), "mask": base64(&mask), "hd_strategy_crop_margin": 8 });
    let several_crops = Request::post(INPAINT)
        .header("x-request-timeout-ms", "1500")
        .body(Body::from(body.to_string()));
    let late = send(&server, several_crops.unwrap());
    control.wait_until_paused().await;
    assert_eq!(late.await.unwrap().status, StatusCode::GATEWAY_TIMEOUT);
    control.resume();
    server.engine.idle().await;
    assert!(!control.has_paused(), "the second crop never ran");
}

#[tokio::test]
async fn late_body_returns_504() {
    let (sender, body) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(1);
    let body = Body::from_stream(futures_util::stream::unfold(body, async |mut body| {
        body.recv().await.map(|part| (part, body))
    }));
    sender.send(Ok("{".to_owned())).await.unwrap();
    let slow = Request::post(INPAINT)
        .header("x-request-timeout-ms", "50")
        .body(body);
    let answer = server().send(slow.unwrap()).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    drop(sender);
}

#[tokio::test]
async fn client_timeout_only_shortens() {
    let late = server_of(crate::harness::torch(), |_, settings| {
        settings.request_timeout = std::time::Duration::ZERO;
    });
    let answer = late.send(request(&[("x-request-timeout-ms", "60000")])).await;
    assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    let answer = server().send(request(&[("x-request-timeout-ms", "60000")])).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn invalid_timeout_returns_422() {
    let answer = server().send(request(&[("x-request-timeout-ms", "soon")])).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let detail = answer.json()["detail"].clone();
    assert!(
        detail.as_str().unwrap().contains("X-Request-Timeout-Ms"),
        "{detail}"
    );
}

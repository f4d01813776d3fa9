//! Tool calls as jobs: queue, cancellation, progress, deadline.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use iopaint_engine::ClientKey;
use iopaint_test_support::{ModelControl, wait_until, with_deadline};
use rmcp::ClientLifecycleMode;
use rstest::rstest;
use serde_json::{Value, json};

use super::client::{Client, connect, connect_as, discover, finish, image_of};
use crate::harness::{Server, base64, fixture, picture, server_of, server_with};
use crate::pausable::pausable_models;

fn pausable() -> (Arc<Server>, ModelControl) {
    let (loader, control) = pausable_models();
    let server = server_of(loader, |_, settings| settings.mcp = true);
    (Arc::new(server), control)
}

fn erase() -> Value {
    let (image, mask) = picture();
    json!({ "image": base64(&image), "mask": base64(&mask) })
}

async fn wait_for_jobs(server: &Server, jobs: usize) {
    wait_until("the number of jobs", || server.engine.status().jobs == jobs).await;
}

#[rstest]
#[case(ClientLifecycleMode::Initialize)]
#[case(discover())]
#[tokio::test]
async fn cancellation_frees_the_permit(#[case] lifecycle: ClientLifecycleMode) {
    let (server, mut control) = pausable();
    let client = connect_as(&server, "", lifecycle).await.unwrap();
    let running = client.start("erase", &erase()).await;
    with_deadline("the pause", control.wait_until_paused()).await;
    let queued = client.start("erase", &erase()).await;
    wait_for_jobs(&server, 2).await;
    queued.cancel(None).await.unwrap();
    wait_for_jobs(&server, 1).await;
    control.resume();
    image_of(&finish(running).await);
    assert!(!control.has_paused(), "the cancelled call never ran");
}

#[tokio::test]
async fn cancellation_reaches_calls_of_its_session_only() {
    let (server, mut control) = pausable();
    let (one, other) = (connect(&server).await, connect(&server).await);
    // Both clients count their requests from the same number.
    let running = one.start("erase", &erase()).await;
    with_deadline("the pause", control.wait_until_paused()).await;
    let queued = other.start("erase", &erase()).await;
    wait_for_jobs(&server, 2).await;
    assert_eq!(running.id, queued.id);
    queued.cancel(None).await.unwrap();
    wait_for_jobs(&server, 1).await;
    control.resume();
    image_of(&finish(running).await);
}

#[tokio::test]
async fn disconnect_frees_the_permit() {
    let (server, mut control) = pausable();
    let client = connect(&server).await;
    let running = client.start("erase", &erase()).await;
    with_deadline("the pause", control.wait_until_paused()).await;
    let body = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": { "name": "erase", "arguments": erase() },
    });
    let request = Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Body::from(body.to_string()))
        .unwrap();
    let own = Arc::clone(&server);
    let queued = tokio::spawn(async move { own.send(request).await });
    wait_for_jobs(&server, 2).await;
    queued.abort();
    wait_for_jobs(&server, 1).await;
    control.resume();
    image_of(&finish(running).await);
}

/// Calls `erase` with several crops and returns the call and the client.
async fn several_crops(server: &Server, lifecycle: ClientLifecycleMode) -> (Client, Value) {
    let client = connect_as(server, "", lifecycle).await.unwrap();
    let image = fixture("goldens/inputs/rgb-900x640.png");
    let mask = fixture("goldens/inputs/mask-parts-900x640.png");
    (client, json!({ "image": base64(&image), "mask": base64(&mask) }))
}

#[rstest]
#[case(ClientLifecycleMode::Initialize)]
#[case(discover())]
#[tokio::test]
async fn progress_is_reported(#[case] lifecycle: ClientLifecycleMode) {
    let (server, mut control) = pausable();
    let (mut client, arguments) = several_crops(&server, lifecycle).await;
    let call = client.start("erase", &arguments).await;
    with_deadline("the pause", control.wait_until_paused()).await;
    let mut last = f64::NEG_INFINITY;
    loop {
        let progress = with_deadline("progress", client.progress.recv()).await.unwrap();
        assert_eq!(progress.progress_token, call.progress_token);
        assert!(progress.progress > last && Some(progress.progress) <= progress.total);
        last = progress.progress;
        if progress.message.unwrap().starts_with("Running, 0 of") {
            break;
        }
    }
    control.resume();
    let call = tokio::spawn(finish(call));
    while !call.is_finished() {
        if control.has_paused() {
            control.resume();
        }
        tokio::task::yield_now().await;
    }
    image_of(&call.await.unwrap());
}

#[tokio::test]
async fn full_queue_is_a_tool_error() {
    let server = server_with(|options, settings| {
        options.max_queue = 1;
        settings.mcp = true;
    });
    let client = connect(&server).await;
    let _permit = server.engine.admit(ClientKey::new("other"), None).unwrap();
    let result = client.call("erase", &erase()).await;
    let error = result.structured_content.unwrap();
    assert_eq!(
        (result.is_error, &error["error"]),
        (Some(true), &json!("queue-full"))
    );
    assert!(error["retry_after_s"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn deadline_is_a_tool_error() {
    let (loader, mut control) = pausable_models();
    let server = server_of(loader, |_, settings| {
        settings.mcp = true;
        settings.request_timeout = std::time::Duration::from_millis(1);
    });
    let result = connect(&server).await.call("erase", &erase()).await;
    assert_eq!(result.structured_content.unwrap()["error"], "deadline");
    if control.has_paused() {
        control.resume();
    }
}

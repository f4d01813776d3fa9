//! `Retry-After` of a full queue follows the durations of recent jobs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use iopaint_engine::ManualClock;
use serde_json::json;

use super::{request, send};
use crate::harness::server_of;
use crate::pausable::pausable_models;

#[tokio::test]
async fn retry_after_follows_job_durations() {
    let (loader, mut control) = pausable_models();
    let clock = ManualClock::new(Instant::now());
    let server = Arc::new(server_of(loader, |options, _| {
        options.max_queue = 1;
        options.clock = Arc::new(clock.clone());
    }));
    let first = send(&server, request(&[]));
    control.wait_until_paused().await;
    clock.advance(Duration::from_millis(3100));
    control.resume();
    assert_eq!(first.await.unwrap().status, StatusCode::OK);

    let second = send(&server, request(&[]));
    control.wait_until_paused().await;
    clock.advance(Duration::from_secs(1));
    let answer = server.send(request(&[])).await;
    assert_eq!(
        (answer.status, answer.json()["error"].clone()),
        (StatusCode::TOO_MANY_REQUESTS, json!("queue-full"))
    );
    assert_eq!(answer.header("retry-after"), "3", "2.1 s are left, rounded up");
    control.resume();
    assert_eq!(second.await.unwrap().status, StatusCode::OK);
    assert_eq!(
        server
            .send(request(&[("x-request-timeout-ms", "0")]))
            .await
            .status,
        StatusCode::GATEWAY_TIMEOUT,
        "the queue has a free slot again"
    );
}

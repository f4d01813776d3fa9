//! `Retry-After` of a full queue follows the duration of jobs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;

use super::{request, send};
use crate::gate::gate;
use crate::harness::server_of;

#[tokio::test]
async fn retry_after_follows_job_duration() {
    let (loader, gate) = gate();
    let server = Arc::new(server_of(loader, |options, _| options.max_queue = 1));
    // A job of a bit more than three seconds, by the clock.
    let began = Instant::now();
    let first = send(&server, request(&[]));
    let gate = gate.arrival().await;
    tokio::time::sleep(Duration::from_millis(3100)).await;
    gate.open();
    assert_eq!(first.await.unwrap().status, StatusCode::OK);
    let took = began.elapsed().as_secs_f64();

    let second_began = Instant::now();
    let second = send(&server, request(&[]));
    let gate = gate.arrival().await;
    let answer = server.send(request(&[])).await;
    assert_eq!(
        (answer.status, answer.json()["error"].clone()),
        (StatusCode::TOO_MANY_REQUESTS, json!("queue-full"))
    );
    let least = (3.1 - second_began.elapsed().as_secs_f64()).max(1.0);
    let wait: f64 = answer.header("retry-after").parse().unwrap();
    assert!(
        (least..=took.ceil()).contains(&wait),
        "{wait} s after a job of {took} s"
    );
    gate.open();
    assert_eq!(second.await.unwrap().status, StatusCode::OK);
    assert_eq!(
        server
            .send(request(&[("x-request-timeout-ms", "0")]))
            .await
            .status,
        StatusCode::GATEWAY_TIMEOUT,
        "there is a place again"
    );
}

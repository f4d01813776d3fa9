//! Bodies and images in flight share a memory budget.

use std::sync::Arc;

use axum::http::StatusCode;

use super::{request, send};
use crate::harness::{picture, server_of};
use crate::pausable::pausable_models;

/// Bytes that the small image of 150 x 101 pixels reserves.
const PICTURE: u64 = 150 * 101 * 12;

#[tokio::test]
async fn images_beyond_budget_wait_undecoded() {
    let (loader, mut control) = pausable_models();
    // Budget for two images; the rest is the quarter for bodies.
    let memory = 2 * PICTURE * 4 / 3 + 4;
    let server = Arc::new(server_of(loader, |_, settings| {
        settings.max_in_flight_bytes = memory;
    }));
    let answers: Vec<_> = (0..6).map(|_| send(&server, request(&[]))).collect();
    for left in (0..6).rev() {
        control.wait_until_paused().await;
        // One runs; of the others at most one is decoded and queued.
        while left > 0 && server.engine.status().waiting == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.engine.status().waiting, usize::from(left > 0));
        control.resume();
    }
    for answer in answers {
        assert_eq!(answer.await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn image_larger_than_budget_runs_alone() {
    let server = server_of(crate::harness::torch(), |_, settings| {
        settings.max_in_flight_bytes = 1000;
    });
    let (image, mask) = picture();
    let answer = server.inpaint(&image, &mask, &serde_json::json!({})).await;
    assert_eq!(answer.status, StatusCode::OK);
}

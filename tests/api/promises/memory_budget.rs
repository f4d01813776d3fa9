//! Bodies and pictures in flight share a bounded memory.

use std::sync::Arc;

use axum::http::StatusCode;

use super::{request, send};
use crate::gate::gate;
use crate::harness::{picture, server_of};

/// What the small picture of 150 x 101 pixels counts as.
const PICTURE: u64 = 150 * 101 * 12;

#[tokio::test]
async fn pictures_beyond_the_memory_wait_undecoded_and_none_is_lost() {
    let (loader, mut gate) = gate();
    // Room for two pictures at a time; the rest is the bodies' quarter.
    let memory = 2 * PICTURE * 4 / 3 + 4;
    let server = Arc::new(server_of(loader, |_, settings| {
        settings.max_in_flight_bytes = memory
    }));
    let answers: Vec<_> = (0..6).map(|_| send(&server, request(&[]))).collect();
    for left in (0..6).rev() {
        gate = gate.arrival().await;
        // One runs; of the others one is decoded and waits, if there is one.
        while left > 0 && server.engine.status().waiting == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.engine.status().waiting, usize::from(left > 0));
        gate.open();
    }
    for answer in answers {
        assert_eq!(answer.await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_picture_that_is_larger_than_the_memory_is_filled_alone() {
    let server = server_of(crate::harness::torch(), |_, settings| {
        settings.max_in_flight_bytes = 1000;
    });
    let (image, mask) = picture();
    let answer = server.inpaint(&image, &mask, &serde_json::json!({})).await;
    assert_eq!(answer.status, StatusCode::OK);
}

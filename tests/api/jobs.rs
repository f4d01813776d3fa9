//! Job ids: returned, exclusive, cancellable.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use iopaint_test_support::ModelControl;
use rstest::rstest;
use serde_json::json;

use crate::harness::{Answer, INPAINT, Server, base64, fixture, picture, server, server_of};
use crate::pausable::pausable_models;

pub const ID: &str = "67e55044-10b1-426f-9247-bb680e5fe0c8";
pub const OTHER_ID: &str = "a1a2a3a4-b1b2-4c1c-8d1d-d1d2d3d4d5d6";

/// Inpaints as the job `id`.
pub async fn inpaint_as(server: &Server, id: &str) -> Answer {
    let (image, mask) = picture();
    let body = json!({ "image": base64(&image), "mask": base64(&mask) });
    let request = Request::post(INPAINT)
        .header("x-job-id", id)
        .body(Body::from(body.to_string()));
    server.send(request.unwrap()).await
}

/// Cancels the job `id`.
pub async fn cancel(server: &Server, id: &str) -> Answer {
    let request = Request::delete(format!("/api/v1/jobs/{id}")).body(Body::empty());
    server.send(request.unwrap()).await
}

/// A server whose model has paused, its control, and the request that it runs.
pub async fn busy_server() -> (Arc<Server>, ModelControl, tokio::task::JoinHandle<Answer>) {
    let (loader, mut control) = pausable_models();
    let server = Arc::new(server_of(loader, |_, _| {}));
    let own = Arc::clone(&server);
    let running = tokio::spawn(async move { inpaint_as(&own, ID).await });
    control.wait_until_paused().await;
    (server, control, running)
}

#[tokio::test]
async fn response_has_job_id() {
    assert_eq!(inpaint_as(server(), ID).await.header("x-job-id"), ID);
    let (image, mask) = picture();
    let first = server().inpaint(&image, &mask, &json!({})).await;
    let second = server().inpaint(&image, &mask, &json!({})).await;
    assert_eq!(first.header("x-job-id").len(), ID.len());
    assert_ne!(first.header("x-job-id"), second.header("x-job-id"));
    let failed = server().inpaint(b"", &mask, &json!({})).await;
    assert!(failed.status.is_client_error());
    assert_eq!(failed.header("x-job-id").len(), ID.len());
}

#[rstest]
#[case("")]
#[case("7")]
#[case("67e55044-10b1-426f-9247-bb680e5fe0cg")]
#[case("../../etc/passwd")]
#[tokio::test]
async fn job_id_without_uuid_returns_422(#[case] id: &str) {
    let answer = inpaint_as(server(), id).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.json()["error"], "invalid-job-id");
}

#[tokio::test]
async fn job_id_in_flight_returns_409() {
    let (server, control, running) = busy_server().await;
    let thief = inpaint_as(&server, ID).await;
    assert_eq!(
        (thief.status, thief.json()["error"].clone()),
        (StatusCode::CONFLICT, json!("job-id-taken"))
    );
    control.resume();
    let first = running.await.unwrap();
    assert_eq!((first.status, first.header("x-job-id")), (StatusCode::OK, ID));
}

#[tokio::test]
async fn cancelled_queued_job_leaves_queue() {
    let (server, mut control, running) = busy_server().await;
    let own = Arc::clone(&server);
    let waiting = tokio::spawn(async move { inpaint_as(&own, OTHER_ID).await });
    while server.engine.status().jobs < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(cancel(&server, OTHER_ID).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.engine.status().jobs, 1);
    let answer = waiting.await.unwrap();
    assert_eq!(
        (answer.status, answer.json()["error"].clone()),
        (StatusCode::CONFLICT, json!("cancelled"))
    );
    control.resume();
    assert_eq!(running.await.unwrap().status, StatusCode::OK);
    assert!(!control.has_paused(), "the cancelled job never ran");
}

#[tokio::test]
async fn cancelled_running_job_stops_at_next_crop() {
    let (loader, mut control) = pausable_models();
    let server = Arc::new(server_of(loader, |_, _| {}));
    let own = Arc::clone(&server);
    let running = tokio::spawn(async move { several_crops(&own, ID).await });
    control.wait_until_paused().await;
    assert_eq!(cancel(&server, ID).await.status, StatusCode::NO_CONTENT);
    assert_eq!(running.await.unwrap().json()["error"], "cancelled");
    assert_eq!(server.engine.status().jobs, 1, "its forward can't be interrupted");
    control.resume();
    server.engine.idle().await;
    assert!(!control.has_paused(), "the second crop never ran");
}

/// Inpaints an image whose hole has several parts, one crop each.
pub async fn several_crops(server: &Server, id: &str) -> Answer {
    let image = fixture("goldens/inputs/rgb-900x640.png");
    let mask = fixture("goldens/inputs/mask-parts-900x640.png");
    let body = json!({ "image": base64(&image), "mask": base64(&mask), "hd_strategy_crop_margin": 8 });
    let request = Request::post(INPAINT)
        .header("x-job-id", id)
        .body(Body::from(body.to_string()));
    server.send(request.unwrap()).await
}

#[rstest]
#[case(ID)]
#[case("not-an-id")]
#[tokio::test]
async fn cancelling_unknown_job_returns_404(#[case] id: &str) {
    let answer = cancel(server(), id).await;
    assert_eq!(
        (answer.status, answer.json()["error"].clone()),
        (StatusCode::NOT_FOUND, json!("unknown-job"))
    );
}

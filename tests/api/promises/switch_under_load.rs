//! A model switch under load loses no image.

use std::sync::Arc;

use axum::http::StatusCode;
use rstest::rstest;
use serde_json::json;

use super::{request_from, send};
use crate::harness::server_with;

#[rstest]
#[case(1)]
#[case(2)]
#[tokio::test(flavor = "multi_thread")]
async fn switch_under_load_loses_no_image(#[case] max_models: usize) {
    let server = Arc::new(server_with(|options, _| {
        options.model = Some("lama".into());
        options.max_models = max_models;
        options.max_queue = 64;
    }));
    let answers: Vec<_> = (0..48)
        .map(|number| {
            let address = format!("192.0.2.{}", number % 6);
            send(&server, request_from(&address, &[]))
        })
        .collect();
    for round in 0..8 {
        let name = ["anime-lama", "lama", "cv2", "patchmatch"][round % 4];
        let answer = server.post_json("/api/v1/model", &json!({ "name": name })).await;
        assert_eq!(
            (answer.status, &answer.json()["name"]),
            (StatusCode::OK, &json!(name))
        );
    }
    for answer in answers {
        let answer = answer.await.unwrap();
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
    }
    assert_eq!(server.get("/api/v1/model").await.json()["name"], "patchmatch");
}

//! Regression tests for bugs of IOPaint. (Those of files are in `files`, those of
//! images in the imaging crate's tests.)

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::{
    NoModels, base64, fixture, form, picture, server, server_of, server_with, server_with_files,
};

fn jpeg() -> Vec<u8> {
    fixture("examples/photo.jpg")
}

#[tokio::test]
async fn unknown_model_keeps_current_model() {
    let server = server_with(|options, _| options.model = Some("lama".into()));
    server.ready().await;
    for name in [
        json!("nobody"),
        json!("../lama"),
        json!(""),
        json!(null),
        json!(["lama"]),
    ] {
        let answer = server.post_json("/api/v1/model", &json!({ "name": name })).await;
        assert!(answer.status.is_client_error(), "{name}");
        let current = server.get("/api/v1/model").await;
        assert_eq!(
            (current.status, &current.json()["name"]),
            (StatusCode::OK, &json!("lama"))
        );
    }
    server.ready().await;
}

#[tokio::test]
async fn result_has_media_type_of_its_format() {
    let mask = picture().1;
    let answer = server().inpaint(&jpeg(), &mask, &json!({})).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "image/jpeg")
    );
    assert!(answer.body.starts_with(&[0xff, 0xd8, 0xff]));
}

#[tokio::test]
async fn jpeg_patch_is_png() {
    let mask = picture().1;
    let answer = server()
        .inpaint(&jpeg(), &mask, &json!({ "result": "patch" }))
        .await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "image/png")
    );
}

#[tokio::test]
async fn foreign_host_error_names_flag() {
    let request = Request::get("/api/v1/samplers")
        .header("host", "photos.lan:8080")
        .body(Body::empty())
        .unwrap();
    let answer = server().send(request).await;
    assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST);
    let detail = answer.json()["detail"].clone();
    assert!(detail.as_str().unwrap().contains("--allowed-host photos.lan"));
}

#[tokio::test]
async fn body_routes_have_limits_and_guards() {
    let small = server_of(Arc::new(NoModels), |_, settings| settings.bodies.max_bytes = 2000);
    let long = json!({ "image": base64(&[0; 4000]), "mask": "", "name": "x" }).to_string();
    let (form_type, form_body) = form(&[("file", &[0; 4000]), ("image", &[0; 4000])]);
    for (route, is_form) in [
        ("/api/v1/inpaint", false),
        ("/inpaint", true),
        ("/api/v1/adjust_mask", false),
        ("/api/v1/model", false),
        ("/api/v1/run_plugin_gen_mask", false),
        ("/api/v1/run_plugin_gen_image", false),
        ("/api/v1/switch_plugin_model", false),
        ("/api/v1/gen-info", true),
        ("/api/v1/decode", true),
        ("/api/v1/apply_patch", true),
    ] {
        let (content_type, body) = if is_form {
            (form_type.as_str(), form_body.clone())
        } else {
            ("application/json", long.clone().into_bytes())
        };
        let answer = small.post(route, content_type, body.clone()).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{route}");
        let foreign = Request::post(route)
            .header("origin", "https://evil.example")
            .header("content-type", content_type)
            .body(Body::from(body))
            .unwrap();
        assert_eq!(small.send(foreign).await.status, StatusCode::FORBIDDEN, "{route}");
    }
}

#[tokio::test]
async fn other_site_cannot_save() {
    let root = tempfile::tempdir().unwrap();
    let server = server_with_files(&iopaint_app::files::FileSettings {
        output_dir: Some(root.path().to_owned()),
        ..Default::default()
    });
    let (content_type, body) = form(&[("file", &picture().0)]);
    let foreign = Request::post("/api/v1/save_image")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", content_type)
        .body(Body::from(body))
        .unwrap();
    assert_eq!(server.send(foreign).await.status, StatusCode::FORBIDDEN);
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn errors_contain_no_server_paths() {
    let root = tempfile::tempdir().unwrap();
    let server = server_with_files(&iopaint_app::files::FileSettings {
        output_dir: Some(root.path().join("results")),
        ..Default::default()
    });
    // The folder is removed while the server runs.
    std::fs::remove_dir_all(root.path().join("results")).unwrap();
    let (content_type, body) = form(&[("file", &picture().0)]);
    let answer = server.post("/api/v1/save_image", &content_type, body).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &json!("storage"))
    );
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        !text.contains(root.path().to_str().unwrap()) && !text.contains("results"),
        "{text}"
    );
    let keys: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(keys.as_object().unwrap().len(), 4);
}

//! A server under a sub-path of a proxy.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use rstest::rstest;
use serde_json::json;

use crate::harness::{Server, base64, picture, server_with};

fn server_under_photos() -> Server {
    server_with(|_, settings| settings.root_path = "/photos".parse().unwrap())
}

#[rstest]
#[case("/photos")]
#[case("")]
#[tokio::test]
async fn routes_work_with_and_without_sub_path(#[case] prefix: &str) {
    let server = server_under_photos();
    for path in [
        "/",
        "/livez",
        "/api/v1/samplers",
        "/openapi.json",
        "/docs/",
        "/docs/index.html",
        "/socket.io/?EIO=4&transport=polling",
    ] {
        assert_eq!(
            server.get(&format!("{prefix}{path}")).await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    let (image, mask) = picture();
    let body = json!({ "image": base64(&image), "mask": base64(&mask) });
    let filled = server.post_json(&format!("{prefix}/api/v1/inpaint"), &body).await;
    assert_eq!(filled.status, StatusCode::OK);
}

#[tokio::test]
async fn redirects_stay_under_the_sub_path() {
    let server = server_under_photos();
    for (path, location) in [
        ("/photos", "/photos/"),
        ("/photos?a=b", "/photos/?a=b"),
        ("/photos/docs", "/photos/docs/"),
        ("/docs", "/photos/docs/"),
    ] {
        let answer = server.get(path).await;
        assert!(answer.status.is_redirection(), "{path}: {}", answer.status);
        assert_eq!(answer.header("location"), location, "{path}");
    }
    assert_eq!(server.get("/photoshop").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn guards_apply_under_sub_path() {
    let server = server_under_photos();
    for path in [
        "/photos/api/v1/inpaint",
        "/photos/socket.io/?EIO=4&transport=polling",
    ] {
        let request = Request::post(path)
            .header("host", "localhost")
            .header("origin", "https://evil.example");
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn openapi_addresses_are_relative() {
    let server = server_under_photos();
    let description = server.get("/photos/openapi.json").await.json();
    assert_eq!(description["servers"], json!([{ "url": "./" }]));
    let script = server.get("/photos/docs/swagger-initializer.js").await;
    let script = String::from_utf8(script.body).unwrap();
    assert!(script.contains("\"../openapi.json\""), "{script}");
}

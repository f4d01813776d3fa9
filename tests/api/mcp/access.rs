//! Access to `/mcp`: off by default, and behind the middleware of the API.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use iopaint_app::ApiKeys;
use rmcp::ClientLifecycleMode;
use rstest::rstest;
use serde_json::json;

use super::client::{connect_as, discover};
use super::shared;
use crate::harness::{Answer, Server, server, server_with};

const KEY: &str = "the-key-of-a-language-model";

async fn post(server: &Server, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post("/mcp").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(body.into()).unwrap()).await
}

fn list_tools() -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string()
}

#[tokio::test]
async fn disabled_by_default() {
    assert_eq!(
        post(server(), &[], list_tools()).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(server().get("/mcp").await.status, StatusCode::NOT_FOUND);
}

#[rstest]
#[case(ClientLifecycleMode::Initialize)]
#[case(discover())]
#[tokio::test]
async fn key_is_required(#[case] lifecycle: ClientLifecycleMode) {
    let server = server_with(|_, settings| {
        settings.mcp = true;
        settings.access.keys = ApiKeys::new([KEY]).unwrap();
    });
    let answer = post(&server, &[], list_tools()).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (StatusCode::UNAUTHORIZED, &json!("missing-key"))
    );
    assert!(connect_as(&server, "", lifecycle.clone()).await.is_err());
    let client = connect_as(&server, KEY, lifecycle).await.unwrap();
    assert_eq!(client.tools().await.len(), 5);
}

#[rstest]
#[case(&[("host", "evil.example")], StatusCode::MISDIRECTED_REQUEST)]
#[case(&[("host", "localhost"), ("origin", "https://evil.example")], StatusCode::FORBIDDEN)]
#[tokio::test]
async fn host_and_origin_are_checked(#[case] headers: &[(&str, &str)], #[case] expected: StatusCode) {
    assert_eq!(post(shared(), headers, list_tools()).await.status, expected);
}

#[tokio::test]
async fn bodies_have_the_limits_of_the_api() {
    let server = server_with(|_, settings| {
        settings.mcp = true;
        settings.bodies.max_bytes = 1000;
    });
    let deep = format!("{}{}", "[".repeat(20), "]".repeat(20));
    for (body, status, code) in [
        (" ".repeat(2000), StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"),
        (deep, StatusCode::BAD_REQUEST, "invalid-json"),
    ] {
        let answer = post(&server, &[], body).await;
        assert_eq!((answer.status, &answer.json()["error"]), (status, &json!(code)));
    }
    let answer = server.post("/mcp", "text/plain", list_tools()).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[rstest]
#[case(Method::GET)]
#[case(Method::DELETE)]
#[tokio::test]
async fn other_methods_return_405(#[case] method: Method) {
    let request = Request::builder().method(method).uri("/mcp").body(Body::empty());
    let answer = shared().send(request.unwrap()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.json()["error"], "method-not-allowed");
}

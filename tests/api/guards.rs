//! Checks of Host and Origin, and security headers.

use axum::body::Body;
use axum::http::{Method, Request};
use iopaint_app::AllowedOrigins;
use rstest::rstest;

use crate::harness::{Server, server, server_with};

async fn status(method: Method, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri("/api/v1/model");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server()
        .send(request.body(Body::empty()).unwrap())
        .await
        .status
        .as_u16()
}

#[rstest]
#[case("localhost:8080", 200)]
#[case("127.0.0.1", 200)]
#[case("photos.example", 200)]
#[case("evil.example", 421)]
#[case("192.168.0.7:8080", 421)]
#[tokio::test]
async fn foreign_host_returns_421(#[case] host: &str, #[case] expected: u16) {
    crate::harness::server().ready().await;
    assert_eq!(status(Method::GET, &[("host", host)]).await, expected);
}

/// Status of an empty body that passes the guard.
#[rstest]
#[case(&[("host", "localhost:8080")], 422)]
#[case(&[("host", "localhost:8080"), ("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")], 422)]
#[case(&[("host", "localhost:8080"), ("origin", "https://friend.example"), ("sec-fetch-site", "cross-site")], 422)]
#[case(&[("host", "localhost:8080"), ("origin", "https://evil.example")], 403)]
#[case(&[("host", "localhost:8080"), ("origin", "null")], 403)]
#[case(&[("host", "localhost:8080"), ("origin", "http://localhost:9999")], 403)]
#[case(&[("host", "localhost:8080"), ("sec-fetch-site", "cross-site")], 403)]
#[case(&[("host", "localhost:8080"), ("sec-fetch-site", "same-site")], 403)]
#[tokio::test]
async fn other_site_cannot_write(#[case] headers: &[(&str, &str)], #[case] expected: u16) {
    let answered = status(Method::POST, headers).await;
    // An empty body is invalid JSON.
    assert_eq!(if answered == 400 { 422 } else { answered }, expected);
}

#[rstest]
#[case("/api/v1/samplers", "cross-site", "no-cors", 403)]
#[case("/api/v1/samplers", "same-site", "cors", 403)]
#[case("/api/v1/samplers", "cross-site", "navigate", 200)]
#[case("/api/v1/samplers", "same-origin", "cors", 200)]
#[case("/api/v1/samplers", "none", "navigate", 200)]
#[case("/livez", "cross-site", "no-cors", 200)]
#[tokio::test]
async fn other_site_cannot_embed(
    #[case] path: &str,
    #[case] site: &str,
    #[case] mode: &str,
    #[case] expected: u16,
) {
    let ask = async |server: &Server| {
        let request = Request::get(path)
            .header("host", "localhost:8080")
            .header("sec-fetch-site", site)
            .header("sec-fetch-mode", mode);
        server
            .send(request.body(Body::empty()).unwrap())
            .await
            .status
            .as_u16()
    };
    let alone = server_with(|_, settings| settings.access.origins = AllowedOrigins::default());
    assert_eq!(ask(&alone).await, expected);
    assert_eq!(ask(server()).await, 200, "a server with friends");
}

#[tokio::test]
async fn only_allowed_origins_read_responses() {
    for (origin, allowed) in [
        ("https://friend.example", "https://friend.example"),
        ("https://evil.example", ""),
    ] {
        let request = Request::get("/api/v1/samplers")
            .header("origin", origin)
            .body(Body::empty())
            .unwrap();
        let answer = server().send(request).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}

#[rstest]
#[case("/")]
#[case("/api/v1/samplers")]
#[case("/nothing")]
#[tokio::test]
async fn responses_have_security_headers(#[case] path: &str) {
    let answer = server().get(path).await;
    assert!(
        answer
            .header("content-security-policy")
            .contains("default-src 'self'")
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert!(
        answer
            .header("content-security-policy")
            .contains("frame-ancestors 'none'")
    );
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    // This server has allowed origins, whose pages may embed its images.
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
}

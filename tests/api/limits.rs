//! Limits on requests, one test each.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use iopaint_app::files::FileSettings;
use iopaint_app::{ApiKeys, ConnectionLimits, RateLimit, serve};
use iopaint_imaging::decode;
use iopaint_test_support::with_deadline;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::harness::{
    IMPATIENT, INPAINT, Server, base64, fixture, fixtures, form, picture, server, server_with,
    server_with_files_and, settings,
};

const NEVER: Duration = Duration::from_hours(1);

/// A server on a loopback socket.
async fn listening(server: &Server, limits: ConnectionLimits) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = serve(listener, server.router.clone(), limits, std::future::pending());
    (address, tokio::spawn(serving))
}

async fn read(client: &mut TcpStream, answer: &mut [u8]) -> usize {
    with_deadline("a response", client.read(answer)).await.unwrap()
}

/// Sends the start of a body and stalls.
fn stalled(first: &'static [u8]) -> Body {
    let first = futures_util::stream::once(async move { Ok::<_, std::io::Error>(Bytes::from_static(first)) });
    Body::from_stream(futures_util::StreamExt::chain(
        first,
        futures_util::stream::pending(),
    ))
}

/// A server whose minimum rate no body reaches that is awaited.
fn impatient() -> Server {
    server_with(|_, settings| settings.bodies.min_rate = IMPATIENT)
}

#[tokio::test]
async fn slow_body_returns_408() {
    let server = impatient();
    let (form_type, _) = form(&[]);
    for (path, content_type) in [
        (INPAINT, "application/json"),
        (INPAINT, form_type.as_str()),
        ("/inpaint", form_type.as_str()),
        ("/api/v1/adjust_mask", "application/json"),
        ("/api/v1/gen-info", form_type.as_str()),
        ("/api/v1/decode", form_type.as_str()),
        ("/api/v1/apply_patch", form_type.as_str()),
    ] {
        let answer = server.post(path, content_type, stalled(b"{")).await;
        assert_eq!(
            answer.status,
            StatusCode::REQUEST_TIMEOUT,
            "{path} {content_type}"
        );
        assert_eq!(answer.json()["error"], "body-too-slow");
    }
    assert_eq!(server.engine.status().jobs, 0);
}

#[tokio::test]
async fn received_body_is_never_too_slow() {
    let (image, mask) = picture();
    let body = json!({ "image": base64(&image), "mask": base64(&mask) }).to_string();
    let chunks: Vec<_> = body
        .as_bytes()
        .chunks(body.len() / 20)
        .map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)))
        .collect();
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    let answer = impatient().post(INPAINT, "application/json", body).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn deep_json_returns_400() {
    let server = server_with(|_, settings| settings.bodies.content.max_json_depth = 3);
    let (image, mask) = picture();
    let fields = |unknown: Value| json!({ "unknown": unknown });
    let fits = server.inpaint(&image, &mask, &fields(json!([[]]))).await;
    assert_eq!(fits.status, StatusCode::OK);
    let deep = fields(json!([[[]]]));
    let (content_type, body) = form(&[
        ("image", &image),
        ("mask", &mask),
        ("options", deep.to_string().as_bytes()),
    ]);
    for answer in [
        server.inpaint(&image, &mask, &deep).await,
        server.post(INPAINT, &content_type, body).await,
        server.post_json("/api/v1/model", &deep).await,
    ] {
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains("--max-json-depth")
        );
    }
}

#[tokio::test]
async fn form_with_many_parts_returns_413() {
    let server = server_with(|_, settings| settings.bodies.content.max_form_parts = 3);
    let (image, mask) = picture();
    let parts: [(&str, &[u8]); 4] = [("image", &image), ("mask", &mask), ("x", b"1"), ("y", b"2")];
    let (content_type, body) = form(&parts[..3]);
    assert_eq!(
        server.post(INPAINT, &content_type, body).await.status,
        StatusCode::OK
    );
    let (content_type, body) = form(&parts);
    for path in [INPAINT, "/inpaint", "/api/v1/gen-info"] {
        let answer = server.post(path, &content_type, body.clone()).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains("--max-form-parts")
        );
    }
}

#[tokio::test]
async fn mask_growth_is_limited() {
    let server = server_with(|_, settings| settings.bodies.content.max_kernel_size = 5);
    let mask = fixture("goldens/inputs/mask-dot-150x101.png");
    let body = json!({ "mask": base64(&mask), "operate": "expand", "kernel_size": 200 });
    let answer = server.post_json("/api/v1/adjust_mask", &body).await;
    let five = fixture("adjusted/expand-5-dot-150x101.png");
    let pixels = |png: &[u8]| image::load_from_memory(png).unwrap().to_rgba8();
    assert!(pixels(&answer.body) == pixels(&five));
}

#[tokio::test]
async fn too_many_clicks_return_422() {
    let server = server_with(|_, settings| settings.bodies.content.max_clicks = 2);
    let ask = async |clicks: Value| {
        let image = base64(&picture().0);
        let body = json!({ "name": "none", "image": image, "clicks": clicks });
        server
            .post_json("/api/v1/run_plugin_gen_mask", &body)
            .await
            .json()
    };
    assert_eq!(
        ask(json!([[1, 2, 1], [3.5, 4, 0]])).await["error"],
        "unknown-plugin"
    );
    let refused = ask(json!([[1, 2, 1], [3, 4, 0], [5, 6, 1]])).await;
    assert_eq!(refused["error"], "invalid-field");
    assert!(refused["detail"].as_str().unwrap().contains("--max-clicks"));
}

#[tokio::test]
async fn thumbnail_size_is_limited() {
    let results = tempfile::tempdir().unwrap();
    let input = fixtures().join("goldens/inputs");
    let server = server_with_files_and(
        &FileSettings {
            input: Some(input),
            output_dir: Some(results.path().to_owned()),
            ..FileSettings::default()
        },
        |settings| settings.images.max_thumbnail_side = 64,
    );
    let path = "/api/v1/media_thumbnail_file?tab=input&filename=rgb-150x101.png&width=150";
    let answer = server.get(path).await;
    assert_eq!(
        (answer.header("x-width"), answer.header("x-height")),
        ("64", "43")
    );
    let thumbnail = decode(&answer.body, &settings().images.limits).unwrap();
    assert_eq!((thumbnail.width(), thumbnail.height()), (64, 43));
}

#[tokio::test]
async fn endless_head_closes_connection() {
    let (address, serving) = listening(
        server(),
        ConnectionLimits {
            max_connections: 8,
            header_timeout: Duration::from_nanos(1),
            max_body_bytes: 4 << 20,
        },
    )
    .await;
    for begun in ["", "GET /livez HTTP/1.1\r\nHost: loc"] {
        let mut client = TcpStream::connect(address).await.unwrap();
        // The connection may be closed already.
        let _ = client.write_all(begun.as_bytes()).await;
        let mut answer = Vec::new();
        let closed = client.read_to_end(&mut answer);
        let _ = with_deadline("the connection is closed", closed).await;
        assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
    }
    serving.abort();
}

#[tokio::test]
async fn connection_over_limit_waits() {
    let (address, serving) = listening(
        server(),
        ConnectionLimits {
            max_connections: 1,
            header_timeout: NEVER,
            max_body_bytes: 4 << 20,
        },
    )
    .await;
    let request = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    let mut answer = [0; 4096];
    first.write_all(request).await.unwrap();
    assert!(read(&mut first, &mut answer).await > 0);
    second.write_all(request).await.unwrap();
    // Long enough for the second connection to be served if it were accepted.
    for _ in 0..20 {
        first.write_all(request).await.unwrap();
        assert!(read(&mut first, &mut answer).await > 0);
    }
    assert_eq!(
        second.try_read(&mut answer).unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
    drop(first);
    assert!(read(&mut second, &mut answer).await > 0);
    serving.abort();
}

#[tokio::test]
async fn body_over_limit_returns_413() {
    let server = server_with(|_, settings| settings.bodies.max_bytes = 1000);
    let stream = futures_util::stream::iter(
        (0..100).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 100]))),
    );
    let unknown = Request::post(INPAINT).body(Body::from_stream(stream)).unwrap();
    let told = Request::post(INPAINT)
        .body(Body::from(vec![b' '; 10_000]))
        .unwrap();
    for request in [unknown, told] {
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(
            answer.json()["detail"]
                .as_str()
                .unwrap()
                .contains("--max-body-mib")
        );
    }
}

#[tokio::test]
async fn rate_limit_returns_429_with_retry_after() {
    const KEYS: [&str; 2] = ["the-first-key-0123456789", "the-second-key-0123456789"];
    let server = server_with(|_, settings| {
        settings.access.keys = ApiKeys::new(KEYS).unwrap();
        settings.access.rate = RateLimit::per_minute(3);
    });
    let ask = async |path: &str, key: &str| {
        let request = Request::get(path).header("x-api-key", key);
        server.send(request.body(Body::empty()).unwrap()).await
    };
    for _ in 0..3 {
        assert_eq!(ask("/api/v1/samplers", KEYS[0]).await.status, StatusCode::OK);
    }
    let refused = ask("/api/v1/samplers", KEYS[0]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["error"], "rate-limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=21).contains(&wait), "{wait}");
    assert_eq!(ask("/api/v1/samplers", KEYS[1]).await.status, StatusCode::OK);
    for free in ["/", "/livez"] {
        assert_eq!(ask(free, KEYS[0]).await.status, StatusCode::OK);
    }
    // Requests with wrong keys count too.
    for _ in 0..3 {
        assert_eq!(
            ask("/api/v1/samplers", "made-up").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(
        ask("/api/v1/samplers", "made-up-again").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
}

//! API keys: credentials, sessions and public routes.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use iopaint_app::ApiKeys;
use rstest::rstest;
use serde_json::json;

use crate::harness::{Answer, Server, base64, picture, server, server_with};

const KEY: &str = "the-first-key-0123456789";
const OTHER: &str = "the-second-key-0123456789";
const SESSION: &str = "/api/v1/session";
const CLOSED: &str = "/api/v1/samplers";

fn closed_server() -> Server {
    server_with(|_, settings| settings.access.keys = ApiKeys::new([KEY, OTHER]).unwrap())
}

async fn send(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

async fn begin_session(server: &Server, key: &str, origin: &str) -> Answer {
    let request = Request::post(SESSION)
        .header("host", "localhost")
        .header("origin", origin)
        .header("content-type", "application/json")
        .body(Body::from(json!({ "key": key }).to_string()));
    server.send(request.unwrap()).await
}

/// Returns `name=value` of a response's cookie.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn routes_return_401_except_page_and_health() {
    let server = closed_server();
    for open in ["/", "/index.html", "/livez"] {
        assert_eq!(server.get(open).await.status, StatusCode::OK, "{open}");
    }
    assert_ne!(server.get("/readyz").await.status, StatusCode::UNAUTHORIZED);
    let description = iopaint_app::openapi();
    let routes = description.paths.paths.keys().map(String::as_str);
    let others = [
        "/docs/",
        "/redoc",
        "/openapi.json",
        "/metrics",
        "/nothing",
        "/api/v1/session/",
        "//livez",
        "/socket.io/?EIO=4&transport=polling",
        "/socket.io/?EIO=4&transport=websocket",
    ];
    for path in routes.chain(others) {
        if ["/livez", "/readyz", SESSION].contains(&path) {
            continue;
        }
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = send(&server, method.clone(), path, &[]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(answer.json()["error"], "missing-key");
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"iopaint\"");
        }
    }
    let page = send(&server, Method::POST, "/", &[]).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[case("authorization", "Bearer the-first-key-0123456789", 200, "")]
#[case("authorization", "bearer the-second-key-0123456789", 200, "")]
#[case("x-api-key", "the-first-key-0123456789", 200, "")]
#[case("x-api-key", " the-second-key-0123456789 ", 200, "")]
#[case("authorization", "Bearer the-first-key-012345678", 401, "wrong-key")]
#[case("x-api-key", "THE-FIRST-KEY-0123456789", 401, "wrong-key")]
#[case("x-api-key", "", 401, "wrong-key")]
#[case("authorization", "Basic dGhlLWZpcnN0LWtleS0wMTIzNDU2Nzg5", 401, "missing-key")]
#[case("cookie", "iopaint_session=the-first-key-0123456789", 401, "missing-key")]
#[case("cookie", "iopaint_session=99999999999.00", 401, "missing-key")]
#[tokio::test]
async fn key_is_bearer_or_x_api_key(
    #[case] header: &str,
    #[case] value: &str,
    #[case] status: u16,
    #[case] code: &str,
) {
    let answer = send(&closed_server(), Method::GET, CLOSED, &[(header, value)]).await;
    assert_eq!(answer.status.as_u16(), status);
    if status != 200 {
        assert_eq!(answer.json()["error"], code);
    }
}

#[tokio::test]
async fn key_in_url_is_ignored() {
    let answer = closed_server().get(&format!("{CLOSED}?api_key={KEY}")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn missing_key_is_rejected_before_body() {
    let (image, mask) = picture();
    let body = json!({ "image": base64(&image), "mask": base64(&mask) });
    let refused = closed_server().post_json("/api/v1/inpaint", &body).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let broken = closed_server()
        .post("/api/v1/inpaint", "application/json", "{")
        .await;
    assert_eq!(broken.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn session_cookie_authorizes_and_is_http_only() {
    let server = closed_server();
    let wrong = begin_session(&server, "somebody-made-this-up", "http://localhost").await;
    assert_eq!(
        (
            wrong.status,
            wrong.json()["error"].clone(),
            wrong.header("set-cookie")
        ),
        (StatusCode::UNAUTHORIZED, json!("wrong-key"), "")
    );
    let begun = begin_session(&server, OTHER, "http://localhost").await;
    assert_eq!(begun.status, StatusCode::NO_CONTENT);
    let set = begun.header("set-cookie");
    for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(set.contains(attribute), "{set}");
    }
    assert!(!set.contains("Secure") && !set.contains(OTHER), "{set}");
    let session = cookie(&begun);
    let answer = send(
        &server,
        Method::GET,
        CLOSED,
        &[("cookie", &format!("a=b; {session}"))],
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    // A proxy's own credentials in the header don't interfere.
    let headers = [
        ("cookie", session.as_str()),
        ("authorization", "Bearer of-the-proxy"),
    ];
    assert_eq!(
        send(&server, Method::GET, CLOSED, &headers).await.status,
        StatusCode::OK
    );

    let ended = send(&server, Method::DELETE, SESSION, &[("cookie", &session)]).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert!(
        ended
            .header("set-cookie")
            .starts_with("iopaint_session=; Max-Age=0;")
    );
}

#[tokio::test]
async fn session_works_on_replicas_until_key_removed() {
    let session = cookie(&begin_session(&closed_server(), KEY, "http://localhost").await);
    let ask = async |server: &Server| {
        send(server, Method::GET, CLOSED, &[("cookie", &session)])
            .await
            .status
    };
    assert_eq!(ask(&closed_server()).await, StatusCode::OK);
    let changed = server_with(|_, settings| settings.access.keys = ApiKeys::new([OTHER]).unwrap());
    assert_eq!(ask(&changed).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn session_cookie_is_secure_and_scoped() {
    let server = server_with(|_, settings| {
        settings.access.keys = ApiKeys::new([KEY]).unwrap();
        settings.root_path = "/photos".parse().unwrap();
    });
    let begun = begin_session(&server, KEY, "https://localhost").await;
    let set = begun.header("set-cookie");
    assert!(
        set.contains("; Secure") && set.contains("; Path=/photos;"),
        "{set}"
    );
}

#[tokio::test]
async fn other_site_cannot_start_session() {
    let answer = begin_session(&closed_server(), KEY, "https://evil.example").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.header("set-cookie"), "");
}

#[tokio::test]
async fn session_without_keys_sets_no_cookie() {
    let answer = begin_session(server(), "anything", "http://localhost").await;
    assert_eq!(
        (answer.status, answer.header("set-cookie")),
        (StatusCode::NO_CONTENT, "")
    );
}

#[tokio::test]
async fn session_body_is_limited() {
    let long = begin_session(&closed_server(), &"k".repeat(10_000), "http://localhost").await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn events_need_a_key() {
    let server = closed_server();
    let polling = "/socket.io/?EIO=4&transport=polling";
    let opened = send(&server, Method::GET, polling, &[("x-api-key", KEY)]).await;
    assert_eq!(opened.status, StatusCode::OK);
    let text = String::from_utf8(opened.body).unwrap();
    let sid = text
        .split("\"sid\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let without = server.get(&format!("{polling}&sid={sid}")).await;
    assert_eq!(without.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn preflight_needs_no_key() {
    let server = closed_server();
    let origin = ("origin", "https://friend.example");
    let asked = send(
        &server,
        Method::OPTIONS,
        CLOSED,
        &[
            origin,
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization,x-api-key"),
        ],
    )
    .await;
    assert_eq!(asked.status, StatusCode::OK);
    let allowed = asked.header("access-control-allow-headers");
    assert!(
        allowed.contains("authorization") && allowed.contains("x-api-key"),
        "{allowed}"
    );
    let refused = send(&server, Method::GET, CLOSED, &[origin]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("access-control-allow-origin"), origin.1);
}

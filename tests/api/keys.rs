//! API keys: who is let in, by what, and what stays open.

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

/// `name=value` of the cookie that an answer sets.
fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_page_and_the_health_checks_are_open_and_everything_else_is_401() {
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
async fn keys_come_as_bearer_or_x_api_key(
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
async fn a_key_in_the_address_is_none() {
    let answer = closed_server().get(&format!("{CLOSED}?api_key={KEY}")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refusal_comes_before_the_body_is_read() {
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
async fn a_session_lets_the_browser_in_and_no_script_can_read_it() {
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
    // A proxy's own use of the header takes nothing away.
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
async fn a_session_serves_on_every_replica_until_its_key_is_taken_away() {
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
async fn a_session_that_began_by_https_stays_there_and_below_the_sub_path() {
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
async fn a_page_of_another_site_begins_no_session() {
    let answer = begin_session(&closed_server(), KEY, "https://evil.example").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.header("set-cookie"), "");
}

#[tokio::test]
async fn a_session_of_a_server_without_keys_is_no_cookie() {
    let answer = begin_session(server(), "anything", "http://localhost").await;
    assert_eq!(
        (answer.status, answer.header("set-cookie")),
        (StatusCode::NO_CONTENT, "")
    );
}

#[tokio::test]
async fn what_anybody_may_send_to_the_session_is_short() {
    let long = begin_session(&closed_server(), &"k".repeat(10_000), "http://localhost").await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn events_are_told_to_those_with_a_key_only() {
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
async fn friends_pages_may_ask_beforehand_and_read_the_refusal() {
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

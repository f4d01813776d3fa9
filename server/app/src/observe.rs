//! What is known of every request: its id, a span around all that it logs, a line when it is answered, its time.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

use crate::client::ClientId;
use crate::error::ErrorCode;
use crate::events;
use crate::state::AppState;

/// Names a request in the logs, here and wherever else it passes.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over.
const MAX_ID: usize = 128;
/// What is asked for all the time; told where someone looks for it.
const FREQUENT: [&str; 5] = ["/livez", "/readyz", "/metrics", PAGE, SOCKETS];
const PAGE: &str = "page";
const SOCKETS: &str = "/socket.io/";

/// Gives a request its id, and tells what became of it.
pub async fn observe(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers());
    let route = route(&request);
    let method = request.method().clone();
    let span = tracing::info_span!("request", request_id = %id.to_str().unwrap_or_default(), %method, route);
    crate::telemetry::continue_trace(&span, request.headers());
    let answer = async {
        let response = next.run(request).await;
        let (status, took) = (response.status().as_u16(), began.elapsed());
        let took_ms = took.as_millis() as u64;
        state.metrics.response_sent(&route, &method, status, took);
        let code = response.extensions().get::<ErrorCode>().copied();
        if let Some(code) = code {
            state.metrics.request_rejected(code);
        }
        let code = code.map(ErrorCode::name).unwrap_or_default();
        if FREQUENT.contains(&route.as_str()) {
            tracing::debug!(status, took_ms, %client, code, "answered");
        } else {
            tracing::info!(status, took_ms, %client, code, "answered");
        }
        response
    };
    let mut response = answer.instrument(span.clone()).await;
    response.headers_mut().insert(X_REQUEST_ID, id);
    response
}

/// The pattern that a request's address matches: an address would be a label of its own each, and may name files.
fn route(request: &Request) -> String {
    match request.extensions().get::<MatchedPath>() {
        _ if events::is_socket_io(request.uri().path()) => SOCKETS.to_owned(),
        Some(path) => path.as_str().to_owned(),
        None => PAGE.to_owned(),
    }
}

/// The id that a request brought, or a new one. What isn't plain could forge lines of a log.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/+=".contains(byte);
        (1..=MAX_ID).contains(&bytes.len()) && bytes.iter().all(is_plain)
    };
    let own = || HeaderValue::from_str(&Uuid::new_v4().to_string());
    headers
        .get(X_REQUEST_ID)
        .filter(plain)
        .cloned()
        .or_else(|| own().ok())
        .unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("67e55044-10b1-426f-9247-bb680e5fe0c8", true)]
    #[case("req/7:a.b_c~d", true)]
    #[case("one\ttwo", false)]
    #[case("two words", false)]
    #[case("", false)]
    #[case(&"x".repeat(129), false)]
    fn an_id_that_is_plain_is_taken_over(#[case] brought: &str, #[case] taken: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_str(brought).unwrap());
        let id = request_id(&headers);
        assert_eq!(id == brought, taken);
        assert!(!id.is_empty());
    }
}

//! Who may use the server: API keys, and the browser sessions that they open.

mod keys;
mod rate;
mod session;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub use keys::{ApiKeys, KeyError, KeyId, SecretText};
pub use rate::RateLimit;
pub use session::{SESSION_COOKIE, SessionCookie};

use crate::client::ClientId;
use crate::error::{ApiError, ErrorCode};
use crate::events::{is_handshake, is_socket_io};
use crate::settings::ServerSettings;
use crate::state::AppState;
use crate::ui;

/// Where a browser trades its key for a session.
pub const SESSION_PATH: &str = "/api/v1/session";
/// The header of scripts that can't set `Authorization`.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Lets nobody without a key beyond the page and the health checks, where the server has keys, and nobody in more often
/// than it may be. A request that is let in with a key is that key's: its [`ClientId`] says so.
pub async fn require_key(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    match let_in(&state.settings, &mut request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn let_in(settings: &ServerSettings, request: &mut Request) -> Result<(), ApiError> {
    let key = if settings.access.keys.is_empty() {
        Ok(None)
    } else {
        identify(&settings.access.keys, request.headers()).map(Some)
    };
    let mut client = request
        .extensions()
        .get::<ClientId>()
        .cloned()
        .unwrap_or_default();
    if let Ok(Some(KeyId(place))) = key {
        client = client.with_key(&(place + 1).to_string());
        request.extensions_mut().insert(client.clone());
    }
    // Wrong keys count too: they are somebody's who tries.
    if is_counted(request) {
        settings.access.rate.count(&client.queue_key())?;
    }
    match key {
        Err(refusal) if !is_open(request.method(), request.uri().path()) => Err(refusal),
        _ => Ok(()),
    }
}

/// Whether a request counts against its client's rate: not the page's files, health checks, and the polling of a socket
/// that is there.
fn is_counted(request: &Request) -> bool {
    let path = request.uri().path();
    let free = path != SESSION_PATH && is_open(request.method(), path);
    !free && (!is_socket_io(path) || is_handshake(request))
}

/// What answers without a key. Everything that isn't named here needs one, routes that come later too.
pub fn is_open(method: &Method, path: &str) -> bool {
    match path {
        "/livez" | "/readyz" | SESSION_PATH => true,
        path => matches!(*method, Method::GET | Method::HEAD) && ui::has(path),
    }
}

/// The key of a request: any good one of its headers and its cookie. A proxy in front may use `Authorization` for
/// itself, so that a bad one there doesn't outweigh a session.
fn identify(keys: &ApiKeys, headers: &HeaderMap) -> Result<KeyId, ApiError> {
    let mut presented = false;
    let given = headers
        .get_all(AUTHORIZATION)
        .iter()
        .filter_map(|value| bearer(value.as_bytes()))
        .chain(
            headers
                .get_all(X_API_KEY)
                .iter()
                .map(|value| value.as_bytes().trim_ascii()),
        );
    for key in given {
        presented = true;
        if let Some(id) = keys.identify(key) {
            return Ok(id);
        }
    }
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    if let Some(id) = SessionCookie::find(cookies).find_map(|session| keys.resume(session)) {
        return Ok(id);
    }
    Err(if presented {
        wrong_key()
    } else {
        ApiError::new(
            ErrorCode::MissingKey,
            "this server wants a key; send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`",
        )
    })
}

/// The sentence for a key that isn't one of the server's.
pub fn wrong_key() -> ApiError {
    ApiError::new(ErrorCode::WrongKey, "this is none of the server's keys")
}

/// The token of `Bearer TOKEN`; other schemes belong to somebody else.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"Bearer ")
        .then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Bearer abc", Some("abc"))]
    #[case("bearer  abc ", Some("abc"))]
    #[case("Bearer", None)]
    #[case("Basic dXNlcjpwYXNz", None)]
    #[case("", None)]
    fn only_bearer_tokens_are_keys(#[case] header: &str, #[case] key: Option<&str>) {
        assert_eq!(bearer(header.as_bytes()), key.map(str::as_bytes));
    }

    #[rstest]
    #[case(Method::GET, "/", true)]
    #[case(Method::HEAD, "/", true)]
    #[case(Method::POST, "/", false)]
    #[case(Method::GET, "/livez", true)]
    #[case(Method::GET, "/readyz", true)]
    #[case(Method::POST, "/api/v1/session", true)]
    #[case(Method::GET, "/api/v1/session/", false)]
    #[case(Method::GET, "//livez", false)]
    #[case(Method::GET, "/livez/", false)]
    #[case(Method::GET, "/api/v1/server-config", false)]
    #[case(Method::GET, "/openapi.json", false)]
    #[case(Method::GET, "/docs/", false)]
    #[case(Method::GET, "/metrics", false)]
    #[case(Method::GET, "/socket.io/", false)]
    #[case(Method::GET, "/nothing", false)]
    fn what_is_not_named_as_open_is_closed(#[case] method: Method, #[case] path: &str, #[case] open: bool) {
        assert_eq!(is_open(&method, path), open);
    }
}

//! A browser's session: the page trades a key for a cookie, and gives it back.

use std::time::SystemTime;

use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::auth::{SessionCookie, wrong_key};
use crate::error::{ApiError, ErrorBody};
use crate::request::JsonBody;
use crate::state::AppState;

/// Longest body in bytes; anybody may send one.
const MAX_BODY: usize = 4096;

/// A key to begin a session with.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SessionKey {
    /// One of the server's keys.
    key: String,
}

/// Trades a key for a cookie that scripts can't read (`HttpOnly`) and other sites' pages can't send
/// (`SameSite=Strict`), good for 30 days. Meant for the page; scripts send the key with each request. A server without
/// keys sets no cookie.
#[utoipa::path(
    post, path = "/session", tag = "server", request_body = SessionKey,
    responses(
        (
            status = NO_CONTENT, description = "The browser is let in from now on",
            headers(("Set-Cookie" = String, description = "The session")),
        ),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = UNAUTHORIZED, description = "This is none of the server's keys", body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
    ),
)]
pub async fn begin_session(
    State(state): State<AppState>,
    mut request: Request,
) -> Result<Response, ApiError> {
    let secure = is_secure(request.headers());
    DefaultBodyLimit::max(MAX_BODY).apply(&mut request);
    let JsonBody(SessionKey { key }) = JsonBody::from_request(request, &state).await?;
    let keys = &state.limits.keys;
    if keys.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let session = keys
        .identify(key.trim().as_bytes())
        .and_then(|id| keys.open_session(id, SystemTime::now()))
        .ok_or_else(wrong_key)?;
    Ok(with_cookie(&session.set(&state.limits.root_path, secure)))
}

/// Ends the browser's session: its cookie is taken back. Free where there is none.
#[utoipa::path(
    delete, path = "/session", tag = "server",
    responses((
        status = NO_CONTENT, description = "The browser has no session any more",
        headers(("Set-Cookie" = String, description = "Takes the cookie back")),
    )),
)]
pub async fn end_session(State(state): State<AppState>, headers: HeaderMap) -> Response {
    with_cookie(&SessionCookie::forget(
        &state.limits.root_path,
        is_secure(&headers),
    ))
}

fn with_cookie(cookie: &str) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    response
}

/// Whether the page was loaded by HTTPS, be it from a proxy: its browser says so, and then must not send the cookie
/// in the clear.
fn is_secure(headers: &HeaderMap) -> bool {
    headers
        .get(ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

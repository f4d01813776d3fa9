//! Browser sessions: the page exchanges an API key for a cookie, and deletes it.

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

/// Maximum body size in bytes; the route needs no key.
const MAX_BODY_BYTES: usize = 4096;

/// API key for a session.
#[derive(Clone, Deserialize, ToSchema)]
pub struct SessionKey {
    /// API key of the server.
    key: String,
}

/// Exchanges an API key for a session cookie, which scripts can't read (`HttpOnly`) and pages of other sites
/// can't send (`SameSite=Strict`). It is valid for 30 days. For the web page; scripts should send the key
/// with each request. A server without keys sets no cookie.
#[utoipa::path(
    post, path = "/session", tag = "server", request_body = SessionKey,
    responses(
        (
            status = NO_CONTENT, description = "The session is open",
            headers(("Set-Cookie" = String, description = "Session cookie")),
        ),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = UNAUTHORIZED, description = "The API key is wrong", body = ErrorBody),
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
    DefaultBodyLimit::max(MAX_BODY_BYTES).apply(&mut request);
    let JsonBody(SessionKey { key }) = JsonBody::from_request(request, &state).await?;
    let keys = &state.settings.access.keys;
    if keys.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let session = keys
        .identify(key.trim().as_bytes())
        .and_then(|id| keys.open_session(id, SystemTime::now()))
        .ok_or_else(wrong_key)?;
    Ok(with_cookie(
        &session.set_cookie(&state.settings.root_path, secure),
    ))
}

/// Ends the session by deleting its cookie. Has no effect without a session.
#[utoipa::path(
    delete, path = "/session", tag = "server",
    responses((
        status = NO_CONTENT, description = "The session is closed",
        headers(("Set-Cookie" = String, description = "Expired session cookie")),
    )),
)]
pub async fn end_session(State(state): State<AppState>, headers: HeaderMap) -> Response {
    with_cookie(&SessionCookie::removal(
        &state.settings.root_path,
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

/// Returns true if the page was loaded over HTTPS, according to the `Origin` header, which also holds behind
/// a proxy that terminates TLS. The cookie is then restricted to HTTPS.
fn is_secure(headers: &HeaderMap) -> bool {
    headers
        .get(ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

//! The API key of a request, from its headers and cookies.
//!
//! The headers are read here rather than with axum-extra's `TypedHeader` and `CookieJar`: a request may have
//! several `Authorization` headers, or several session cookies (one per path), and any valid one
//! authenticates it.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName};

use super::api_keys::{ApiKeys, KeyId};
use super::session_cookie::SessionCookie;
use crate::error::{ApiError, ErrorCode};

/// Header for scripts that can't set `Authorization`.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Returns the first valid key among the request's headers and session cookies. An invalid `Authorization`
/// doesn't invalidate a session, since a proxy may use that header for its own authentication.
///
/// # Errors
/// [`ErrorCode::WrongKey`] for an invalid key, [`ErrorCode::MissingKey`] for none.
pub fn identify_key(keys: &ApiKeys, headers: &HeaderMap) -> Result<KeyId, ApiError> {
    let mut key_presented = false;
    let presented_keys = headers
        .get_all(AUTHORIZATION)
        .iter()
        .filter_map(|value| bearer_token(value.as_bytes()))
        .chain(
            headers
                .get_all(X_API_KEY)
                .iter()
                .map(|value| value.as_bytes().trim_ascii()),
        );
    for key in presented_keys {
        key_presented = true;
        if let Some(id) = keys.identify(key) {
            return Ok(id);
        }
    }
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    if let Some(id) = SessionCookie::values(cookies).find_map(|session| keys.identify_session(session)) {
        return Ok(id);
    }
    Err(if key_presented {
        wrong_key()
    } else {
        ApiError::new(
            ErrorCode::MissingKey,
            "this server requires an API key; send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`",
        )
    })
}

/// Returns the error for an invalid API key.
pub fn wrong_key() -> ApiError {
    ApiError::new(ErrorCode::WrongKey, "the API key is not valid for this server")
}

/// Returns the token of `Bearer TOKEN` (RFC 6750, section 2.1); `None` for other schemes.
fn bearer_token(value: &[u8]) -> Option<&[u8]> {
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
    fn bearer_token_of_header(#[case] header: &str, #[case] key: Option<&str>) {
        assert_eq!(bearer_token(header.as_bytes()), key.map(str::as_bytes));
    }
}

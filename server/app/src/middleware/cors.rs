//! Cross-origin resource sharing for the allowed origins.

use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::http::{HeaderName, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::origin_guard::AllowedOrigins;
use super::request_id::X_REQUEST_ID;
use crate::auth::X_API_KEY;
use crate::mcp::REQUEST_HEADERS;
use crate::request::X_REQUEST_TIMEOUT_MS;
use crate::routes::job::X_JOB_ID;

/// Request headers that pages of the allowed origins may send to the API.
const ALLOWED_HEADERS: [HeaderName; 8] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    // IOPaint's page sends both to bypass caches when it fetches the input image.
    CACHE_CONTROL,
    PRAGMA,
    X_API_KEY,
    X_JOB_ID,
    X_REQUEST_TIMEOUT_MS,
    X_REQUEST_ID,
];

/// Returns the CORS layer. `exposed_headers` are the response headers that pages of the allowed origins may
/// read.
pub fn cors(origins: AllowedOrigins, exposed_headers: Vec<HeaderName>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| {
            origin.to_str().is_ok_and(|origin| origins.allow(origin))
        }))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(
            ALLOWED_HEADERS
                .into_iter()
                .chain(REQUEST_HEADERS)
                .collect::<Vec<_>>(),
        )
        .expose_headers(exposed_headers)
}

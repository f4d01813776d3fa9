//! Security headers of every response.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::set_header::SetResponseHeaderLayer;

use super::origin_guard::AllowedOrigins;

/// Content security policy of the page and the API: resources of the server only, and images that the page
/// created.
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; \
    connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'none'";
/// Content security policy of the API documentation, which has inline styles.
const DOCS_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
    script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'none'";

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

type SetHeader = SetResponseHeaderLayer<HeaderValue>;

/// Returns the layers of the headers that are equal for all responses. Pages of allowed origins may embed the
/// server's images.
pub fn security_headers(origins: &AllowedOrigins) -> (SetHeader, SetHeader, SetHeader, SetHeader, SetHeader) {
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    let embedding = if origins.is_empty() {
        "same-origin"
    } else {
        "cross-origin"
    };
    (
        set(X_CONTENT_TYPE_OPTIONS, "nosniff"),
        set(X_FRAME_OPTIONS, "DENY"),
        set(REFERRER_POLICY, "no-referrer"),
        set(CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        set(CROSS_ORIGIN_RESOURCE_POLICY, embedding),
    )
}

/// Sets the content security policy, which depends on the path.
pub async fn content_security_policy(request: Request, next: Next) -> Response {
    let docs = ["/docs", "/redoc"]
        .iter()
        .any(|docs| request.uri().path().starts_with(docs));
    let policy = if docs { DOCS_POLICY } else { POLICY };
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

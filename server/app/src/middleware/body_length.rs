//! Limit of the declared body length.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::request::content_length;

/// Largest request body in bytes.
#[derive(Clone, Copy, Debug)]
pub struct MaxBodyBytes(pub usize);

/// Rejects a body by its declared length before any of it is read, so that a client that sends `Expect:
/// 100-continue` never sends it. The body readers hold bodies without a declared length to the same limit.
pub async fn limit_declared_length(
    State(MaxBodyBytes(max)): State<MaxBodyBytes>,
    request: Request,
    next: Next,
) -> Response {
    if content_length(request.headers()).is_some_and(|length| length > max as u64) {
        return ApiError::body_too_large().into_response();
    }
    next.run(request).await
}

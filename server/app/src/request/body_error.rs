//! Errors of the body layers, recovered from the errors of axum's extractors.

use crate::error::{ApiError, ErrorCode};
use crate::middleware::content_encoding::DecodingError;
use crate::middleware::min_body_rate::BodyTooSlow;

/// Returns the error that a body layer of this server raised, if `error` or one of its sources is such an
/// error.
pub fn body_error(error: &(dyn std::error::Error + 'static)) -> Option<ApiError> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|cause| {
        if cause.is::<BodyTooSlow>() {
            return Some(ApiError::body_too_slow());
        }
        let decoding = cause.downcast_ref::<DecodingError>()?;
        Some(ApiError::new(ErrorCode::InvalidEncoding, &decoding.to_string()))
    })
}

//! Response to a request whose handler panicked.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, ErrorCode};

/// Returns the response. The panic hook has written the message to the log.
pub fn panic_response(_panic: Box<dyn Any + Send>) -> Response {
    ApiError::new(ErrorCode::Internal, "internal server error; see the server log").into_response()
}

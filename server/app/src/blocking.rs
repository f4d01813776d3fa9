//! Work that waits for the disk.

use crate::error::{ApiError, ErrorCode};

/// Runs `work` off the async threads.
///
/// # Errors
/// [`ErrorCode::Internal`] where it panicked.
pub async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ApiError::new(ErrorCode::Internal, "work on a file failed unexpectedly"))
}

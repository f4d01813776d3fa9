//! Time limits of requests.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName};

use crate::error::{ApiError, ErrorCode};

/// Optional request header that shortens the server's time limit.
pub const X_REQUEST_TIMEOUT_MS: HeaderName = HeaderName::from_static("x-request-timeout-ms");

/// Returns the deadline of a request that has just arrived: now plus the shorter of the server's and the
/// client's time limit. `None` if the sum is beyond the range of [`Instant`], which means no deadline.
///
/// # Errors
/// [`ErrorCode::InvalidField`] if the client's limit isn't a number of milliseconds.
pub fn deadline(headers: &HeaderMap, limit: Duration) -> Result<Option<Instant>, ApiError> {
    let now = Instant::now();
    let Some(value) = headers.get(X_REQUEST_TIMEOUT_MS) else {
        return Ok(now.checked_add(limit));
    };
    let text = value.to_str().unwrap_or_default().trim();
    let milliseconds: u64 = text.parse().map_err(|_| {
        ApiError::new(
            ErrorCode::InvalidField,
            "the header `X-Request-Timeout-Ms` must be a number of milliseconds, such as 30000",
        )
    })?;
    Ok(now.checked_add(limit.min(Duration::from_millis(milliseconds))))
}

/// Runs `work` until the deadline, then drops it.
///
/// # Errors
/// [`ErrorCode::Deadline`], and those of the work.
pub async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline.into(), work)
            .await
            .unwrap_or_else(|_| Err(iopaint_engine::JobError::Deadline.into())),
        None => work.await,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("250", 250)]
    #[case(" 0 ", 0)]
    #[case("999999999999", 600_000)]
    fn client_limit_only_shortens(#[case] value: &str, #[case] expected_ms: u64) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_TIMEOUT_MS, HeaderValue::from_str(value).unwrap());
        let before = Instant::now();
        let deadline = deadline(&headers, Duration::from_mins(10)).unwrap().unwrap();
        let allowed = Duration::from_millis(expected_ms);
        assert!(before + allowed <= deadline && deadline <= Instant::now() + allowed);
    }

    #[rstest]
    #[case("")]
    #[case("-1")]
    #[case("1.5")]
    #[case("18446744073709551616")]
    #[case("soon")]
    fn invalid_client_limit_is_rejected(#[case] value: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_TIMEOUT_MS, HeaderValue::from_str(value).unwrap());
        let error = deadline(&headers, Duration::from_mins(10)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidField);
    }
}

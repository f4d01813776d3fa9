//! How long a request may take.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName};

use crate::error::{ApiError, ErrorCode};

/// Shortens the time that the server allows; clients may send it.
pub const X_REQUEST_TIMEOUT_MS: HeaderName = HeaderName::from_static("x-request-timeout-ms");

/// When a request must be answered that has just arrived: after the time that the server allows, or the shorter one
/// that the client asks for. `None`: so late that no clock can tell it.
///
/// # Errors
/// [`ErrorCode::InvalidField`] where the client's time is no number of milliseconds.
pub fn deadline(headers: &HeaderMap, allowed: Duration) -> Result<Option<Instant>, ApiError> {
    let now = Instant::now();
    let Some(value) = headers.get(X_REQUEST_TIMEOUT_MS) else {
        return Ok(now.checked_add(allowed));
    };
    let text = value.to_str().unwrap_or_default().trim();
    let milliseconds: u64 = text.parse().map_err(|_| {
        ApiError::new(
            ErrorCode::InvalidField,
            "the header `X-Request-Timeout-Ms` must hold a number of milliseconds, such as 30000",
        )
    })?;
    Ok(now.checked_add(allowed.min(Duration::from_millis(milliseconds))))
}

/// Gives `work` up when the deadline has passed.
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
    fn clients_shorten_the_time_and_never_lengthen_it(#[case] asked: &str, #[case] expected_ms: u64) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_TIMEOUT_MS, HeaderValue::from_str(asked).unwrap());
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
    fn what_is_no_number_is_refused(#[case] asked: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_TIMEOUT_MS, HeaderValue::from_str(asked).unwrap());
        let error = deadline(&headers, Duration::from_mins(10)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidField);
    }
}

//! The error type of all handlers and middleware, and its JSON body.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use iopaint_imaging::DecodeError;
use serde::Serialize;
use utoipa::ToSchema;

use super::code::ErrorCode;

/// The body of every error response: a code, and the keys that IOPaint's clients read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The error's code, for programs.
    pub error: ErrorCode,
    /// The error's message, for people.
    pub detail: String,
    /// Always empty.
    pub body: String,
    /// The same sentence as `detail`.
    pub errors: String,
}

/// A failed request: a code, a message and, where a retry helps, the time to wait.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: ErrorCode,
    detail: String,
    retry_after: Option<Duration>,
}

impl ApiError {
    /// Returns an error with a message for the user, capitalised and ended with a full stop.
    #[must_use]
    pub fn new(code: ErrorCode, detail: &str) -> Self {
        Self {
            code,
            detail: sentence(detail),
            retry_after: None,
        }
    }

    /// Adds a `Retry-After` header, in whole seconds and at least 1.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Returns an error about a missing or invalid field. `reason` is a predicate, such as "is missing".
    #[must_use]
    pub fn field(name: &str, reason: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InvalidField, &format!("The field `{name}` {reason}"))
    }

    /// Returns an error about the image in a field.
    #[must_use]
    pub fn image(field: &str, error: &DecodeError) -> Self {
        Self::new(error.into(), &format!("The field `{field}`: {error}"))
    }

    /// Returns an error about an address that doesn't exist.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "this address does not exist")
    }

    /// Returns an error about a body above the limit.
    #[must_use]
    pub fn body_too_large() -> Self {
        Self::new(
            ErrorCode::BodyTooLarge,
            "the request body is too large; the limit is --max-body-mib",
        )
    }

    /// Returns an error about a body below the minimum rate.
    #[must_use]
    pub fn body_too_slow() -> Self {
        Self::new(
            ErrorCode::BodyTooSlow,
            "the request body arrives too slowly; the minimum rate is --min-body-rate",
        )
    }

    /// Returns an error about the disk, and logs its cause, which may contain paths.
    #[must_use]
    pub fn storage(error: &std::io::Error) -> Self {
        tracing::warn!(%error, "File access failed");
        let reason = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the server's disk is full",
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                "the server has no permission to read or write its folder; grant access or configure another folder"
            }
            _ => "disk error on the server; see the server log",
        };
        Self::new(ErrorCode::Storage, reason)
    }

    /// Returns the code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// Returns the message for the user.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the time to wait before a retry, if a retry helps.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Logs an error of the server. Errors of clients are not logged.
    pub fn log(&self) {
        if self.code.status().is_server_error() {
            tracing::warn!(code = ?self.code, detail = self.detail, "Request failed");
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.code.status();
        self.log();
        let body = ErrorBody {
            error: self.code,
            errors: self.detail.clone(),
            detail: self.detail,
            body: String::new(),
        };
        let mut response = (status, Json(body)).into_response();
        // Read by the request log and the metrics.
        response.extensions_mut().insert(self.code);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"iopaint\""),
            );
        }
        if let Some(wait) = self.retry_after {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut characters = text.chars();
    let mut sentence: String = characters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    sentence.push_str(characters.as_str());
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_sentences() {
        assert_eq!(sentence("there is nothing"), "There is nothing.");
        assert_eq!(sentence("Is it cut off?"), "Is it cut off?");
        assert_eq!(sentence(""), ".");
    }
}

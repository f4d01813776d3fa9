//! Query strings, with the same error body as JSON bodies.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ErrorCode};

/// Extractor of a query string's fields.
#[derive(Clone, Copy, Debug)]
pub struct QueryFields<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryFields<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(fields)) => Ok(Self(fields)),
            Err(rejection) => {
                // The text is axum's message, a colon, and serde's message, which names the field.
                let message = rejection.body_text();
                let reason = message
                    .split_once(": ")
                    .map_or(message.as_str(), |(_, reason)| reason);
                let reason: String = reason.chars().take(200).collect();
                Err(ApiError::new(
                    ErrorCode::InvalidField,
                    &format!("invalid query string: {reason}"),
                ))
            }
        }
    }
}

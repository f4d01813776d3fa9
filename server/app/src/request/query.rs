//! Query strings, with errors like those of bodies.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, ErrorCode};

/// A query string's fields.
#[derive(Clone, Copy, Debug)]
pub struct QueryFields<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryFields<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(fields)) => Ok(Self(fields)),
            Err(rejection) => {
                // axum's words, then serde's, which name the field.
                let words = rejection.body_text();
                let reason = words
                    .split_once(": ")
                    .map_or(words.as_str(), |(_, reason)| reason);
                let reason: String = reason.chars().take(200).collect();
                Err(ApiError::new(
                    ErrorCode::InvalidField,
                    &format!("the address's query is wrong: {reason}"),
                ))
            }
        }
    }
}

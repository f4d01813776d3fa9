//! JSON bodies: checks of media type, encoding and nesting depth, and errors that name the field.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::RequestLimits;
use super::body_error::body_error;
use crate::error::{ApiError, ErrorCode};
use crate::text_encoding::to_utf8;

/// First bytes of gzip data (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Extractor of a JSON body. A missing content type is accepted, since many scripts send none.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<T, S> FromRequest<S> for JsonBody<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        expect_json(request.headers())?;
        let body = read_body(request, state).await?;
        let text = decode_text(&body)?;
        expect_shallow(&text, RequestLimits::from_ref(state).max_json_depth)?;
        from_slice(&text).map(Self)
    }
}

/// Converts JSON to UTF-8 without a byte order mark; see [`to_utf8`].
///
/// # Errors
/// [`ErrorCode::InvalidJson`] for damaged UTF-16 and UTF-32.
pub fn decode_text(body: &[u8]) -> Result<Cow<'_, [u8]>, ApiError> {
    to_utf8(body).map_err(|error| {
        ApiError::new(
            ErrorCode::InvalidJson,
            &format!("the request body is not valid JSON: {error}"),
        )
    })
}

/// Reads a whole body, up to the limit of the middleware.
///
/// # Errors
/// [`ErrorCode::BodyTooLarge`], and others of an interrupted body.
pub async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            return ApiError::body_too_large();
        }
        body_error(&rejection)
            .unwrap_or_else(|| ApiError::new(ErrorCode::IncompleteBody, "the request body is incomplete"))
    })
}

/// Returns the media type of a request, in lower case and without parameters; empty if there is none.
pub fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// Rejects media types other than JSON. Forms and plain text are rejected because pages of other sites can
/// send them without a CORS preflight.
///
/// # Errors
/// [`ErrorCode::UnsupportedType`].
pub fn expect_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let media_type = media_type(headers);
    let json = media_type.is_empty()
        || media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    if json {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::UnsupportedType,
        "this address expects JSON; send it with `Content-Type: application/json`",
    ))
}

/// Rejects JSON that nests objects and arrays more than `max_depth` levels deep, before it is parsed.
///
/// # Errors
/// [`ErrorCode::InvalidJson`].
pub fn expect_shallow(text: &[u8], max_depth: usize) -> Result<(), ApiError> {
    if is_shallow(text, max_depth) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::InvalidJson,
        &format!("the JSON is nested more than {max_depth} levels deep; the limit is --max-json-depth"),
    ))
}

fn is_shallow(mut text: &[u8], max_depth: usize) -> bool {
    let mut depth = 0_usize;
    let significant = |byte: &u8| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']');
    while let Some(index) = text.iter().position(significant) {
        let (before, after) = text.split_at(index + 1);
        match before.last() {
            Some(b'"') => {
                text = after_string(after);
                continue;
            }
            Some(b'{' | b'[') if depth == max_depth => return false,
            Some(b'{' | b'[') => depth += 1,
            // An unmatched closing bracket is invalid JSON, which the parser reports.
            _ => depth = depth.saturating_sub(1),
        }
        text = after;
    }
    true
}

/// Returns the text after a string whose opening quote was read. Uses memchr, since images are strings of
/// megabytes.
fn after_string(mut text: &[u8]) -> &[u8] {
    while let Some(index) = memchr::memchr2(b'"', b'\\', text) {
        let escaped = text.get(index) == Some(&b'\\');
        text = text.get(index + 1 + usize::from(escaped)..).unwrap_or_default();
        if !escaped {
            return text;
        }
    }
    &[]
}

/// Reads JSON.
///
/// # Errors
/// [`ErrorCode::InvalidJson`], or [`ErrorCode::InvalidField`] with the field's name.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    if text.trim_ascii_start().first() == Some(&b'[') {
        // serde would accept an array as the object's values in field order.
        return Err(ApiError::new(
            ErrorCode::InvalidField,
            "the request body must be a JSON object",
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value: T = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() {
            field_error(&path, &inner.to_string())
        } else {
            not_json(text, &inner)
        }
    })?;
    deserializer.end().map_err(|error| not_json(text, &error))?;
    Ok(value)
}

/// Reads the fields of a JSON object that is parsed already.
///
/// # Errors
/// [`ErrorCode::InvalidField`] with the field's name.
pub fn from_object<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(Value::Object(fields))
        .map_err(|error| field_error(&error.path().to_string(), &error.inner().to_string()))
}

fn not_json(text: &[u8], error: &serde_json::Error) -> ApiError {
    let reason = if text.trim_ascii().is_empty() {
        "is empty; it must be JSON".to_owned()
    } else if text.starts_with(&GZIP_MAGIC) {
        "is gzip data; send it with `Content-Encoding: gzip`".to_owned()
    } else if let Err(error) = std::str::from_utf8(text) {
        format!(
            "is not valid UTF-8, which JSON requires (at byte {})",
            error.valid_up_to()
        )
    } else {
        format!(
            "is not valid JSON (at line {}, column {})",
            error.line(),
            error.column()
        )
    };
    ApiError::new(ErrorCode::InvalidJson, &format!("the request body {reason}"))
}

/// Converts a message of serde, such as "invalid type: null, expected a string at line 1 column 9", into an
/// error about the field at `path`.
fn field_error(path: &str, message: &str) -> ApiError {
    let message = message.split(" at line ").next().unwrap_or(message);
    if path == "." {
        return match message
            .strip_prefix("missing field `")
            .and_then(|rest| rest.strip_suffix('`'))
        {
            Some(field) => ApiError::field(field, "is missing"),
            None => ApiError::new(ErrorCode::InvalidField, "the request body must be a JSON object"),
        };
    }
    if message.starts_with("must ") {
        return ApiError::field(path, message);
    }
    let message: String = message.chars().take(200).collect();
    ApiError::field(path, format!("is invalid: {message}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("{}", 1)]
    #[case(r#"{"clicks": [[1, 2], [3]], "name": []}"#, 3)]
    #[case(r#"{"a": "[[[[{{{{", "b\"[": "\\", "c": [1]}"#, 2)]
    #[case("[{[{", 4)]
    #[case("]]]][", 1)]
    #[case("7", 0)]
    #[case(r#""never closed [[["#, 0)]
    #[case(r#""ends in a backslash \"#, 0)]
    fn depth_ignores_brackets_in_strings(#[case] text: &str, #[case] depth: usize) {
        assert!(is_shallow(text.as_bytes(), depth));
        assert!(depth == 0 || !is_shallow(text.as_bytes(), depth - 1));
    }
}

//! Multipart forms.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};

use super::json::media_type;
use crate::error::{ApiError, ErrorCode};

/// A form's file.
#[derive(Clone, Debug)]
pub struct Upload {
    /// What the client calls it; some send the path on their own machine.
    pub name: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Opens a multipart form.
///
/// # Errors
/// The body is something else, or nothing that can be read as a form.
pub async fn open<S: Send + Sync>(request: Request, state: &S) -> Result<Multipart, ApiError> {
    if media_type(request.headers()) != "multipart/form-data" {
        return Err(ApiError::new(
            ErrorCode::UnsupportedType,
            "this address takes a form; send it with `Content-Type: multipart/form-data`",
        ));
    }
    Multipart::from_request(request, state).await.map_err(|_| {
        ApiError::new(
            ErrorCode::InvalidForm,
            "the multipart form has no boundary in its content type",
        )
    })
}

/// Reads the part `file` of a form.
///
/// # Errors
/// As [`open`]; there is no such part, or nothing in it.
pub async fn read_upload<S: Send + Sync>(request: Request, state: &S) -> Result<Upload, ApiError> {
    let mut form = open(request, state).await?;
    while let Some(part) = form.next_field().await? {
        if part.name() == Some("file") {
            let name = part.file_name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await?;
            if bytes.is_empty() {
                break;
            }
            return Ok(Upload { name, bytes });
        }
    }
    Err(ApiError::field("file", "is missing; it must hold an image"))
}

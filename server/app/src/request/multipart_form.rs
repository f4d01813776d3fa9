//! Multipart forms.

use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRef, FromRequest, Multipart, Request};
use axum::http::StatusCode;

use super::RequestLimits;
use super::body_error::body_error;
use super::content_disposition::ContentDisposition;
use super::json_body::media_type;
use crate::error::{ApiError, ErrorCode};
use crate::files::NameError;

/// A file of a form.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The file's name as sent by the client; some clients send a path.
    pub name: Result<String, NameError>,
    /// The file's contents.
    pub bytes: Bytes,
}

/// A multipart form, read part by part.
pub struct MultipartForm {
    parts: Multipart,
    max_parts: usize,
    parts_read: usize,
}

/// A part of a form.
pub struct FormPart<'a> {
    field: Field<'a>,
    disposition: ContentDisposition,
}

impl FormPart<'_> {
    /// Returns the name of the field; `None` if it is absent or not UTF-8.
    pub fn name(&self) -> Option<&str> {
        self.disposition.name.as_deref()
    }

    /// Returns whether the part is a file, i.e. has a file name.
    pub fn is_file(&self) -> bool {
        self.disposition.file_name.is_some()
    }

    /// Reads the whole part.
    ///
    /// # Errors
    /// The body is truncated, too large, too slow, or can't be decoded.
    pub async fn bytes(self) -> Result<Bytes, ApiError> {
        self.field.bytes().await.map_err(|error| form_error(&error))
    }

    /// Reads the whole part as text, in the charset of its content type or UTF-8.
    ///
    /// # Errors
    /// As [`FormPart::bytes`].
    pub async fn text(self) -> Result<String, ApiError> {
        self.field.text().await.map_err(|error| form_error(&error))
    }
}

impl MultipartForm {
    /// Returns the next part; `None` at the end of the form.
    ///
    /// # Errors
    /// The form is malformed or has too many parts, and the errors of [`FormPart::bytes`].
    pub async fn next_part(&mut self) -> Result<Option<FormPart<'_>>, ApiError> {
        let field = self
            .parts
            .next_field()
            .await
            .map_err(|error| form_error(&error))?;
        let part = field.map(|field| FormPart {
            disposition: ContentDisposition::from_headers(field.headers()),
            field,
        });
        self.parts_read += usize::from(part.is_some());
        if self.parts_read > self.max_parts {
            return Err(ApiError::new(
                ErrorCode::BodyTooLarge,
                &format!(
                    "the form has more than {} parts; the limit is --max-form-parts",
                    self.max_parts
                ),
            ));
        }
        Ok(part)
    }
}

/// Opens a multipart form.
///
/// # Errors
/// The body has another media type, or the media type has no boundary.
pub async fn open_form<S>(request: Request, state: &S) -> Result<MultipartForm, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    if media_type(request.headers()) != "multipart/form-data" {
        return Err(ApiError::new(
            ErrorCode::UnsupportedType,
            "this address expects a form; send it with `Content-Type: multipart/form-data`",
        ));
    }
    let parts = Multipart::from_request(request, state).await.map_err(|_| {
        ApiError::new(
            ErrorCode::InvalidForm,
            "the multipart form has no boundary in its Content-Type",
        )
    })?;
    Ok(MultipartForm {
        parts,
        max_parts: RequestLimits::from_ref(state).max_form_parts,
        parts_read: 0,
    })
}

/// Reads the file in the part `field` of a form.
///
/// # Errors
/// As [`open_form`] and [`MultipartForm::next_part`]; also for a missing or an empty part.
pub async fn read_upload<S>(request: Request, field: &str, state: &S) -> Result<Upload, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    let mut form = open_form(request, state).await?;
    while let Some(part) = form.next_part().await? {
        if part.name() == Some(field) {
            let name = part.disposition.file_name.clone();
            let name = name.unwrap_or(Err(NameError::Missing));
            let bytes = part.bytes().await?;
            if bytes.is_empty() {
                return Err(ApiError::field(field, "is empty; it must contain an image"));
            }
            return Ok(Upload { name, bytes });
        }
    }
    Err(ApiError::field(field, "is missing; it must contain an image"))
}

/// Converts a form error: one of this server's body layers, a body above the limit, or a malformed form.
fn form_error(error: &MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::body_too_large();
    }
    body_error(error).unwrap_or_else(|| {
        ApiError::new(
            ErrorCode::InvalidForm,
            "the multipart form can't be parsed; it may be truncated",
        )
    })
}

//! Multipart forms.

use axum::body::Bytes;
use axum::extract::multipart::Field;
use axum::extract::{FromRef, FromRequest, Multipart, Request};

use super::RequestLimits;
use super::disposition::Disposition;
use super::json::media_type;
use crate::error::{ApiError, ErrorCode};
use crate::files::NameError;

/// A form's file.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The name that the client gives it; some send the path on their own machine.
    pub name: Result<String, NameError>,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A form that is being read, part by part.
pub struct Form {
    parts: Multipart,
    max_parts: usize,
    read: usize,
}

/// A part of a form, with its names.
pub struct Part<'a> {
    field: Field<'a>,
    disposition: Disposition,
}

impl Part<'_> {
    /// The name of the field; `None` where it is absent or not UTF-8.
    pub fn name(&self) -> Option<&str> {
        self.disposition.name.as_deref()
    }

    /// Returns true for a part with a file name.
    pub fn is_file(&self) -> bool {
        self.disposition.file_name.is_some()
    }

    /// Reads the whole part.
    ///
    /// # Errors
    /// The body is cut off, too long, too slow, or not decodable.
    pub async fn bytes(self) -> Result<Bytes, ApiError> {
        Ok(self.field.bytes().await?)
    }

    /// Reads the whole part as a text, in the charset of its content type or UTF-8.
    ///
    /// # Errors
    /// As [`Part::bytes`].
    pub async fn text(self) -> Result<String, ApiError> {
        Ok(self.field.text().await?)
    }
}

impl Form {
    /// The next part, if there is one.
    ///
    /// # Errors
    /// The form is broken, or has more parts than it may.
    pub async fn next_part(&mut self) -> Result<Option<Part<'_>>, ApiError> {
        let part = self.parts.next_field().await?.map(|field| Part {
            disposition: Disposition::of(field.headers()),
            field,
        });
        self.read += usize::from(part.is_some());
        if self.read > self.max_parts {
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
/// The body is something else, or nothing that can be read as a form.
pub async fn open<S>(request: Request, state: &S) -> Result<Form, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    if media_type(request.headers()) != "multipart/form-data" {
        return Err(ApiError::new(
            ErrorCode::UnsupportedType,
            "this address takes a form; send it with `Content-Type: multipart/form-data`",
        ));
    }
    let parts = Multipart::from_request(request, state).await.map_err(|_| {
        ApiError::new(
            ErrorCode::InvalidForm,
            "the multipart form has no boundary in its content type",
        )
    })?;
    Ok(Form {
        parts,
        max_parts: RequestLimits::from_ref(state).max_form_parts,
        read: 0,
    })
}

/// Reads the part of a form that is called `field`.
///
/// # Errors
/// As [`open`]; there is no such part, or nothing in it.
pub async fn read_upload<S>(request: Request, field: &str, state: &S) -> Result<Upload, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    let mut form = open(request, state).await?;
    while let Some(part) = form.next_part().await? {
        if part.name() == Some(field) {
            let name = part.disposition.file_name.clone();
            let name = name.unwrap_or(Err(NameError::Missing));
            let bytes = part.bytes().await?;
            if bytes.is_empty() {
                return Err(ApiError::field(field, "is empty; it must hold an image"));
            }
            return Ok(Upload { name, bytes });
        }
    }
    Err(ApiError::field(field, "is missing; it must hold an image"))
}

//! Body of an inpaint request: JSON, or a multipart form with files.

use axum::body::Bytes;
use axum::extract::{FromRef, Request};

use super::json_body::{decode_text, expect_json, expect_shallow, media_type, read_body};
use super::{InpaintRequest, RequestLimits, base64_image, multipart_form};
use crate::error::ApiError;

/// The decoded body of an inpaint request.
#[derive(Debug)]
pub struct InpaintInput {
    /// The encoded image.
    pub image: Bytes,
    /// The encoded mask.
    pub mask: Bytes,
    /// The other fields. `image` and `mask` in it are empty.
    pub fields: InpaintRequest,
}

/// Reads an inpaint request from JSON, or from a multipart form with the files `image` and `mask` and the
/// other fields as JSON in `options`.
///
/// # Errors
/// A 4xx for any defect of the body.
pub async fn read_inpaint_body<S>(request: Request, state: &S) -> Result<InpaintInput, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    if media_type(request.headers()) == "multipart/form-data" {
        return read_form(request, state).await;
    }
    expect_json(request.headers())?;
    let body = read_body(request, state).await?;
    let text = decode_text(&body)?;
    expect_shallow(&text, RequestLimits::from_ref(state).max_json_depth)?;
    let mut fields = InpaintRequest::from_json(&text)?;
    drop(text);
    drop(body);
    // Base64 texts are large; each is freed as soon as it is decoded.
    let image = decode_image("image", &std::mem::take(&mut fields.image))?;
    let mask = decode_image("mask", &std::mem::take(&mut fields.mask))?;
    Ok(InpaintInput { image, mask, fields })
}

fn decode_image(field: &str, text: &str) -> Result<Bytes, ApiError> {
    if text.is_empty() {
        return Err(missing_image(field));
    }
    base64_image::decode(field, text).map(Bytes::from)
}

async fn read_form<S>(request: Request, state: &S) -> Result<InpaintInput, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    let mut form = multipart_form::open_form(request, state).await?;
    let (mut image, mut mask, mut fields) = (Bytes::new(), Bytes::new(), InpaintRequest::default());
    while let Some(part) = form.next_part().await? {
        match part.name() {
            Some("image") => image = part.bytes().await?,
            Some("mask") => mask = part.bytes().await?,
            Some("options") => {
                let options = part.bytes().await?;
                let options = decode_text(&options)?;
                expect_shallow(&options, RequestLimits::from_ref(state).max_json_depth)?;
                fields = InpaintRequest::from_json(&options)?;
            }
            _ => {}
        }
    }
    expect_file("image", &image)?;
    expect_file("mask", &mask)?;
    Ok(InpaintInput { image, mask, fields })
}

/// Rejects an empty file.
pub(super) fn expect_file(field: &str, bytes: &[u8]) -> Result<(), ApiError> {
    if bytes.is_empty() {
        Err(missing_image(field))
    } else {
        Ok(())
    }
}

fn missing_image(field: &str) -> ApiError {
    ApiError::field(field, "is missing; it must contain an image")
}

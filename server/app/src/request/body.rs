//! The body of an inpaint request: JSON, or a form with files.

use axum::body::Bytes;
use axum::extract::{FromRef, Request};

use super::json::{decode_text, expect_json, expect_shallow, media_type, read};
use super::{InpaintRequest, RequestLimits, data, form};
use crate::error::ApiError;

/// What an inpaint request brought.
#[derive(Debug)]
pub struct Inpaint {
    /// The image's file.
    pub image: Bytes,
    /// The mask's file.
    pub mask: Bytes,
    /// The other fields; its `image` and `mask` are empty.
    pub fields: InpaintRequest,
}

/// Reads an inpaint request from JSON, or from a multipart form with the files `image` and `mask` and the other
/// fields as JSON in `options`.
///
/// # Errors
/// Whatever is wrong with the body, as a 4xx.
pub async fn read_inpaint<S>(request: Request, state: &S) -> Result<Inpaint, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    if media_type(request.headers()) == "multipart/form-data" {
        return read_form(request, state).await;
    }
    expect_json(request.headers())?;
    let body = read(request, state).await?;
    let text = decode_text(&body)?;
    expect_shallow(&text, RequestLimits::from_ref(state).max_json_depth)?;
    let mut fields = InpaintRequest::from_json(&text)?;
    drop(text);
    drop(body);
    // The texts are large; each is freed as soon as its bytes are there.
    let image = decode("image", &std::mem::take(&mut fields.image))?;
    let mask = decode("mask", &std::mem::take(&mut fields.mask))?;
    Ok(Inpaint { image, mask, fields })
}

fn decode(field: &str, text: &str) -> Result<Bytes, ApiError> {
    if text.is_empty() {
        return Err(missing(field));
    }
    data::decode(field, text).map(Bytes::from)
}

async fn read_form<S>(request: Request, state: &S) -> Result<Inpaint, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    let mut form = form::open(request, state).await?;
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
    Ok(Inpaint { image, mask, fields })
}

pub(super) fn expect_file(field: &str, bytes: &[u8]) -> Result<(), ApiError> {
    if bytes.is_empty() {
        Err(missing(field))
    } else {
        Ok(())
    }
}

fn missing(field: &str) -> ApiError {
    ApiError::field(field, "is missing; it must hold an image")
}

//! Form of a patch request: an image, new pixels for a part of it, and their position.

use axum::body::Bytes;
use axum::extract::{FromRef, Request};

use super::RequestLimits;
use super::inpaint_body::expect_file;
use super::multipart_form::{self, FormPart};
use crate::error::ApiError;

/// The decoded form of a patch request.
#[derive(Debug, Default)]
pub struct PatchForm {
    /// The encoded image.
    pub image: Bytes,
    /// The encoded patch.
    pub patch: Bytes,
    /// Distances of the patch from the left and top edges of the upright image, in pixels.
    pub position: (u32, u32),
}

/// Reads the files `image` and `patch`, and the numbers `x` and `y`, 0 by default.
///
/// # Errors
/// A 4xx for any defect of the body.
pub async fn read_patch_form<S>(request: Request, state: &S) -> Result<PatchForm, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    let mut form = multipart_form::open_form(request, state).await?;
    let mut fields = PatchForm::default();
    while let Some(part) = form.next_part().await? {
        match part.name() {
            Some("image") => fields.image = part.bytes().await?,
            Some("patch") => fields.patch = part.bytes().await?,
            Some("x") => fields.position.0 = distance("x", part).await?,
            Some("y") => fields.position.1 = distance("y", part).await?,
            _ => {}
        }
    }
    expect_file("image", &fields.image)?;
    expect_file("patch", &fields.patch)?;
    Ok(fields)
}

async fn distance(field: &str, part: FormPart<'_>) -> Result<u32, ApiError> {
    let text = part.text().await?;
    text.trim()
        .parse()
        .map_err(|_| ApiError::field(field, "must be a number of pixels, 0 or more"))
}

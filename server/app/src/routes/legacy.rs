//! `POST /inpaint` of lama-cleaner 1.x, the former name of IOPaint.

use axum::extract::{Request, State};
use axum::response::Response;
use utoipa::ToSchema;

use super::inpaint::run_fill;
use super::job_request::RequestHead;
use crate::error::{ApiError, JobErrors};
use crate::middleware::client_id::ClientId;
use crate::request::read_lama_cleaner_form;
use crate::state::AppState;

/// An image, its mask and options: fields of the JSON request in camelCase. Other fields have no effect.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "the schema of the form in the OpenAPI description")]
pub struct LegacyForm {
    /// Image file.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    /// Mask file, of the size of the image.
    #[schema(value_type = String, format = Binary)]
    mask: Vec<u8>,
    /// `Original`, `Resize` or `Crop`.
    hd_strategy: Option<String>,
    /// With `Crop`: longest side in pixels that runs uncropped. Misspelt in lama-cleaner.
    hd_strategy_crop_triger_size: Option<u32>,
    /// With `Crop`: pixels of context around a masked region.
    hd_strategy_crop_margin: Option<u32>,
    /// With `Resize`: longest side in pixels that runs unscaled.
    hd_strategy_resize_limit: Option<u32>,
    /// Algorithm of the `cv2` model.
    cv2_flag: Option<String>,
    /// Radius of the `cv2` model in pixels.
    cv2_radius: Option<u32>,
    /// Returned in `X-Seed`.
    sd_seed: Option<i64>,
}

/// Fills the masked area of an image, for scripts of lama-cleaner 1.x.
#[utoipa::path(
    post, path = "/inpaint", tag = "inpaint", operation_id = "legacy_inpaint",
    request_body(content = LegacyForm, content_type = "multipart/form-data"),
    responses(
        (
            status = OK, description = "The image in its own format", content_type = "image/*", body = Vec<u8>,
            headers(("X-Seed" = i64, description = "Seed")),
        ),
        JobErrors,
    ),
)]
pub async fn inpaint(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let head = RequestHead::read(&state, &client, request.headers())?;
    Box::pin(run_fill(&state, head, read_lama_cleaner_form(request, &state))).await
}

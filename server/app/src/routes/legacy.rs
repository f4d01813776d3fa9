//! The route of lama-cleaner 1.x, which IOPaint was called before.

use axum::extract::{Request, State};
use axum::response::Response;
use utoipa::ToSchema;

use super::inpaint::{Arrival, run};
use crate::client::ClientId;
use crate::error::{ApiError, ErrorBody};
use crate::request::read_legacy;
use crate::state::AppState;

/// An image, its mask, and the fields of the JSON request in camelCase, of which these matter here.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the form to readers of the API's description")]
pub struct LegacyForm {
    /// The image's file.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    /// The mask's file, of the image's size.
    #[schema(value_type = String, format = Binary)]
    mask: Vec<u8>,
    /// `Original`, `Resize` or `Crop`.
    hd_strategy: Option<String>,
    /// With `Crop`: the longest side that runs whole. So misspelt.
    hd_strategy_crop_triger_size: Option<u32>,
    /// With `Crop`: pixels of context around a part of the hole.
    hd_strategy_crop_margin: Option<u32>,
    /// With `Resize`: the longest side that runs unscaled.
    hd_strategy_resize_limit: Option<u32>,
    /// The algorithm of the `cv2` model.
    cv2_flag: Option<String>,
    /// The radius of the `cv2` model.
    cv2_radius: Option<u32>,
    /// Told back in `X-Seed`.
    sd_seed: Option<i64>,
}

/// Fills the hole of an image, for scripts that were written for lama-cleaner 1.x.
#[utoipa::path(
    post, path = "/inpaint", tag = "inpaint", operation_id = "legacy_inpaint",
    request_body(content = LegacyForm, content_type = "multipart/form-data"),
    responses(
        (
            status = OK, description = "The image in its own format", content_type = "image/*", body = Vec<u8>,
            headers(("X-Seed" = i64, description = "The seed")),
        ),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = CONFLICT, description = "Cancelled, or the job id is taken", body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
        (status = TOO_MANY_REQUESTS, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody),
        (status = SERVICE_UNAVAILABLE, body = ErrorBody),
        (status = GATEWAY_TIMEOUT, body = ErrorBody),
    ),
)]
pub async fn inpaint(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let arrival = Arrival::of(&state, &client, request.headers())?;
    Box::pin(run(&state, arrival, read_legacy(request, &state))).await
}

//! `POST /api/v1/adjust_mask`: grows, shrinks or inverts a mask.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use iopaint_imaging::morphology::{dilate, erode};
use iopaint_imaging::{DecodeLimits, Threshold, decode_mask, encode_overlay, probe};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::request::{JsonBody, base64_image, coerce};
use crate::state::AppState;

/// Default of `kernel_size` in pixels, as in IOPaint.
const DEFAULT_RADIUS: i64 = 5;

/// Operation on a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Operation)]
pub enum MaskOperation {
    /// Grow the masked area.
    Expand,
    /// Shrink the masked area.
    Shrink,
    /// Invert the mask.
    Reverse,
}

/// A mask and an operation.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AdjustMask {
    /// Mask in base64 or as a data URL. Pixels of 127 or brighter are masked.
    mask: String,
    /// Operation.
    operate: MaskOperation,
    /// Number of pixels to grow or shrink by; 0 or more. Values above `--max-kernel-size` (254) are reduced
    /// to it.
    #[serde(default = "default_radius", deserialize_with = "coerce::integer")]
    #[schema(default = 5)]
    kernel_size: i64,
}

fn default_radius() -> i64 {
    DEFAULT_RADIUS
}

/// Grows, shrinks or inverts a mask. The result shows the masked area in the page's mask colour on a
/// transparent background.
#[utoipa::path(
    post, path = "/adjust_mask", tag = "inpaint", request_body = AdjustMask,
    responses(
        (status = OK, content_type = "image/png", body = Vec<u8>, description = "RGBA image of the size of the mask"),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
    ),
)]
pub async fn adjust_mask(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<AdjustMask>,
) -> Result<Response, ApiError> {
    if request.kernel_size < 0 {
        return Err(ApiError::field("kernel_size", "must be at least 0"));
    }
    let max_radius = state.settings.bodies.content.max_kernel_size;
    let radius = u8::try_from(request.kernel_size)
        .unwrap_or(u8::MAX)
        .min(max_radius);
    let limits = state.settings.images.limits;
    let bytes = base64_image::decode("mask", &request.mask)?;
    probe(&bytes, &limits).map_err(|error| ApiError::image("mask", &error))?;
    let png = state
        .codecs
        .run(move || adjusted(&bytes, request.operate, radius, &limits))
        .await??;
    Ok(([(CONTENT_TYPE, "image/png")], Body::from(png)).into_response())
}

fn adjusted(
    bytes: &[u8],
    operation: MaskOperation,
    radius: u8,
    limits: &DecodeLimits,
) -> Result<Vec<u8>, ApiError> {
    let mask = decode_mask(bytes, limits).map_err(|error| ApiError::image("mask", &error))?;
    let mask = mask.binarized(Threshold::ADJUST_MASK);
    let adjusted = match operation {
        MaskOperation::Expand => dilate(&mask, radius),
        MaskOperation::Shrink => erode(&mask, radius),
        MaskOperation::Reverse => mask.inverted(),
    };
    Ok(encode_overlay(&adjusted)?)
}

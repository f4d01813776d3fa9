//! Growing, shrinking and turning over a mask.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use iopaint_imaging::morphology::{dilate, erode, invert};
use iopaint_imaging::{DecodeLimits, decode_mask, encode_overlay, probe, threshold};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::request::{JsonBody, coerce, data};
use crate::state::AppState;

/// A mask pixel of at least this is to be filled. (An inpaint request takes 128.)
const HOLE: u8 = 127;
const DEFAULT_RADIUS: i64 = 5;

/// What is done to a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// The hole grows.
    Expand,
    /// The hole shrinks.
    Shrink,
    /// What was kept is to be filled, and the other way round.
    Reverse,
}

/// A mask and what is done to it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AdjustMask {
    /// The mask: what is 127 or brighter is to be filled. Base64, bare or as a data URL.
    mask: String,
    /// What is done.
    operate: Operation,
    /// By how many pixels the hole grows or shrinks; 0 or more. More than `--max-kernel-size` (254) counts as that.
    #[serde(default = "default_radius", deserialize_with = "coerce::integer")]
    #[schema(default = 5)]
    kernel_size: i64,
}

fn default_radius() -> i64 {
    DEFAULT_RADIUS
}

/// Grows, shrinks or turns over a mask. The answer shows the hole in the colour of a stroke, on nothing.
#[utoipa::path(
    post, path = "/adjust_mask", tag = "inpaint", request_body = AdjustMask,
    responses(
        (status = OK, content_type = "image/png", body = Vec<u8>, description = "An RGBA image of the mask's size"),
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
    let most = state.limits.request.max_kernel_size;
    let radius = u8::try_from(request.kernel_size).unwrap_or(u8::MAX).min(most);
    let limits = state.limits.image;
    let bytes = data::decode("mask", &request.mask)?;
    probe(&bytes, &limits).map_err(|error| ApiError::image("mask", &error))?;
    let png = state
        .codecs
        .run(move || adjusted(&bytes, request.operate, radius, &limits))
        .await??;
    Ok(([(CONTENT_TYPE, "image/png")], Body::from(png)).into_response())
}

fn adjusted(
    bytes: &[u8],
    operation: Operation,
    radius: u8,
    limits: &DecodeLimits,
) -> Result<Vec<u8>, ApiError> {
    let mut mask = decode_mask(bytes, limits).map_err(|error| ApiError::image("mask", &error))?;
    threshold(&mut mask, HOLE);
    match operation {
        Operation::Expand => mask = dilate(&mask, radius),
        Operation::Shrink => mask = erode(&mask, radius),
        Operation::Reverse => invert(&mut mask),
    }
    Ok(encode_overlay(&mask)?)
}

//! `POST /api/v1/apply_patch`: new pixels for a part of an image file.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use iopaint_engine::ClientKey;
use iopaint_imaging::{
    DecodeLimits, EncodeError, EncodeOptions, Encoded, Mask, Patch, PatchError, decode, encode_patched, probe,
};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::memory_budget::{body_bytes, image_bytes, reserved_body};
use crate::middleware::client_id::ClientId;
use crate::request::{PatchForm, deadline, read_patch_form, within};
use crate::state::AppState;

/// Quality at which a JPEG was encoded that could not be edited block by block.
pub const X_JPEG_REENCODED: HeaderName = HeaderName::from_static("x-jpeg-reencoded");

/// An image and its new pixels as parts of a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of the form in the OpenAPI description")]
pub struct ApplyPatchForm {
    /// Image file.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    /// New pixels for a rectangle of the image, in its colour space. Transparent pixels (alpha 0) are
    /// unchanged.
    #[schema(value_type = String, format = Binary)]
    patch: Vec<u8>,
    /// Distance of the rectangle from the left edge of the upright image in pixels; 0 by default.
    x: Option<u32>,
    /// Distance from the top edge.
    y: Option<u32>,
}

/// Replaces pixels of an image and returns the image in its own format, with its metadata. In a JPEG, only
/// blocks that contain changed pixels are encoded again; all others keep their data bit for bit, and the
/// stored frame and the orientation stay. No model runs.
#[utoipa::path(
    post, path = "/apply_patch", tag = "files",
    request_body(content = ApplyPatchForm, content_type = "multipart/form-data"),
    params((
        "X-Request-Timeout-Ms" = Option<u64>, Header,
        description = "Maximum duration of the request in milliseconds; can't exceed the server's limit",
    )),
    responses(
        (
            status = OK, description = "The image in its own format; a GIF as PNG",
            content_type = "image/*", body = Vec<u8>,
            headers(
                ("X-Jpeg-Reencoded" = u32, description = "Quality, if a JPEG could not be edited block by block"),
            ),
        ),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "A file is not a supported image"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody),
        (status = SERVICE_UNAVAILABLE, body = ErrorBody, description = "The server is shutting down"),
        (status = GATEWAY_TIMEOUT, body = ErrorBody),
    ),
)]
pub async fn apply_patch(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let deadline = deadline(request.headers(), state.settings.request_timeout)?;
    let client = client.queue_key();
    let patched = within(deadline, patched_response(&state, &client, request));
    Box::pin(state.unless_draining(patched)).await
}

async fn patched_response(
    state: &AppState,
    client: &ClientKey,
    request: Request,
) -> Result<Response, ApiError> {
    let max_bytes = body_bytes(request.headers(), state.settings.bodies.max_bytes);
    let mut body_memory = state.in_flight.bodies.reserve(client, max_bytes).await;
    let form = read_patch_form(request, state).await?;
    body_memory.shrink_to((form.image.len() + form.patch.len()) as u64);

    let settings = &state.settings.images;
    let (limits, options) = (settings.limits, settings.encode);
    let pixels = |field: &str, file: &[u8]| {
        let header = probe(file, &limits).map_err(|error| ApiError::image(field, &error))?;
        Ok::<_, ApiError>(u64::from(header.width) * u64::from(header.height))
    };
    let needed = image_bytes(pixels("image", &form.image)?.saturating_add(pixels("patch", &form.patch)?));
    let memory = state.in_flight.pixels.reserve(client, needed).await;
    let encoded = state
        .codecs
        .run(move || patched(&form, &limits, &options))
        .await??;
    drop(body_memory);

    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(encoded.format.mime()));
    if let Some(quality) = encoded.reencoded_quality {
        headers.insert(X_JPEG_REENCODED, HeaderValue::from(u16::from(quality)));
    }
    Ok((headers, Body::from(reserved_body(encoded.bytes, memory))).into_response())
}

fn patched(form: &PatchForm, limits: &DecodeLimits, options: &EncodeOptions) -> Result<Encoded, ApiError> {
    let decoded = decode(&form.patch, limits).map_err(|error| ApiError::image("patch", &error))?;
    let (width, height) = decoded.rgb.dimensions();
    let changed = match &decoded.preserved.alpha {
        Some(alpha) => Mask::from_flags(width, height, alpha.iter().map(|alpha| *alpha > 0)),
        None => Some(Mask::full(width, height)),
    };
    let changed = changed.ok_or(EncodeError::OutsidePicture)?;
    let patch = Patch {
        pixels: &decoded.rgb,
        changed: &changed,
        x: form.position.0,
        y: form.position.1,
    };
    encode_patched(&form.image, &patch, limits, options).map_err(|error| match error {
        PatchError::Encode(EncodeError::OutsidePicture) => ApiError::new(
            ErrorCode::SizeMismatch,
            "the field `patch` extends beyond the image",
        ),
        error => error.into(),
    })
}

//! Conversion of images that browsers can't decode, or orient differently, to PNG.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use iopaint_engine::ClientKey;
use iopaint_imaging::{DecodeError, DecodeLimits, Rect, probe};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::memory_budget::{body_bytes, image_bytes, reserved_body};
use crate::middleware::client_id::ClientId;
use crate::request::{deadline, read_upload, within};
use crate::state::AppState;

/// EXIF orientation of the file, 1 to 8.
const X_ORIENTATION: HeaderName = HeaderName::from_static("x-orientation");

/// Response headers that pages of allowed origins may read.
pub const EXPOSED_HEADERS: [HeaderName; 1] = [X_ORIENTATION];

/// An image as part of a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of the form in the OpenAPI description")]
pub struct DecodeForm {
    /// Image file.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
}

/// Converts an image of any supported format to an upright PNG: 8-bit RGB, or RGBA if the image has
/// transparency, with its colour profile and no other metadata. Of several pages or frames, the first one is
/// used. The mask of an inpaint request for the same file must have the size of this PNG.
#[utoipa::path(
    post, path = "/decode", tag = "files",
    request_body(content = DecodeForm, content_type = "multipart/form-data"),
    params((
        "X-Request-Timeout-Ms" = Option<u64>, Header,
        description = "Maximum duration of the request in milliseconds; can't exceed the server's limit",
    )),
    responses(
        (
            status = OK, content_type = "image/png", body = Vec<u8>, description = "The upright image",
            headers(("X-Orientation" = u8, description = "EXIF orientation of the file, 1 to 8; 1 = upright")),
        ),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is not a supported image"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody),
        (status = SERVICE_UNAVAILABLE, body = ErrorBody, description = "The server is shutting down"),
        (status = GATEWAY_TIMEOUT, body = ErrorBody),
    ),
)]
pub async fn decode(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let deadline = deadline(request.headers(), state.settings.request_timeout)?;
    let client = client.queue_key();
    let converted = within(deadline, convert(&state, &client, request));
    state.unless_draining(converted).await
}

async fn convert(state: &AppState, client: &ClientKey, request: Request) -> Result<Response, ApiError> {
    let max_bytes = body_bytes(request.headers(), state.settings.bodies.max_bytes);
    let mut body_memory = state.in_flight.bodies.reserve(client, max_bytes).await;
    let file = read_upload(request, "image", state).await?.bytes;
    body_memory.shrink_to(file.len() as u64);

    let limits = state.settings.images.limits;
    let header = probe(&file, &limits).map_err(|error| decode_error(&error))?;
    let pixels = u64::from(header.width) * u64::from(header.height);
    let memory = state.in_flight.pixels.reserve(client, image_bytes(pixels)).await;
    let png = state.codecs.run(move || upright_png(&file, &limits)).await??;
    drop(body_memory);

    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(
        X_ORIENTATION,
        HeaderValue::from(u16::from(header.orientation.to_exif())),
    );
    Ok((headers, Body::from(reserved_body(png, memory))).into_response())
}

fn upright_png(file: &Bytes, limits: &DecodeLimits) -> Result<Vec<u8>, ApiError> {
    let picture = iopaint_imaging::decode(file, limits).map_err(|error| decode_error(&error))?;
    let area = Rect::whole(picture.rgb.dimensions());
    Ok(picture.preserved.encode_patch(&picture.rgb, area)?)
}

/// Returns the decoder's message without a field name: the form has a single file.
fn decode_error(error: &DecodeError) -> ApiError {
    ApiError::new(error.into(), &error.to_string())
}

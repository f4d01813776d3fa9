//! Copies of pictures that browsers can't open, or would turn differently.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use iopaint_engine::{ClientKey, Rejection};
use iopaint_imaging::{DecodeError, DecodeLimits, probe};
use utoipa::ToSchema;

use crate::client::ClientId;
use crate::error::{ApiError, ErrorBody};
use crate::memory::{body_bytes, counted, picture_bytes};
use crate::request::{deadline, read_upload, within};
use crate::state::AppState;

/// The EXIF orientation of the file, 1 to 8.
const X_ORIENTATION: HeaderName = HeaderName::from_static("x-orientation");

/// Headers that pages of other sites may read, where they may use the server.
pub const EXPOSED_HEADERS: [HeaderName; 1] = [X_ORIENTATION];

/// A picture as a file of a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form to readers of the API's description")]
pub struct DecodeForm {
    /// The picture's file.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
}

/// Decodes a picture of any format that the server reads into an upright PNG: 8-bit RGB, or RGBA where the picture
/// has transparency, with its colour profile and no other metadata. Of several pages or frames, the first one. An
/// inpaint request for the same file expects a mask of this size.
#[utoipa::path(
    post, path = "/decode", tag = "files",
    request_body(content = DecodeForm, content_type = "multipart/form-data"),
    params((
        "X-Request-Timeout-Ms" = Option<u64>, Header,
        description = "Milliseconds after which the request is given up; shortens the server's own limit",
    )),
    responses(
        (
            status = OK, content_type = "image/png", body = Vec<u8>, description = "The upright picture",
            headers(("X-Orientation" = u8, description = "The file's EXIF orientation, 1 to 8; 1: stored upright")),
        ),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is no image that can be read"),
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
    let deadline = deadline(request.headers(), state.limits.request_timeout)?;
    let client = client.queue_key();
    let copy = within(deadline, copy(&state, &client, request));
    tokio::select! {
        biased;
        copy = copy => copy,
        () = state.engine.draining() => Err(Rejection::Draining.into()),
    }
}

async fn copy(state: &AppState, client: &ClientKey, request: Request) -> Result<Response, ApiError> {
    let longest = body_bytes(request.headers(), state.limits.max_body_bytes);
    let mut body_room = state.in_flight.bodies.reserve(client, longest).await;
    let file = read_upload(request, "image", state).await?.bytes;
    body_room.shrink_to(file.len() as u64);

    let limits = state.limits.image;
    let header = probe(&file, &limits).map_err(|error| refusal(&error))?;
    let pixels = u64::from(header.width) * u64::from(header.height);
    let room = state
        .in_flight
        .pixels
        .reserve(client, picture_bytes(pixels))
        .await;
    let png = state.codecs.run(move || upright_png(&file, &limits)).await??;
    drop(body_room);

    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
    headers.insert(
        X_ORIENTATION,
        HeaderValue::from(u16::from(header.orientation.to_exif())),
    );
    Ok((headers, Body::from(counted(png, room))).into_response())
}

fn upright_png(file: &Bytes, limits: &DecodeLimits) -> Result<Vec<u8>, ApiError> {
    let picture = iopaint_imaging::decode(file, limits).map_err(|error| refusal(&error))?;
    Ok(picture.encode_patch(&picture.rgb, (0, 0), (picture.width(), picture.height()))?)
}

/// The decoder's sentence alone: a form with one file needs no name of a field.
fn refusal(error: &DecodeError) -> ApiError {
    ApiError::new(error.into(), &error.to_string())
}

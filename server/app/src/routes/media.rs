//! The file manager: lists of images, images and thumbnails from the folders of the server.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use iopaint_imaging::decode;
use serde::Deserialize;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use utoipa::{IntoParams, ToSchema};

use crate::blocking::off_thread;
use crate::error::{ApiError, ErrorBody};
use crate::file_access::{open_image, read_image};
use crate::files::{MediaFile, MediaInfo, NotOffered, Tab, Thumbnail, ThumbnailKey, list, thumbnail_size};
use crate::request::{QueryFields, coerce};
use crate::settings::ServerSettings;
use crate::state::AppState;

const X_WIDTH: HeaderName = HeaderName::from_static("x-width");
const X_HEIGHT: HeaderName = HeaderName::from_static("x-height");

/// Response headers that pages of allowed origins may read.
pub const EXPOSED_HEADERS: [HeaderName; 2] = [X_WIDTH, X_HEIGHT];

/// Parameters of a list.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Folder.
    #[param(inline)]
    tab: Tab,
}

/// Parameters of an image.
#[derive(Clone, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// Folder.
    #[param(inline)]
    tab: Tab,
    /// File name from `medias`.
    filename: String,
}

/// Parameters of a thumbnail.
#[derive(Clone, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct ThumbnailQuery {
    /// Folder.
    #[param(inline)]
    tab: Tab,
    /// File name from `medias`.
    filename: String,
    /// Width in pixels; 0 = derived from `height`, or 256 if that is 0 too.
    #[serde(default, deserialize_with = "coerce::integer")]
    width: i64,
    /// Height in pixels; used if `width` is 0.
    #[serde(default, deserialize_with = "coerce::integer")]
    height: i64,
}

/// Returns the images of a folder (.jpg, .jpeg, .png), sorted by name, without unreadable files.
#[utoipa::path(
    get, path = "/medias", tag = "files", params(ListQuery),
    responses(
        (status = OK, body = Vec<MediaInfo>),
        (status = NOT_FOUND, body = ErrorBody, description = "`--input` is not a folder"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
    ),
)]
pub async fn medias(
    State(state): State<AppState>,
    QueryFields(query): QueryFields<ListQuery>,
) -> Result<Json<Vec<MediaInfo>>, ApiError> {
    let folder = match state.files.folder(query.tab) {
        Ok(folder) => folder.clone(),
        Err(NotOffered::Masks | NotOffered::Saving) => return Ok(Json(Vec::new())),
        Err(error) => return Err(error.into()),
    };
    let listed = off_thread(move || list(&folder)).await?;
    listed.map(Json).map_err(|error| ApiError::storage(&error))
}

/// Returns an image file of a folder unchanged.
#[utoipa::path(
    get, path = "/media_file", tag = "files", params(FileQuery),
    responses(
        (status = OK, content_type = "image/*", body = Vec<u8>, description = "The file; its media type is detected from the content"),
        (status = NOT_FOUND, body = ErrorBody, description = "`--input` is not a folder"),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is not an image"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "The file does not exist"),
    ),
)]
pub async fn media_file(
    State(state): State<AppState>,
    QueryFields(query): QueryFields<FileQuery>,
) -> Result<Response, ApiError> {
    let (_, media) = open_image(&state.files, query.tab, "filename", &query.filename).await?;
    Ok(send(media))
}

/// Returns an upright thumbnail of an image: JPEG, or PNG if the image has transparency. It is not larger
/// than the image or `--max-thumbnail-side` (1024 pixels).
#[utoipa::path(
    get, path = "/media_thumbnail_file", tag = "files", params(ThumbnailQuery),
    responses(
        (
            status = OK, description = "The thumbnail",
            content(
                (Vec<u8> = "image/jpeg"),
                (Vec<u8> = "image/png"),
            ),
            headers(
                ("X-Width" = u32, description = "Width in pixels"),
                ("X-Height" = u32, description = "Height in pixels"),
            ),
        ),
        (status = BAD_REQUEST, body = ErrorBody, description = "The file is damaged"),
        (status = NOT_FOUND, body = ErrorBody, description = "`--input` is not a folder"),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is not an image"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "The file does not exist"),
    ),
)]
pub async fn media_thumbnail_file(
    State(state): State<AppState>,
    QueryFields(query): QueryFields<ThumbnailQuery>,
) -> Result<Response, ApiError> {
    let requested = (side("width", query.width)?, side("height", query.height)?);
    let (name, media) = open_image(&state.files, query.tab, "filename", &query.filename).await?;
    let key = ThumbnailKey {
        tab: query.tab,
        name,
        modified: media.modified,
        length: media.length,
        requested,
    };
    let settings = Arc::clone(&state.settings);
    let make = async {
        state
            .codecs
            .run(move || make_thumbnail(media, requested, &settings))
            .await?
    };
    let thumbnail = state.files.thumbnails.get(&key, make).await?;
    let (width, height) = thumbnail.size;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(thumbnail.format.mime())),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (X_WIDTH, HeaderValue::from(width)),
        (X_HEIGHT, HeaderValue::from(height)),
    ];
    Ok((headers, thumbnail.bytes).into_response())
}

/// Returns a response that streams a file, with the media type of its content.
pub fn send(media: MediaFile) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media.format.mime()));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(media.length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let file = tokio::fs::File::from_std(media.file).take(media.length);
    (headers, Body::from_stream(ReaderStream::new(file))).into_response()
}

fn make_thumbnail(
    media: MediaFile,
    requested: (u32, u32),
    settings: &ServerSettings,
) -> Result<Thumbnail, ApiError> {
    let bytes = read_image(media, settings.bodies.max_bytes)?;
    let picture =
        decode(&bytes, &settings.images.limits).map_err(|error| ApiError::image("filename", &error))?;
    let size = thumbnail_size(
        (picture.width(), picture.height()),
        requested,
        settings.images.max_thumbnail_side,
    );
    let encoded = picture.thumbnail(size.0, size.1)?;
    Ok(Thumbnail {
        bytes: encoded.bytes.into(),
        format: encoded.format,
        size,
    })
}

/// Converts a requested side length; values above `u32::MAX` are reduced to it.
fn side(field: &str, pixels: i64) -> Result<u32, ApiError> {
    if pixels < 0 {
        return Err(ApiError::field(field, "must be at least 0"));
    }
    Ok(u32::try_from(pixels).unwrap_or(u32::MAX))
}

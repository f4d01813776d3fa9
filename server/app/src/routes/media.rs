//! The file manager: lists of images, images and their thumbnails, out of the operator's folders.

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
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::files::{
    FileName, MediaFile, MediaInfo, NotOffered, Tab, Thumbnail, ThumbnailKey, list, open_media,
    thumbnail_size,
};
use crate::request::{QueryFields, coerce};
use crate::state::{AppState, ServerLimits};

const X_WIDTH: HeaderName = HeaderName::from_static("x-width");
const X_HEIGHT: HeaderName = HeaderName::from_static("x-height");

/// Headers of thumbnails that pages of other sites may read, where they may use the server.
pub const EXPOSED_HEADERS: [HeaderName; 2] = [X_WIDTH, X_HEIGHT];

/// Which list.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The folder.
    #[param(inline)]
    tab: Tab,
}

/// Which image.
#[derive(Clone, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct FileQuery {
    /// The folder.
    #[param(inline)]
    tab: Tab,
    /// The file's name, as `medias` lists it.
    filename: String,
}

/// Which image, and how large.
#[derive(Clone, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct ThumbnailQuery {
    /// The folder.
    #[param(inline)]
    tab: Tab,
    /// The file's name, as `medias` lists it.
    filename: String,
    /// Width in pixels; 0 for the one that fits `height`, or for 256 where that is 0 too.
    #[serde(default, deserialize_with = "coerce::integer")]
    width: i64,
    /// Height in pixels, where `width` is 0.
    #[serde(default, deserialize_with = "coerce::integer")]
    height: i64,
}

/// The images of a folder (.jpg, .jpeg, .png) by name. What can't be read as an image is left out.
#[utoipa::path(
    get, path = "/medias", tag = "files", params(ListQuery),
    responses(
        (status = OK, body = Vec<MediaInfo>),
        (status = NOT_FOUND, body = ErrorBody, description = "`--input` is no folder"),
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

/// An image of a folder, as it is.
#[utoipa::path(
    get, path = "/media_file", tag = "files", params(FileQuery),
    responses(
        (status = OK, content_type = "image/*", body = Vec<u8>, description = "The file; its type is that of its content"),
        (status = NOT_FOUND, body = ErrorBody, description = "`--input` is no folder"),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is no image"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "There is no such file"),
    ),
)]
pub async fn media_file(
    State(state): State<AppState>,
    QueryFields(query): QueryFields<FileQuery>,
) -> Result<Response, ApiError> {
    let (_, media) = open(&state, query.tab, &query.filename).await?;
    Ok(send(media))
}

/// A small copy of an image, upright: JPEG, or PNG where it has transparency. Never larger than the image or
/// `--max-thumbnail-side` (1024 pixels).
#[utoipa::path(
    get, path = "/media_thumbnail_file", tag = "files", params(ThumbnailQuery),
    responses(
        (
            status = OK, description = "The copy",
            content(
                (Vec<u8> = "image/jpeg"),
                (Vec<u8> = "image/png"),
            ),
            headers(
                ("X-Width" = u32, description = "Its width in pixels"),
                ("X-Height" = u32, description = "Its height in pixels"),
            ),
        ),
        (status = BAD_REQUEST, body = ErrorBody, description = "The file is damaged"),
        (status = NOT_FOUND, body = ErrorBody, description = "`--input` is no folder"),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is no image"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "There is no such file"),
    ),
)]
pub async fn media_thumbnail_file(
    State(state): State<AppState>,
    QueryFields(query): QueryFields<ThumbnailQuery>,
) -> Result<Response, ApiError> {
    let asked = (side("width", query.width)?, side("height", query.height)?);
    let (name, media) = open(&state, query.tab, &query.filename).await?;
    let key = ThumbnailKey {
        tab: query.tab,
        name,
        modified: media.modified,
        length: media.length,
        asked,
    };
    let limits = Arc::clone(&state.limits);
    let make = async { state.codecs.run(move || shrink(media, asked, &limits)).await? };
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

/// Answers a file with the type of its content.
pub fn send(media: MediaFile) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media.format.mime()));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(media.length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let file = tokio::fs::File::from_std(media.file).take(media.length);
    (headers, Body::from_stream(ReaderStream::new(file))).into_response()
}

async fn open(state: &AppState, tab: Tab, filename: &str) -> Result<(FileName, MediaFile), ApiError> {
    let folder = state.files.folder(tab)?.clone();
    let name = FileName::parse(filename).map_err(|error| ApiError::name("filename", error))?;
    let own_name = name.clone();
    let media = off_thread(move || open_media(&folder, &own_name)).await?;
    let media = media
        .map_err(|error| {
            tracing::debug!("an image could not be opened: {error}");
            ApiError::new(
                ErrorCode::UnknownFile,
                "there is no image of this name in the folder",
            )
        })?
        .map_err(|error| ApiError::image("filename", &error))?;
    Ok((name, media))
}

fn shrink(media: MediaFile, asked: (u32, u32), limits: &ServerLimits) -> Result<Thumbnail, ApiError> {
    let bytes = media.bytes(limits.max_body_bytes as u64).map_err(|error| {
        if error.kind() == std::io::ErrorKind::FileTooLarge {
            ApiError::new(
                ErrorCode::ImageTooLarge,
                "the image's file is too long; the limit is --max-body-mib",
            )
        } else {
            ApiError::storage(&error)
        }
    })?;
    let picture = decode(&bytes, &limits.image).map_err(|error| ApiError::image("filename", &error))?;
    let size = thumbnail_size(
        (picture.width(), picture.height()),
        asked,
        limits.max_thumbnail_side,
    );
    let small = picture.thumbnail(size.0, size.1)?;
    Ok(Thumbnail {
        bytes: small.bytes.into(),
        format: small.format,
        size,
    })
}

/// A length that is asked for; far too large is as good as the largest.
fn side(field: &str, pixels: i64) -> Result<u32, ApiError> {
    if pixels < 0 {
        return Err(ApiError::field(field, "must be at least 0"));
    }
    Ok(u32::try_from(pixels).unwrap_or(u32::MAX))
}

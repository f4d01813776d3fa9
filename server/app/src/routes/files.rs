//! The input image of the server, and saving results.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, HeaderName};
use axum::response::Response;
use iopaint_imaging::probe;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::media::send;
use crate::blocking::off_thread;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::file_access;
use crate::files::{FileName, open_image};
use crate::request::{QueryFields, coerce, read_upload};
use crate::state::AppState;

/// Response headers that pages of allowed origins may read.
pub const EXPOSED_HEADERS: [HeaderName; 1] = [CONTENT_DISPOSITION];

/// Options for saving.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
pub struct SaveQuery {
    /// Replaces an existing file of the same name; otherwise the new file gets a number.
    #[serde(default, deserialize_with = "coerce::boolean")]
    overwrite: bool,
}

/// An image as part of a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the schema of the form in the OpenAPI description")]
pub struct FileForm {
    /// Image file, with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// A saved result.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Saved {
    /// File name in the output folder.
    pub filename: String,
}

/// Returns the image that the server was started with. Without one, the response is 200 with an error body,
/// since IOPaint's clients always request it.
#[utoipa::path(
    get, path = "/inputimage", tag = "files",
    responses(
        (
            status = OK,
            content(
                (Vec<u8> = "image/*"),
                (ErrorBody = "application/json"),
            ),
            description = "The image, or an error body if there is none",
            headers(("Content-Disposition" = String, description = "File name")),
        ),
        (status = NOT_FOUND, body = ErrorBody, description = "`--input` is a folder"),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is not an image"),
    ),
)]
pub async fn input_image(State(state): State<AppState>) -> Result<Response, ApiError> {
    let Some(path) = state.files.input_image() else {
        return Err(if state.files.has_file_manager() {
            ApiError::new(
                ErrorCode::NotFound,
                "the server was started with a folder of images, not with a single image",
            )
        } else {
            ApiError::new(ErrorCode::NoInputImage, "no input image is configured")
        });
    };
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let path = path.to_owned();
    let media = off_thread(move || std::fs::File::open(path).and_then(open_image))
        .await?
        .map_err(|error| {
            tracing::warn!(%error, "Input image not readable");
            ApiError::new(ErrorCode::NotFound, "the input image is no longer readable")
        })?
        .map_err(|error| ApiError::image("input", &error))?;
    let mut response = send(media);
    response
        .headers_mut()
        .insert(CONTENT_DISPOSITION, disposition(&name));
    Ok(response)
}

/// Saves an image in the output folder. If the name exists, the file gets a number (`photo-1.png`). The
/// response has the final name.
#[utoipa::path(
    post, path = "/save_image", tag = "files", params(SaveQuery),
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = Saved),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody, description = "The server has no output folder"),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is not an image"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody, description = "The file name is invalid"),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody),
    ),
)]
pub async fn save_image(
    State(state): State<AppState>,
    QueryFields(query): QueryFields<SaveQuery>,
    request: Request,
) -> Result<Json<Saved>, ApiError> {
    state.files.output()?;
    let upload = read_upload(request, "file", &state).await?;
    let image = probe(&upload.bytes, &state.settings.images.limits)
        .map_err(|error| ApiError::image("file", &error))?;
    let name = upload
        .name
        .and_then(|name| FileName::last_of(&name))
        .map_err(|error| ApiError::field("filename", error))?;
    let (files, bytes) = (&state.files, upload.bytes);
    let name = file_access::save_image(files, "filename", name, image.format, bytes, query.overwrite).await?;
    Ok(Json(Saved {
        filename: name.as_str().to_owned(),
    }))
}

/// Formats a `Content-Disposition` header (RFC 6266). The plain name comes first, for clients without support
/// for `filename*`, and unquoted if it is a token: IOPaint's page would keep the quotes.
fn disposition(name: &str) -> HeaderValue {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$&+-.^_`|~".contains(c);
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let text = if !name.is_empty() && name.chars().all(is_token) {
        format!("inline; filename={name}")
    } else {
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_graphic() && c != '"' && c != '\\' || c == ' ' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        format!("inline; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
    };
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("inline"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("photo.png", "inline; filename=photo.png")]
    #[case(
        "my photo.png",
        "inline; filename=\"my photo.png\"; filename*=UTF-8''my%20photo%2Epng"
    )]
    #[case(
        "Größe\"\n.png",
        "inline; filename=\"Gr__e__.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%22%0A%2Epng"
    )]
    fn file_names_are_encoded_in_header(#[case] name: &str, #[case] header: &str) {
        assert_eq!(disposition(name), header);
    }
}

//! Prompts that image generators store in PNG files.

use axum::Json;
use axum::extract::{Request, State};
use iopaint_imaging::{DecodeError, ImageFormat, png_text};
use serde::Serialize;
use utoipa::ToSchema;

use super::files::FileForm;
use crate::error::{ApiError, ErrorBody};
use crate::request::read_upload;
use crate::state::AppState;

/// Prompts of a generated image; empty if it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct GenInfo {
    /// Prompt.
    pub prompt: String,
    /// Negative prompt.
    pub negative_prompt: String,
}

/// Returns the prompts in the text chunk `parameters` of a PNG. They are empty for other images.
#[utoipa::path(
    post, path = "/gen-info", tag = "files",
    request_body(content = FileForm, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = GenInfo),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody, description = "The file is not an image"),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
    ),
)]
pub async fn gen_info(State(state): State<AppState>, request: Request) -> Result<Json<GenInfo>, ApiError> {
    let bytes = read_upload(request, "file", &state).await?.bytes;
    let text = state
        .codecs
        .run(move || match ImageFormat::sniff(&bytes) {
            Some(_) => png_text(&bytes, "parameters"),
            None => Err(DecodeError::NotAnImage),
        })
        .await?
        .map_err(|error| ApiError::image("file", &error))?;
    Ok(Json(prompts(&text.unwrap_or_default())))
}

fn prompts(parameters: &str) -> GenInfo {
    let mut parts = parameters.split("Negative prompt: ");
    let prompt = parts.next().unwrap_or_default().trim().to_owned();
    let negative = parts.next().and_then(|rest| rest.split('\n').next());
    GenInfo {
        prompt,
        negative_prompt: negative.unwrap_or_default().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "", "")]
    #[case("a cat\n", "a cat", "")]
    #[case(
        "a cat,\non a mat\nNegative prompt: dogs, blur \nSteps: 20, Seed: 3",
        "a cat,\non a mat",
        "dogs, blur"
    )]
    #[case("Negative prompt: dogs", "", "dogs")]
    fn prompts_are_split(#[case] parameters: &str, #[case] prompt: &str, #[case] negative_prompt: &str) {
        let expected = GenInfo {
            prompt: prompt.into(),
            negative_prompt: negative_prompt.into(),
        };
        assert_eq!(prompts(parameters), expected);
    }
}

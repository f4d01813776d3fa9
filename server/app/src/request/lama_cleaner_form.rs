//! Form of lama-cleaner 1.x, IOPaint's predecessor: files, and fields in camelCase.

use axum::body::Bytes;
use axum::extract::{FromRef, Request};
use serde_json::{Map, Value};

use super::inpaint_body::{InpaintInput, expect_file};
use super::{InpaintRequest, RequestLimits, multipart_form};
use crate::error::ApiError;

/// Reads a form with the files `image` and `mask` and one camelCase field per option. Empty and unknown
/// fields are ignored.
///
/// # Errors
/// A 4xx for any defect of the body.
pub async fn read_lama_cleaner_form<S>(request: Request, state: &S) -> Result<InpaintInput, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    let mut form = multipart_form::open_form(request, state).await?;
    let (mut image, mut mask, mut fields) = (Bytes::new(), Bytes::new(), Map::new());
    while let Some(part) = form.next_part().await? {
        match part.name() {
            Some("image") => image = part.bytes().await?,
            Some("mask") => mask = part.bytes().await?,
            Some(name) if !part.is_file() => {
                let key = snake_case(name);
                let text = part.text().await?;
                if !text.is_empty() {
                    fields.insert(key, Value::String(text));
                }
            }
            _ => {}
        }
    }
    expect_file("image", &image)?;
    expect_file("mask", &mask)?;
    let fields = InpaintRequest::from_json(Value::Object(fields).to_string().as_bytes())?;
    Ok(InpaintInput { image, mask, fields })
}

/// Converts a `camelCase` key to `snake_case`, and corrects the misspelling `Triger`.
fn snake_case(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 8);
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake.replace("_triger_", "_trigger_")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ldmSteps", "ldm_steps")]
    #[case("zitsWireframe", "zits_wireframe")]
    #[case("hdStrategyCropTrigerSize", "hd_strategy_crop_trigger_size")]
    #[case("cv2Flag", "cv2_flag")]
    #[case("p2pImageGuidanceScale", "p2p_image_guidance_scale")]
    #[case("controlnet_conditioning_scale", "controlnet_conditioning_scale")]
    fn camel_case_becomes_snake_case(#[case] camel: &str, #[case] snake: &str) {
        assert_eq!(snake_case(camel), snake);
    }
}

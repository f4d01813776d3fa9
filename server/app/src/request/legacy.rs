//! The form that scripts for lama-cleaner 1.x send: files and camelCase keys.

use axum::body::Bytes;
use axum::extract::{FromRef, Request};
use serde_json::{Map, Value};

use super::body::{Inpaint, expect_file};
use super::{InpaintRequest, RequestLimits, form};
use crate::error::ApiError;

/// Reads a form with the files `image` and `mask` and every other field as a key of its own, in camelCase. Empty
/// fields and unknown ones are ignored.
///
/// # Errors
/// Whatever is wrong with the body, as a 4xx.
pub async fn read_legacy<S>(request: Request, state: &S) -> Result<Inpaint, ApiError>
where
    S: Send + Sync,
    RequestLimits: FromRef<S>,
{
    let mut form = form::open(request, state).await?;
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
    Ok(Inpaint { image, mask, fields })
}

/// `cv2Radius` as `cv2_radius`; one key was misspelt.
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
    #[case("hdStrategyCropTrigerSize", "hd_strategy_crop_trigger_size")]
    #[case("cv2Flag", "cv2_flag")]
    #[case("p2pImageGuidanceScale", "p2p_image_guidance_scale")]
    #[case("controlnet_conditioning_scale", "controlnet_conditioning_scale")]
    fn keys_become_those_of_the_json_request(#[case] camel: &str, #[case] snake: &str) {
        assert_eq!(snake_case(camel), snake);
    }
}

//! The inpaint request: all of its fields, their defaults and ranges.

use std::ops::{Bound, RangeBounds};

use iopaint_inpaint::{Cv2Algorithm, Cv2Options, HdStrategy, InpaintOptions};
use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::coerce;
use crate::error::ApiError;

/// How a large image is brought down to what the model likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum HdStrategyName {
    /// The whole image at its own size.
    Original,
    /// The whole image scaled down.
    Resize,
    /// A rectangle around every part of the hole.
    Crop,
    /// Every part of the hole at a size that suits the model, with detail from the picture around it.
    Auto,
}

/// The algorithm of the `cv2` model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Cv2Flag {
    /// Navier-Stokes.
    #[serde(rename = "INPAINT_NS")]
    InpaintNs,
    /// Telea's fast marching.
    #[serde(rename = "INPAINT_TELEA")]
    InpaintTelea,
}

/// What is sent back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The whole image, in the input's format.
    #[default]
    Image,
    /// A PNG of the rectangle that may have changed, which `X-Patch-Box: x,y,width,height` names.
    Patch,
}

/// An image, its mask, and how to fill the hole. `image` and `mask` are enough. Fields that aren't listed are
/// ignored. Numbers and booleans may come as strings.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the keys are given by the clients that send them"
)]
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(default)]
pub struct InpaintRequest {
    /// The image: base64, bare or as a data URL. PNG, JPEG, WebP, TIFF, BMP or GIF.
    #[schema(required)]
    pub image: String,
    /// The mask, of the upright image's size: what is brighter than 127 is to be filled. Base64, as `image`.
    #[schema(required)]
    pub mask: String,
    /// Accepts a mask of any size: one of the image's stored size is turned with the image, any other is scaled to
    /// the upright image, nearest neighbour.
    #[serde(deserialize_with = "coerce::boolean")]
    pub fit_mask: bool,
    /// The model that answers; the current one where it is missing or empty.
    pub model: Option<String>,
    /// What is sent back.
    pub result: Answer,
    /// Steps of a latent-diffusion model; no effect on models that erase.
    #[serde(deserialize_with = "coerce::integer")]
    pub ldm_steps: i64,
    /// Sampler of a latent-diffusion model; no effect on models that erase.
    pub ldm_sampler: String,
    /// A switch of the ZITS model; no effect on other models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub zits_wireframe: bool,
    /// How a large image is brought down to what the model likes.
    #[serde(deserialize_with = "any_case")]
    pub hd_strategy: HdStrategyName,
    /// With `Crop`: the longest side in pixels that runs whole.
    #[serde(deserialize_with = "coerce::integer")]
    pub hd_strategy_crop_trigger_size: i64,
    /// With `Crop`: pixels of context on every side of a part of the hole; 0 or more.
    #[serde(deserialize_with = "coerce::integer")]
    pub hd_strategy_crop_margin: i64,
    /// With `Resize`: the longest side in pixels that runs unscaled; 1 or more.
    #[serde(deserialize_with = "coerce::integer")]
    pub hd_strategy_resize_limit: i64,
    /// For diffusion models.
    pub prompt: String,
    /// For diffusion models.
    pub negative_prompt: String,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub use_croper: bool,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub croper_x: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub croper_y: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub croper_height: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub croper_width: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub use_extender: bool,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub extender_x: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub extender_y: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub extender_height: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub extender_width: i64,
    /// For diffusion models; above 0, at most 1.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_scale: f64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub sd_mask_blur: i64,
    /// For diffusion models; at most 1.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_strength: f64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub sd_steps: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_guidance_scale: f64,
    /// For diffusion models.
    pub sd_sampler: String,
    /// For diffusion models; -1 draws one. Told back in `X-Seed`.
    #[serde(deserialize_with = "coerce::integer")]
    pub sd_seed: i64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub sd_match_histograms: bool,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_outpainting_softness: f64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_outpainting_space: f64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub sd_lcm_lora: bool,
    /// Whether pixels outside the hole are put back from the original; the model's own otherwise.
    #[serde(deserialize_with = "coerce::boolean")]
    pub sd_keep_unmasked_area: bool,
    /// Whether the filling is made to meet the image at the hole's border; needs `sd_keep_unmasked_area`.
    #[serde(deserialize_with = "coerce::boolean")]
    pub blend: bool,
    /// The algorithm of the `cv2` model.
    #[serde(deserialize_with = "any_case")]
    pub cv2_flag: Cv2Flag,
    /// The radius of the `cv2` model, in pixels; below 1 counts as 1, above 100 as 100.
    #[serde(deserialize_with = "coerce::integer")]
    pub cv2_radius: i64,
    /// For diffusion models.
    pub paint_by_example_example_image: Option<String>,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::float")]
    pub p2p_image_guidance_scale: f64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub enable_controlnet: bool,
    /// For diffusion models; 0 to 1.
    #[serde(deserialize_with = "coerce::float")]
    pub controlnet_conditioning_scale: f64,
    /// For diffusion models.
    pub controlnet_method: String,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub enable_brushnet: bool,
    /// For diffusion models.
    pub brushnet_method: String,
    /// For diffusion models; 0 to 1.
    #[serde(deserialize_with = "coerce::float")]
    pub brushnet_conditioning_scale: f64,
    /// For diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub enable_powerpaint_v2: bool,
    /// For diffusion models.
    pub powerpaint_task: String,
    /// For diffusion models; above 0, at most 1.
    #[serde(deserialize_with = "coerce::float")]
    pub fitting_degree: f64,
}

impl Default for InpaintRequest {
    fn default() -> Self {
        Self {
            image: String::new(),
            mask: String::new(),
            fit_mask: false,
            model: None,
            result: Answer::default(),
            ldm_steps: 20,
            ldm_sampler: "plms".into(),
            zits_wireframe: true,
            hd_strategy: HdStrategyName::Crop,
            hd_strategy_crop_trigger_size: 800,
            hd_strategy_crop_margin: 128,
            hd_strategy_resize_limit: 1280,
            prompt: String::new(),
            negative_prompt: String::new(),
            use_croper: false,
            croper_x: 0,
            croper_y: 0,
            croper_height: 512,
            croper_width: 512,
            use_extender: false,
            extender_x: 0,
            extender_y: 0,
            extender_height: 640,
            extender_width: 640,
            sd_scale: 1.0,
            sd_mask_blur: 11,
            sd_strength: 1.0,
            sd_steps: 50,
            sd_guidance_scale: 7.5,
            sd_sampler: "UniPC".into(),
            sd_seed: 42,
            sd_match_histograms: false,
            sd_outpainting_softness: 20.0,
            sd_outpainting_space: 20.0,
            sd_lcm_lora: false,
            sd_keep_unmasked_area: true,
            blend: false,
            cv2_flag: Cv2Flag::InpaintNs,
            cv2_radius: 4,
            paint_by_example_example_image: None,
            p2p_image_guidance_scale: 1.5,
            enable_controlnet: false,
            controlnet_conditioning_scale: 0.4,
            controlnet_method: "lllyasviel/control_v11p_sd15_canny".into(),
            enable_brushnet: false,
            brushnet_method: "Sanster/brushnet_random_mask".into(),
            brushnet_conditioning_scale: 1.0,
            enable_powerpaint_v2: false,
            powerpaint_task: "text-guided".into(),
            fitting_degree: 1.0,
        }
    }
}

impl InpaintRequest {
    /// Reads the fields of a JSON text, `image` and `mask` among them or not.
    ///
    /// # Errors
    /// Not JSON, not an object, or a field of a wrong type or range; the sentence names the field.
    pub fn from_json(text: &[u8]) -> Result<Self, ApiError> {
        let request: Self = super::json::from_slice(text)?;
        request.check()?;
        Ok(request)
    }

    /// The choices for the pipeline.
    #[must_use]
    pub fn options(&self, max_forward_pixels: u64) -> InpaintOptions {
        let pixels = |value: i64| u32::try_from(value.max(0)).unwrap_or(u32::MAX);
        let strategy = match self.hd_strategy {
            HdStrategyName::Original => HdStrategy::Original,
            HdStrategyName::Auto => HdStrategy::Auto,
            HdStrategyName::Resize => HdStrategy::Resize {
                limit: pixels(self.hd_strategy_resize_limit),
            },
            HdStrategyName::Crop => HdStrategy::Crop {
                trigger: pixels(self.hd_strategy_crop_trigger_size),
                margin: pixels(self.hd_strategy_crop_margin),
            },
        };
        InpaintOptions {
            strategy,
            keep_unmasked: self.sd_keep_unmasked_area,
            blend: self.blend,
            max_forward_pixels,
            cv2: Cv2Options {
                algorithm: match self.cv2_flag {
                    Cv2Flag::InpaintNs => Cv2Algorithm::NavierStokes,
                    Cv2Flag::InpaintTelea => Cv2Algorithm::Telea,
                },
                radius: pixels(self.cv2_radius),
            },
        }
    }

    fn check(&self) -> Result<(), ApiError> {
        at_least("hd_strategy_crop_margin", self.hd_strategy_crop_margin, 0)?;
        at_least("hd_strategy_resize_limit", self.hd_strategy_resize_limit, 1)?;
        within(
            "sd_scale",
            self.sd_scale,
            (Bound::Excluded(0.0), Bound::Included(1.0)),
            "above 0 and at most 1",
        )?;
        within("sd_strength", self.sd_strength, ..=1.0, "at most 1")?;
        within(
            "controlnet_conditioning_scale",
            self.controlnet_conditioning_scale,
            0.0..=1.0,
            "from 0 to 1",
        )?;
        within(
            "brushnet_conditioning_scale",
            self.brushnet_conditioning_scale,
            0.0..=1.0,
            "from 0 to 1",
        )?;
        within(
            "fitting_degree",
            self.fitting_degree,
            (Bound::Excluded(0.0), Bound::Included(1.0)),
            "above 0 and at most 1",
        )?;
        Ok(())
    }
}

fn at_least(field: &str, value: i64, least: i64) -> Result<(), ApiError> {
    if value >= least {
        Ok(())
    } else {
        Err(ApiError::field(field, &format!("must be at least {least}")))
    }
}

/// Whether a value is in its range, which `words` describe after "must be".
fn within(field: &str, value: f64, range: impl RangeBounds<f64>, words: &str) -> Result<(), ApiError> {
    if range.contains(&value) {
        Ok(())
    } else {
        Err(ApiError::field(field, &format!("must be {words}")))
    }
}

/// A name from a closed list, in any case.
fn any_case<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: FromName,
{
    let text = String::deserialize(deserializer)?;
    let known = T::NAMES
        .iter()
        .find(|name| name.eq_ignore_ascii_case(text.trim()));
    let name =
        known.ok_or_else(|| serde::de::Error::custom(format!("must be one of {}", T::NAMES.join(", "))))?;
    T::deserialize((*name).into_deserializer())
}

/// What is written as one of a few names.
trait FromName: for<'de> Deserialize<'de> {
    const NAMES: &'static [&'static str];
}

impl FromName for HdStrategyName {
    const NAMES: &'static [&'static str] = &["Original", "Resize", "Crop", "Auto"];
}

impl FromName for Cv2Flag {
    const NAMES: &'static [&'static str] = &["INPAINT_NS", "INPAINT_TELEA"];
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"hd_strategy_crop_margin": -1}"#, "hd_strategy_crop_margin")]
    #[case(r#"{"hd_strategy_resize_limit": 0}"#, "hd_strategy_resize_limit")]
    #[case(r#"{"hd_strategy": "Half"}"#, "hd_strategy")]
    #[case(r#"{"cv2_flag": "INPAINT"}"#, "cv2_flag")]
    #[case(r#"{"sd_scale": 0}"#, "sd_scale")]
    #[case(r#"{"sd_strength": 1.5}"#, "sd_strength")]
    #[case(r#"{"controlnet_conditioning_scale": -0.1}"#, "controlnet_conditioning_scale")]
    #[case(r#"{"fitting_degree": "2"}"#, "fitting_degree")]
    #[case(r#"{"ldm_steps": null}"#, "ldm_steps")]
    #[case(r#"{"prompt": 7}"#, "prompt")]
    #[case(r#"{"image": null}"#, "image")]
    #[case(r#"{"result": "half"}"#, "result")]
    fn a_wrong_field_is_named(#[case] text: &str, #[case] field: &str) {
        let error = InpaintRequest::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), crate::error::ErrorCode::InvalidField);
        assert!(format!("{error:?}").contains(&format!("`{field}`")), "{error:?}");
    }

    #[test]
    fn unknown_fields_names_in_any_case_and_absurd_numbers_are_taken() {
        let text = r#"{"hdStrategy": 3, "hd_strategy": "RESIZE", "hd_strategy_resize_limit": 1e300, "cv2_flag": "inpaint_telea",
            "paint_by_example_example_image": null, "sd_seed": "-1", "model": null}"#;
        let request = InpaintRequest::from_json(text.as_bytes()).unwrap();
        assert_eq!(
            request.options(9).strategy,
            HdStrategy::Resize { limit: u32::MAX }
        );
        assert_eq!(request.cv2_flag, Cv2Flag::InpaintTelea);
        assert_eq!(request.sd_seed, -1);
    }

    #[test]
    fn nothing_but_defaults_is_the_pipelines_default() {
        let request = InpaintRequest::from_json(b"{}").unwrap();
        assert_eq!(request.options(u64::MAX), InpaintOptions::default());
    }
}

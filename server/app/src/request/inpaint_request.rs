//! Fields of the inpaint request, with their defaults and ranges.
//!
//! The fields of IOPaint's diffusion models are accepted and validated, but have no effect. They aren't
//! grouped in a flattened struct: serde would then lose the field's name in errors, and the API schema
//! would become an `allOf`.

use std::ops::{Bound, RangeBounds};

use iopaint_inpaint::{
    Cv2Algorithm, Cv2Options, HdStrategy, InpaintOptions, LdmOptions, LdmSampler, ZitsOptions,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::coerce;
use super::inpaint_choices::{Answer, Cv2Flag, HdStrategyName, LdmSamplerName, any_case};
use crate::error::ApiError;
use crate::fill::MaskGrowth;

/// Largest radius of a mask's dilation, in pixels.
pub const MAX_DILATE: u8 = 64;
/// Largest number of steps of the `ldm` model: that of its training.
pub const MAX_LDM_STEPS: i64 = 1000;
/// Largest width of feathering, in pixels.
pub const MAX_FEATHER: u8 = 32;

/// An image, its mask, and options. Only `image` and `mask` are required. Unknown fields are ignored. Numbers
/// and booleans may be sent as strings.
#[expect(clippy::struct_excessive_bools, reason = "the fields are those of the API")]
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(default)]
pub struct InpaintRequest {
    /// The image in base64, bare or as a data URL: PNG, JPEG, WebP, TIFF, BMP or GIF.
    #[schema(required)]
    pub image: String,
    /// The mask in base64, of the upright image's size. Pixels brighter than 127 are inpainted.
    #[schema(required)]
    pub mask: String,
    /// Accepts a mask of any size. A mask of the image's stored size is rotated with the image; any other is
    /// scaled to the upright image by nearest neighbour.
    #[serde(deserialize_with = "coerce::boolean")]
    pub fit_mask: bool,
    /// The model to use; the current one if missing or empty.
    pub model: Option<String>,
    /// The content of the response.
    pub result: Answer,
    /// Approximate number of steps of the `ldm` model, 1 to 1000.
    #[serde(deserialize_with = "coerce::integer")]
    #[schema(minimum = 1, maximum = 1000)]
    pub ldm_steps: i64,
    /// The sampler of the `ldm` model.
    #[serde(deserialize_with = "any_case")]
    pub ldm_sampler: LdmSamplerName,
    /// If true, the `zits` model predicts edges and lines of the hole, and its fill follows them.
    #[serde(deserialize_with = "coerce::boolean")]
    pub zits_wireframe: bool,
    /// Strategy for images that are larger than the model's input.
    #[serde(deserialize_with = "any_case")]
    pub hd_strategy: HdStrategyName,
    /// With `Crop`: longest side in pixels up to which the whole image is run.
    #[serde(deserialize_with = "coerce::integer")]
    pub hd_strategy_crop_trigger_size: i64,
    /// With `Crop`: context around each region of the mask in pixels; 0 or more.
    #[serde(deserialize_with = "coerce::integer")]
    pub hd_strategy_crop_margin: i64,
    /// With `Resize`: longest side in pixels up to which the image isn't scaled; 1 or more.
    #[serde(deserialize_with = "coerce::integer")]
    pub hd_strategy_resize_limit: i64,
    /// Ignored; for diffusion models.
    pub prompt: String,
    /// Ignored; for diffusion models.
    pub negative_prompt: String,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub use_croper: bool,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub croper_x: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub croper_y: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub croper_height: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub croper_width: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub use_extender: bool,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub extender_x: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub extender_y: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub extender_height: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub extender_width: i64,
    /// Ignored; for diffusion models. Must be above 0, at most 1.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_scale: f64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub sd_mask_blur: i64,
    /// Ignored; for diffusion models. Must be at most 1.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_strength: f64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::integer")]
    pub sd_steps: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_guidance_scale: f64,
    /// Ignored; for diffusion models.
    pub sd_sampler: String,
    /// Seed of diffusion models; returned in `X-Seed`, otherwise ignored. -1 selects a random seed.
    #[serde(deserialize_with = "coerce::integer")]
    pub sd_seed: i64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub sd_match_histograms: bool,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_outpainting_softness: f64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::float")]
    pub sd_outpainting_space: f64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub sd_lcm_lora: bool,
    /// Restores the original pixels outside the mask; otherwise they are the model's output.
    #[serde(deserialize_with = "coerce::boolean")]
    pub sd_keep_unmasked_area: bool,
    /// Blends the result seamlessly into the image at the mask's border; requires `sd_keep_unmasked_area`.
    #[serde(deserialize_with = "coerce::boolean")]
    pub blend: bool,
    /// Extends the mask over the rest of thin, contrasting structures of which it covers more than half:
    /// letters, scratches and wires that end within 32 pixels of the mask.
    #[serde(deserialize_with = "coerce::boolean")]
    pub cover_strokes: bool,
    /// Radius in pixels by which the mask is dilated, 0 to 64.
    #[serde(deserialize_with = "coerce::integer")]
    #[schema(minimum = 0, maximum = 64)]
    pub dilate: i64,
    /// Width in pixels of the band inside the mask in which the original changes gradually into the filling,
    /// 0 to 32; requires `sd_keep_unmasked_area`.
    #[serde(deserialize_with = "coerce::integer")]
    #[schema(minimum = 0, maximum = 32)]
    pub feather: i64,
    /// The algorithm of the `cv2` model.
    #[serde(deserialize_with = "any_case")]
    pub cv2_flag: Cv2Flag,
    /// The radius of the `cv2` model in pixels, clamped to 1 to 100.
    #[serde(deserialize_with = "coerce::integer")]
    pub cv2_radius: i64,
    /// Ignored; for diffusion models.
    pub paint_by_example_example_image: Option<String>,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::float")]
    pub p2p_image_guidance_scale: f64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub enable_controlnet: bool,
    /// Ignored; for diffusion models. Must be from 0 to 1.
    #[serde(deserialize_with = "coerce::float")]
    pub controlnet_conditioning_scale: f64,
    /// Ignored; for diffusion models.
    pub controlnet_method: String,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub enable_brushnet: bool,
    /// Ignored; for diffusion models.
    pub brushnet_method: String,
    /// Ignored; for diffusion models. Must be from 0 to 1.
    #[serde(deserialize_with = "coerce::float")]
    pub brushnet_conditioning_scale: f64,
    /// Ignored; for diffusion models.
    #[serde(deserialize_with = "coerce::boolean")]
    pub enable_powerpaint_v2: bool,
    /// Ignored; for diffusion models.
    pub powerpaint_task: String,
    /// Ignored; for diffusion models. Must be above 0, at most 1.
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
            ldm_sampler: LdmSamplerName::Plms,
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
            cover_strokes: false,
            dilate: 0,
            feather: 0,
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
    /// Parses the fields of a JSON object; `image` and `mask` may be missing.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidJson`](crate::error::ErrorCode::InvalidJson), or
    /// [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField) with the field's name.
    pub fn from_json(text: &[u8]) -> Result<Self, ApiError> {
        let request: Self = super::json_body::from_slice(text)?;
        request.check()?;
        Ok(request)
    }

    /// Returns the options of the pipeline.
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
            feather_px: pixels(self.feather),
            max_forward_pixels,
            cv2: Cv2Options {
                algorithm: match self.cv2_flag {
                    Cv2Flag::InpaintNs => Cv2Algorithm::NavierStokes,
                    Cv2Flag::InpaintTelea => Cv2Algorithm::Telea,
                },
                radius: pixels(self.cv2_radius),
            },
            ldm: LdmOptions {
                steps: pixels(self.ldm_steps),
                sampler: match self.ldm_sampler {
                    LdmSamplerName::Ddim => LdmSampler::Ddim,
                    LdmSamplerName::Plms => LdmSampler::Plms,
                },
            },
            zits: ZitsOptions {
                wireframe: self.zits_wireframe,
            },
        }
    }

    /// Returns the growth of the mask.
    #[must_use]
    pub fn mask_growth(&self) -> MaskGrowth {
        MaskGrowth {
            cover_strokes: self.cover_strokes,
            dilate_px: self.dilate.clamp(0, i64::from(MAX_DILATE)) as u8,
        }
    }

    fn check(&self) -> Result<(), ApiError> {
        at_most("dilate", self.dilate, i64::from(MAX_DILATE))?;
        at_most("feather", self.feather, i64::from(MAX_FEATHER))?;
        if !(1..=MAX_LDM_STEPS).contains(&self.ldm_steps) {
            let message = format!("must be from 1 to {MAX_LDM_STEPS}");
            return Err(ApiError::field("ldm_steps", message));
        }
        at_least("hd_strategy_crop_margin", self.hd_strategy_crop_margin, 0)?;
        at_least("hd_strategy_resize_limit", self.hd_strategy_resize_limit, 1)?;
        in_range(
            "sd_scale",
            self.sd_scale,
            (Bound::Excluded(0.0), Bound::Included(1.0)),
            "above 0 and at most 1",
        )?;
        in_range("sd_strength", self.sd_strength, ..=1.0, "at most 1")?;
        in_range(
            "controlnet_conditioning_scale",
            self.controlnet_conditioning_scale,
            0.0..=1.0,
            "from 0 to 1",
        )?;
        in_range(
            "brushnet_conditioning_scale",
            self.brushnet_conditioning_scale,
            0.0..=1.0,
            "from 0 to 1",
        )?;
        in_range(
            "fitting_degree",
            self.fitting_degree,
            (Bound::Excluded(0.0), Bound::Included(1.0)),
            "above 0 and at most 1",
        )?;
        Ok(())
    }
}

/// Rejects a value below 0 or above `max`.
fn at_most(field: &str, value: i64, max: i64) -> Result<(), ApiError> {
    if (0..=max).contains(&value) {
        Ok(())
    } else {
        Err(ApiError::field(field, format!("must be from 0 to {max}")))
    }
}

/// Rejects a value below `min`.
fn at_least(field: &str, value: i64, min: i64) -> Result<(), ApiError> {
    if value >= min {
        Ok(())
    } else {
        Err(ApiError::field(field, format!("must be at least {min}")))
    }
}

/// Rejects a value outside `range`. `description` completes the message "must be ...".
fn in_range(
    field: &str,
    value: f64,
    range: impl RangeBounds<f64>,
    description: &str,
) -> Result<(), ApiError> {
    if range.contains(&value) {
        Ok(())
    } else {
        Err(ApiError::field(field, format!("must be {description}")))
    }
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
    #[case(r#"{"dilate": 65}"#, "dilate")]
    #[case(r#"{"dilate": -1}"#, "dilate")]
    #[case(r#"{"feather": 33}"#, "feather")]
    #[case(r#"{"sd_scale": 0}"#, "sd_scale")]
    #[case(r#"{"sd_strength": 1.5}"#, "sd_strength")]
    #[case(r#"{"controlnet_conditioning_scale": -0.1}"#, "controlnet_conditioning_scale")]
    #[case(r#"{"fitting_degree": "2"}"#, "fitting_degree")]
    #[case(r#"{"ldm_steps": null}"#, "ldm_steps")]
    #[case(r#"{"ldm_steps": 0}"#, "ldm_steps")]
    #[case(r#"{"ldm_steps": 1001}"#, "ldm_steps")]
    #[case(r#"{"ldm_sampler": "euler"}"#, "ldm_sampler")]
    #[case(r#"{"prompt": 7}"#, "prompt")]
    #[case(r#"{"image": null}"#, "image")]
    #[case(r#"{"result": "half"}"#, "result")]
    fn invalid_field_is_named(#[case] text: &str, #[case] field: &str) {
        let error = InpaintRequest::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), crate::error::ErrorCode::InvalidField);
        assert!(format!("{error:?}").contains(&format!("`{field}`")), "{error:?}");
    }

    #[test]
    fn unknown_fields_and_any_case_are_accepted() {
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
    fn defaults_are_those_of_the_pipeline() {
        let request = InpaintRequest::from_json(b"{}").unwrap();
        assert_eq!(request.options(u64::MAX), InpaintOptions::default());
    }
}

//! Enumerated fields of the inpaint request.

use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Strategy for images that are larger than the model's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum HdStrategyName {
    /// Runs the whole image at its original size.
    Original,
    /// Runs the whole image scaled down.
    Resize,
    /// Runs a crop around each connected region of the mask.
    Crop,
    /// Runs each region of the mask at a size that suits the model, then restore fine detail from its
    /// surroundings.
    Auto,
}

/// The algorithm of the `cv2` model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Cv2Flag {
    /// Navier-Stokes (Bertalmio et al. 2001).
    #[serde(rename = "INPAINT_NS")]
    InpaintNs,
    /// Fast marching (Telea 2004).
    #[serde(rename = "INPAINT_TELEA")]
    InpaintTelea,
}

/// The sampler of the `ldm` model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LdmSamplerName {
    /// Denoising diffusion implicit models (Song et al. 2020).
    Ddim,
    /// Pseudo linear multistep (Liu et al. 2022).
    Plms,
}

/// The content of the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The whole image, in the input's format.
    #[default]
    Image,
    /// A PNG of the changed rectangle; the header `X-Patch-Box: x,y,width,height` has its position in the
    /// image.
    Patch,
    /// As `patch`, with the final mask as alpha: pixels that the model didn't fill are transparent.
    Layer,
}

/// Deserializes one of a type's names, ignoring case.
pub fn any_case<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: CaseInsensitiveName,
{
    let text = String::deserialize(deserializer)?;
    let canonical = T::NAMES
        .iter()
        .find(|name| name.eq_ignore_ascii_case(text.trim()));
    let name = canonical
        .ok_or_else(|| serde::de::Error::custom(format!("must be one of {}", T::NAMES.join(", "))))?;
    T::deserialize((*name).into_deserializer())
}

/// A type with a closed list of names.
pub trait CaseInsensitiveName: for<'de> Deserialize<'de> {
    /// The names, in their canonical case.
    const NAMES: &'static [&'static str];
}

impl CaseInsensitiveName for HdStrategyName {
    const NAMES: &'static [&'static str] = &["Original", "Resize", "Crop", "Auto"];
}

impl CaseInsensitiveName for LdmSamplerName {
    const NAMES: &'static [&'static str] = &["ddim", "plms"];
}

impl CaseInsensitiveName for Cv2Flag {
    const NAMES: &'static [&'static str] = &["INPAINT_NS", "INPAINT_TELEA"];
}

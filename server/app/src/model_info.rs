//! A model in IOPaint's JSON.

use iopaint_engine::ModelSpec;
use serde::Serialize;
use utoipa::ToSchema;

/// A model in `modelInfos` and in the responses of the model routes, with the keys of IOPaint 1.6.0. Fields
/// for diffusion models are empty or `false`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the keys are defined by IOPaint's API"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelInfo {
    /// Name of the model.
    pub name: String,
    /// Same as `name`, as in IOPaint for erase models; never a path on the server.
    pub path: String,
    /// Type of the model, by which clients choose their tools.
    pub model_type: ModelType,
    /// True for a diffusion model in a single file.
    pub is_single_file_diffusers: bool,
    /// True if the model requires a prompt.
    pub need_prompt: bool,
    /// Supported `ControlNet` models.
    pub controlnets: Vec<String>,
    /// Supported `BrushNet` models.
    pub brushnets: Vec<String>,
    /// True if the model has a strength setting.
    pub support_strength: bool,
    /// True if the model can extend an image beyond its edges.
    pub support_outpainting: bool,
    /// True if the model supports LCM-LoRA.
    pub support_lcm_lora: bool,
    /// True if the model supports `ControlNet`.
    pub support_controlnet: bool,
    /// True if the model supports `BrushNet`.
    pub support_brushnet: bool,
    /// True if the model supports `PowerPaint` 2.
    pub support_powerpaint_v2: bool,
}

/// Model types of IOPaint's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelType {
    /// Inpaints from the surroundings, without a prompt.
    Inpaint,
}

impl From<&ModelSpec> for ModelInfo {
    fn from(spec: &ModelSpec) -> Self {
        Self {
            name: spec.name.clone(),
            path: spec.name.clone(),
            model_type: ModelType::Inpaint,
            is_single_file_diffusers: false,
            need_prompt: false,
            controlnets: Vec::new(),
            brushnets: Vec::new(),
            support_strength: false,
            support_outpainting: false,
            support_lcm_lora: false,
            support_controlnet: false,
            support_brushnet: false,
            support_powerpaint_v2: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use iopaint_engine::Registry;

    use super::*;

    #[test]
    fn model_info_is_that_of_an_erase_model() {
        let registry = Registry::known().unwrap();
        let info = ModelInfo::from(registry.get("lama").unwrap());
        assert_eq!((info.name.as_str(), info.path.as_str()), ("lama", "lama"));
        assert!(!info.need_prompt && !info.is_single_file_diffusers && info.controlnets.is_empty());
    }
}

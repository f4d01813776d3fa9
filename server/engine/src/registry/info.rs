//! A model in IOPaint's JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::{ModelSpec, ModelType};

/// The entry of a model in `modelInfos` and the answer of the model routes, with the keys that IOPaint 1.6.0 sends.
/// What only diffusion models have is empty or `false`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the keys are given by the clients that read them"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelInfo {
    /// How to ask for the model.
    pub name: String,
    /// The name once more, as IOPaint has it for erase models; never a path on this machine.
    pub path: String,
    /// Which of the client's tools fit the model.
    pub model_type: ModelType,
    /// Whether it is a diffusion model in one file.
    pub is_single_file_diffusers: bool,
    /// Whether it needs a text.
    pub need_prompt: bool,
    /// The control networks it works with.
    pub controlnets: Vec<String>,
    /// The `BrushNet` models it works with.
    pub brushnets: Vec<String>,
    /// Whether it takes a strength.
    pub support_strength: bool,
    /// Whether it can extend an image beyond its edges.
    pub support_outpainting: bool,
    /// Whether it works with LCM-LoRA.
    pub support_lcm_lora: bool,
    /// Whether it works with control networks.
    pub support_controlnet: bool,
    /// Whether it works with `BrushNet`.
    pub support_brushnet: bool,
    /// Whether it works with `PowerPaint` 2.
    pub support_powerpaint_v2: bool,
}

impl From<&ModelSpec> for ModelInfo {
    fn from(spec: &ModelSpec) -> Self {
        Self {
            name: spec.name.clone(),
            path: spec.name.clone(),
            model_type: spec.model_type,
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

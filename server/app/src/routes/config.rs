//! Configuration of the server, for clients.

use axum::Json;
use axum::extract::State;
use iopaint_inpaint::{AUTO_CONTEXT_PX, AUTO_MAX_SINGLE_REGION_SIDE_PX};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model_info::ModelInfo;
use crate::state::AppState;

/// Samplers of diffusion models. This server has no such models, but IOPaint's clients expect the list.
const SAMPLERS: [&str; 19] = [
    "DPM++ 2M",
    "DPM++ 2M Karras",
    "DPM++ 2M SDE",
    "DPM++ 2M SDE Karras",
    "DPM++ SDE",
    "DPM++ SDE Karras",
    "DPM2",
    "DPM2 Karras",
    "DPM2 a",
    "DPM2 a Karras",
    "Euler",
    "Euler a",
    "Heun",
    "LMS",
    "LMS Karras",
    "DDIM",
    "PNDM",
    "UniPC",
    "LCM",
];

const REMOVE_BG_MODELS: [&str; 15] = [
    "briaai/RMBG-1.4",
    "briaai/RMBG-2.0",
    "u2net",
    "u2netp",
    "u2net_human_seg",
    "u2net_cloth_seg",
    "silueta",
    "isnet-general-use",
    "birefnet-general",
    "birefnet-general-lite",
    "birefnet-portrait",
    "birefnet-dis",
    "birefnet-hrsod",
    "birefnet-cod",
    "birefnet-massive",
];

const REALESRGAN_MODELS: [&str; 3] = [
    "realesr-general-x4v3",
    "RealESRGAN_x4plus",
    "RealESRGAN_x4plus_anime_6B",
];

const INTERACTIVE_SEG_MODELS: [&str; 15] = [
    "vit_b",
    "vit_l",
    "vit_h",
    "sam_hq_vit_b",
    "sam_hq_vit_l",
    "sam_hq_vit_h",
    "mobile_sam",
    "sam2_tiny",
    "sam2_small",
    "sam2_base",
    "sam2_large",
    "sam2_1_tiny",
    "sam2_1_small",
    "sam2_1_base",
    "sam2_1_large",
];

/// An enabled plugin.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PluginInfo {
    /// Name in requests.
    pub name: String,
    /// True if it returns images.
    pub support_gen_image: bool,
    /// True if it returns masks.
    pub support_gen_mask: bool,
}

/// Parameters of the strategy `Auto`. A client that uploads a part of an image derives from them which part
/// the fill depends on.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the unit is a part of the JSON keys")]
pub struct AutoStrategy {
    /// Longest side of an image that runs as one region, in pixels.
    pub max_whole_side_px: u32,
    /// Context around a part of the hole, in pixels at the scale at which the part runs.
    pub context_px: u32,
    /// Largest distance from a hole pixel to the nearest known pixel at which the current model fills the
    /// hole at full scale, in pixels. Each halving of the scale doubles it. Null until a model was loaded.
    #[schema(required)]
    pub max_hole_depth_px: Option<f32>,
}

/// Configuration of the server. Keys and their order are those of IOPaint 1.6.0, followed by this server's
/// own; some clients compare the text.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the keys are those of IOPaint's API"
)]
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerConfig {
    /// Enabled plugins.
    pub plugins: Vec<PluginInfo>,
    /// Models that need no download.
    pub model_infos: Vec<ModelInfo>,
    /// Model of the background-removal plugin.
    #[serde(rename = "removeBGModel")]
    pub remove_bg_model: &'static str,
    /// Models for the background-removal plugin.
    #[serde(rename = "removeBGModels")]
    pub remove_bg_models: &'static [&'static str],
    /// Model of the upscaling plugin.
    pub realesrgan_model: &'static str,
    /// Models for the upscaling plugin.
    pub realesrgan_models: &'static [&'static str],
    /// Model of the click-to-select plugin.
    pub interactive_seg_model: &'static str,
    /// Models for the click-to-select plugin.
    pub interactive_seg_models: &'static [&'static str],
    /// True if the server provides a folder of images.
    pub enable_file_manager: bool,
    /// True if results can be saved on the server.
    pub enable_auto_saving: bool,
    /// Always false: a feature of diffusion models.
    pub enable_controlnet: bool,
    /// Always null: a feature of diffusion models.
    pub controlnet_method: Option<String>,
    /// True if clients can't switch the model.
    pub disable_model_switch: bool,
    /// Always false: IOPaint's desktop application is not supported.
    pub is_desktop: bool,
    /// Samplers of diffusion models, for clients that expect the list.
    pub samplers: &'static [&'static str],
    /// Parameters of the strategy `Auto`, which IOPaint doesn't have.
    pub auto_strategy: AutoStrategy,
}

/// Returns the configuration of the server.
#[utoipa::path(get, path = "/server-config", tag = "server", responses((status = OK, body = ServerConfig)))]
pub async fn server_config(State(state): State<AppState>) -> Json<ServerConfig> {
    Json(ServerConfig {
        plugins: Vec::new(),
        model_infos: state.engine.models().iter().map(ModelInfo::from).collect(),
        remove_bg_model: "briaai/RMBG-1.4",
        remove_bg_models: &REMOVE_BG_MODELS,
        realesrgan_model: "realesr-general-x4v3",
        realesrgan_models: &REALESRGAN_MODELS,
        interactive_seg_model: "sam2_1_tiny",
        interactive_seg_models: &INTERACTIVE_SEG_MODELS,
        enable_file_manager: state.files.has_file_manager(),
        enable_auto_saving: state.files.can_save(),
        enable_controlnet: false,
        controlnet_method: None,
        disable_model_switch: state.settings.fixed_model,
        is_desktop: false,
        samplers: &SAMPLERS,
        auto_strategy: AutoStrategy {
            max_whole_side_px: AUTO_MAX_SINGLE_REGION_SIDE_PX,
            context_px: AUTO_CONTEXT_PX,
            max_hole_depth_px: state.engine.status().max_hole_depth_px,
        },
    })
}

/// Returns the samplers of diffusion models, for clients that expect the list.
#[utoipa::path(get, path = "/samplers", tag = "server", responses((status = OK, body = Vec<String>)))]
pub async fn samplers() -> Json<&'static [&'static str]> {
    Json(&SAMPLERS)
}

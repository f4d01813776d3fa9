//! What a client asks before it shows anything: what this server can do.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model_info::ModelInfo;
use crate::state::AppState;

/// The samplers of the API this server is compatible with. They belong to diffusion models; clients expect the list.
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

/// A plugin that is switched on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PluginInfo {
    /// The name by which it is asked for.
    pub name: String,
    /// Whether it answers images.
    pub support_gen_image: bool,
    /// Whether it answers masks.
    pub support_gen_mask: bool,
}

/// What this server can do. The keys are those of IOPaint 1.6.0, in its order; some clients compare the text.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the keys are given by the clients that read them"
)]
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerConfig {
    /// Plugins that are switched on.
    pub plugins: Vec<PluginInfo>,
    /// Models that can be switched to without a download.
    pub model_infos: Vec<ModelInfo>,
    /// The model a background-removal plugin would use.
    #[serde(rename = "removeBGModel")]
    pub remove_bg_model: &'static str,
    /// The models a background-removal plugin knows.
    #[serde(rename = "removeBGModels")]
    pub remove_bg_models: &'static [&'static str],
    /// The model an upscaling plugin would use.
    pub realesrgan_model: &'static str,
    /// The models an upscaling plugin knows.
    pub realesrgan_models: &'static [&'static str],
    /// The model a click-to-select plugin would use.
    pub interactive_seg_model: &'static str,
    /// The models a click-to-select plugin knows.
    pub interactive_seg_models: &'static [&'static str],
    /// Whether the server offers a folder of images.
    pub enable_file_manager: bool,
    /// Whether results can be saved on the server.
    pub enable_auto_saving: bool,
    /// Always false: a feature of diffusion models.
    pub enable_controlnet: bool,
    /// Always null: a feature of diffusion models.
    pub controlnet_method: Option<String>,
    /// Whether the model is fixed.
    pub disable_model_switch: bool,
    /// Always false: this is a server.
    pub is_desktop: bool,
    /// Names of samplers, for clients that expect the list.
    pub samplers: &'static [&'static str],
}

/// Models, switches and lists for a client's settings.
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
        disable_model_switch: state.limits.fixed_model,
        is_desktop: false,
        samplers: &SAMPLERS,
    })
}

/// The names of samplers, for clients that expect the list.
#[utoipa::path(get, path = "/samplers", tag = "server", responses((status = OK, body = Vec<String>)))]
pub async fn samplers() -> Json<&'static [&'static str]> {
    Json(&SAMPLERS)
}

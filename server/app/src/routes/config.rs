//! Configuration of the server, for clients.

use axum::Json;
use axum::extract::State;
use iopaint_engine::PluginKind;
use iopaint_inpaint::{AUTO_CONTEXT_PX, AUTO_MAX_SINGLE_REGION_SIDE_PX};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model_info::ModelInfo;
use crate::plugins::PluginStatus;
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
    /// Enabled plugins that IOPaint has too: its page fails on other names.
    pub plugins: Vec<PluginInfo>,
    /// Models that need no download.
    pub model_infos: Vec<ModelInfo>,
    /// Model of the background-removal plugin.
    #[serde(rename = "removeBGModel")]
    pub remove_bg_model: String,
    /// Models for the background-removal plugin that need no download.
    #[serde(rename = "removeBGModels")]
    pub remove_bg_models: Vec<String>,
    /// Model of the upscaling plugin.
    pub realesrgan_model: String,
    /// Models for the upscaling plugin that need no download.
    pub realesrgan_models: Vec<String>,
    /// Model of the click-to-select plugin.
    pub interactive_seg_model: String,
    /// Models for the click-to-select plugin that need no download.
    pub interactive_seg_models: Vec<String>,
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
    /// Enabled plugins that IOPaint doesn't have.
    pub additional_plugins: Vec<PluginInfo>,
}

impl From<PluginStatus> for PluginInfo {
    fn from(plugin: PluginStatus) -> Self {
        let kind = plugin.spec.kind;
        Self {
            name: plugin.spec.name,
            support_gen_image: kind.gives_image(),
            support_gen_mask: kind.gives_mask(),
        }
    }
}

/// Returns the name of a plugin's current model, or of its built-in one if it is disabled: clients expect a
/// name.
fn current_model(state: &AppState, kind: PluginKind) -> String {
    let enabled = state.plugins.of_kind(kind).ok().map(|plugin| plugin.model.name);
    let registered = || {
        let plugins = state.engine.registry().plugins();
        plugins
            .iter()
            .find(|plugin| plugin.kind == kind)
            .map(|plugin| plugin.model.clone())
    };
    enabled.or_else(registered).unwrap_or_default()
}

/// Returns the models of a plugin that need no download.
fn models(state: &AppState, kind: PluginKind) -> Vec<String> {
    let models = kind.tasks().iter().flat_map(|task| state.engine.models_of(*task));
    models.map(|spec| spec.name).collect()
}

/// Returns the configuration of the server.
#[utoipa::path(get, path = "/server-config", tag = "server", responses((status = OK, body = ServerConfig)))]
pub async fn server_config(State(state): State<AppState>) -> Json<ServerConfig> {
    let plugins = state.plugins.iter();
    let (known, additional): (Vec<_>, Vec<_>) =
        plugins.partition(|plugin| plugin.spec.kind.is_known_to_iopaint());
    Json(ServerConfig {
        plugins: known.into_iter().map(PluginInfo::from).collect(),
        model_infos: state.engine.models().iter().map(ModelInfo::from).collect(),
        remove_bg_model: current_model(&state, PluginKind::RemoveBackground),
        remove_bg_models: models(&state, PluginKind::RemoveBackground),
        realesrgan_model: current_model(&state, PluginKind::Upscale),
        realesrgan_models: models(&state, PluginKind::Upscale),
        interactive_seg_model: current_model(&state, PluginKind::Select),
        interactive_seg_models: models(&state, PluginKind::Select),
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
        additional_plugins: additional.into_iter().map(PluginInfo::from).collect(),
    })
}

/// Returns the samplers of diffusion models, for clients that expect the list.
#[utoipa::path(get, path = "/samplers", tag = "server", responses((status = OK, body = Vec<String>)))]
pub async fn samplers() -> Json<&'static [&'static str]> {
    Json(&SAMPLERS)
}

//! Routes of plugins. This server has none and responds as IOPaint does for a disabled plugin.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::request::{JsonBody, coerce};
use crate::state::AppState;

/// A plugin and its input.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "validated for compatibility; no plugin reads it")]
pub struct RunPlugin {
    /// Name of the plugin.
    name: String,
    /// Image in base64.
    image: String,
    /// Clicks: x, y, and 1 for the object or 0 for the background.
    #[serde(default)]
    clicks: Vec<Vec<f64>>,
    /// Scale factor of the result.
    #[serde(default = "default_scale", deserialize_with = "coerce::float")]
    #[schema(default = 2.0)]
    scale: f64,
}

fn default_scale() -> f64 {
    2.0
}

/// A plugin and its model.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "validated for compatibility; no plugin reads it")]
pub struct SwitchPluginModel {
    /// Name of the plugin.
    plugin_name: String,
    /// Name of the model.
    model_name: String,
}

/// Always responds with 422: this server has no plugins.
#[utoipa::path(
    post, path = "/run_plugin_gen_mask", tag = "plugins", request_body = RunPlugin,
    responses((status = UNPROCESSABLE_ENTITY, body = ErrorBody)),
)]
pub async fn run_plugin_gen_mask(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<RunPlugin>,
) -> ApiError {
    plugin_error(&state, &request)
}

/// Always responds with 422: this server has no plugins.
#[utoipa::path(
    post, path = "/run_plugin_gen_image", tag = "plugins", request_body = RunPlugin,
    responses((status = UNPROCESSABLE_ENTITY, body = ErrorBody)),
)]
pub async fn run_plugin_gen_image(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<RunPlugin>,
) -> ApiError {
    plugin_error(&state, &request)
}

/// Always returns null, as IOPaint does for a disabled plugin.
#[utoipa::path(
    post, path = "/switch_plugin_model", tag = "plugins", request_body = SwitchPluginModel,
    responses((status = OK, description = "null"), (status = UNPROCESSABLE_ENTITY, body = ErrorBody)),
)]
pub async fn switch_plugin_model(_checked: JsonBody<SwitchPluginModel>) -> Json<()> {
    Json(())
}

fn plugin_error(state: &AppState, request: &RunPlugin) -> ApiError {
    let max_clicks = state.settings.bodies.content.max_clicks;
    if request.clicks.len() > max_clicks {
        return ApiError::field(
            "clicks",
            format!("must have at most {max_clicks} clicks; the limit is --max-clicks"),
        );
    }
    let name: String = request
        .name
        .chars()
        .filter(|c| !c.is_control())
        .take(100)
        .collect();
    ApiError::new(
        ErrorCode::UnknownPlugin,
        &format!("plugin not found: this server has no plugin `{name}`"),
    )
}

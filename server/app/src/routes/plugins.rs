//! Plugins: this server has none, and says so as IOPaint does for one that isn't switched on.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::request::{JsonBody, coerce};
use crate::state::AppState;

/// A plugin and what it is to work on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "what clients send is checked, though no plugin reads it")]
pub struct RunPlugin {
    /// The plugin.
    name: String,
    /// The image in base64.
    image: String,
    /// Where the user clicked: x, y and whether the place belongs to the object.
    #[serde(default)]
    clicks: Vec<Vec<f64>>,
    /// How many times larger the result is to be.
    #[serde(default = "double", deserialize_with = "coerce::float")]
    #[schema(default = 2.0)]
    scale: f64,
}

fn double() -> f64 {
    2.0
}

/// A plugin and the model it is to use.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "what clients send is checked, though no plugin reads it")]
pub struct SwitchPluginModel {
    /// The plugin.
    plugin_name: String,
    /// The model.
    model_name: String,
}

/// Has no plugin to run: always 422.
#[utoipa::path(
    post, path = "/run_plugin_gen_mask", tag = "plugins", request_body = RunPlugin,
    responses((status = UNPROCESSABLE_ENTITY, body = ErrorBody)),
)]
pub async fn run_plugin_gen_mask(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<RunPlugin>,
) -> ApiError {
    refuse(&state, &request)
}

/// Has no plugin to run: always 422.
#[utoipa::path(
    post, path = "/run_plugin_gen_image", tag = "plugins", request_body = RunPlugin,
    responses((status = UNPROCESSABLE_ENTITY, body = ErrorBody)),
)]
pub async fn run_plugin_gen_image(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<RunPlugin>,
) -> ApiError {
    refuse(&state, &request)
}

/// Has no plugin to switch: always null, as IOPaint answers for a plugin that isn't switched on.
#[utoipa::path(
    post, path = "/switch_plugin_model", tag = "plugins", request_body = SwitchPluginModel,
    responses((status = OK, description = "null"), (status = UNPROCESSABLE_ENTITY, body = ErrorBody)),
)]
pub async fn switch_plugin_model(_checked: JsonBody<SwitchPluginModel>) -> Json<()> {
    Json(())
}

fn refuse(state: &AppState, request: &RunPlugin) -> ApiError {
    let most = state.limits.request.max_clicks;
    if request.clicks.len() > most {
        return ApiError::field(
            "clicks",
            &format!("must hold at most {most} places; the limit is --max-clicks"),
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

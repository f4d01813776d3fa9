//! `IOPaint`'s routes of plugins.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use iopaint_engine::PluginKind;
use iopaint_imaging::Header;
use iopaint_vision::TextOptions;

use super::plugin_job::{EncodedOutput, PluginRoute, run_plugin_job};
use crate::error::{ApiError, ErrorBody, ErrorCode, JobErrors};
use crate::middleware::client_id::ClientId;
use crate::plugins::{PluginStatus, PluginTask, image_png, overlay_png};
use crate::request::JsonBody;
use crate::request::plugin_request::{
    RunPlugin, SwitchPluginModel, check_min_score, check_points, check_scale, prompt, rect,
};
use crate::state::AppState;

/// Media type of the results.
const PNG: &str = "image/png";

/// Runs a plugin that returns a mask: `InteractiveSeg`, `TextMask`, `RemoveBG` or `AnimeSeg`.
#[utoipa::path(
    post, path = "/run_plugin_gen_mask", tag = "plugins", request_body = RunPlugin,
    responses(
        (
            status = OK, content_type = "image/png", body = Vec<u8>,
            description = "The masked area in the page's mask colour on a transparent background",
        ),
        (status = NOT_FOUND, description = "The plugin's model is not on this machine", body = ErrorBody),
        JobErrors,
    ),
)]
pub async fn run_plugin_gen_mask(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let route = PluginRoute {
        take_image: |fields: &mut RunPlugin| std::mem::take(&mut fields.image),
        prepare: |state, fields, header| prepare(state, fields, header, PluginKind::gives_mask, "mask"),
        encode: |output, _| {
            Ok(EncodedOutput {
                bytes: overlay_png(output)?,
                mime: PNG,
            })
        },
    };
    Box::pin(run_plugin_job(&state, &client, request, route)).await
}

/// Runs a plugin that returns an image, for example `RemoveBG`, `RealESRGAN` or `GFPGAN`.
#[utoipa::path(
    post, path = "/run_plugin_gen_image", tag = "plugins", request_body = RunPlugin,
    responses(
        (status = OK, content_type = "image/png", body = Vec<u8>, description = "The image as PNG"),
        (status = NOT_FOUND, description = "The plugin's model is not on this machine", body = ErrorBody),
        JobErrors,
    ),
)]
pub async fn run_plugin_gen_image(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let route = PluginRoute {
        take_image: |fields: &mut RunPlugin| std::mem::take(&mut fields.image),
        prepare: |state, fields, header| prepare(state, fields, header, PluginKind::gives_image, "image"),
        encode: |output, options| {
            Ok(EncodedOutput {
                bytes: image_png(output, options)?,
                mime: PNG,
            })
        },
    };
    Box::pin(run_plugin_job(&state, &client, request, route)).await
}

/// Selects the model of a plugin. An unknown plugin is ignored, as by `IOPaint`.
#[utoipa::path(
    post, path = "/switch_plugin_model", tag = "plugins", request_body = SwitchPluginModel,
    responses(
        (status = OK, description = "null"),
        (status = FORBIDDEN, description = "The models of this server are fixed", body = ErrorBody),
        (status = NOT_FOUND, description = "The plugin has no such model on this machine", body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
    ),
)]
pub async fn switch_plugin_model(
    State(state): State<AppState>,
    JsonBody(request): JsonBody<SwitchPluginModel>,
) -> Result<Json<()>, ApiError> {
    state.check_models_changeable()?;
    let SwitchPluginModel {
        plugin_name,
        model_name,
    } = request;
    state.plugins.switch(&state.engine, &plugin_name, &model_name)?;
    Ok(Json(()))
}

/// Checks the fields and returns the plugin and its task. `output` names the kind of result that `supports`
/// requires.
fn prepare(
    state: &AppState,
    fields: &RunPlugin,
    header: &Header,
    supports: fn(PluginKind) -> bool,
    output: &str,
) -> Result<(PluginStatus, PluginTask), ApiError> {
    let max_points = state.settings.bodies.content.max_clicks;
    check_points("lasso", fields.lasso.len(), max_points)?;
    check_points("clicks", fields.clicks.len(), max_points)?;
    let plugin = state.plugins.get(&fields.name)?;
    if !supports(plugin.spec.kind) {
        return Err(ApiError::new(
            ErrorCode::UnknownPlugin,
            &format!("plugin does not support output {output}: `{}`", plugin.spec.name),
        ));
    }
    let size = (header.width, header.height);
    let area = fields
        .area
        .map(|corners| rect("box", corners, size))
        .transpose()?;
    let task = match plugin.spec.kind {
        PluginKind::Select => PluginTask::Select(prompt(&fields.clicks, &fields.lasso, area)?),
        PluginKind::SelectText => PluginTask::SelectText(TextOptions {
            min_score: check_min_score(fields.min_score)?,
            region: area,
            ..TextOptions::default()
        }),
        PluginKind::RemoveBackground | PluginKind::AnimeSeg => PluginTask::RemoveBackground,
        PluginKind::Upscale => PluginTask::Upscale {
            scale: check_scale(fields.scale)?,
            max_forward_pixels: state.settings.images.max_forward_pixels,
        },
        PluginKind::RestoreFaces | PluginKind::RestoreFormer => PluginTask::RestoreFaces {
            max_forward_pixels: state.settings.images.max_forward_pixels,
            background: state.plugins.background_model(),
        },
    };
    Ok((plugin, task))
}

//! Enlarges an image.

use iopaint_engine::PluginKind;
use rmcp::model::CallToolResult;

use super::super::arguments::{EditArguments, UpscaleArguments};
use super::super::call::ToolCall;
use super::image_plugin::run_image_plugin;
use crate::error::ApiError;
use crate::plugins::PluginTask;
use crate::request::plugin_request::{check_scale, default_scale};

/// Runs the tool.
pub async fn run(
    call: &ToolCall<'_>,
    arguments: EditArguments<UpscaleArguments>,
) -> Result<CallToolResult, ApiError> {
    let scale = arguments.options.scale.unwrap_or_else(default_scale);
    run_image_plugin(call, arguments.image, |_| {
        let task = PluginTask::Upscale {
            scale: check_scale(scale)?,
            max_forward_pixels: call.state.settings.images.max_forward_pixels,
        };
        Ok((call.state.plugins.of_kind(PluginKind::Upscale)?, task))
    })
    .await
}

//! Enlarges an image.

use iopaint_engine::PluginKind;
use iopaint_imaging::Header;
use rmcp::model::CallToolResult;

use super::super::arguments::{EditArguments, UpscaleArguments};
use super::super::call::ToolCall;
use super::super::image_input::{ImageSource, read_input};
use super::super::image_output::ImageOutput;
use crate::error::ApiError;
use crate::image_jobs::{EncodedImage, run_plugin};
use crate::plugins::{PluginTask, image_png};
use crate::request::plugin_request::{check_scale, default_scale};

/// Runs the tool.
pub async fn run(
    call: &ToolCall<'_>,
    mut arguments: EditArguments<UpscaleArguments>,
) -> Result<CallToolResult, ApiError> {
    let output = ImageOutput::of(call, &arguments.image)?;
    let input = read_input(call, ImageSource::image(&mut arguments.image)?, None).await?;
    let image = EncodedImage {
        bytes: input.image,
        memory: Some(input.memory),
    };
    let scale = arguments.options.scale.unwrap_or_else(default_scale);
    let prepare = |_: &Header| {
        let task = PluginTask::Upscale {
            scale: check_scale(scale)?,
            max_forward_pixels: call.state.settings.images.max_forward_pixels,
        };
        Ok((call.state.plugins.of_kind(PluginKind::Upscale)?, task))
    };
    let result = run_plugin(
        call.state,
        call.caller,
        image,
        call.step(0, 1),
        prepare,
        image_png,
    )
    .await?;
    output.deliver(call, result.value, result.memory).await
}

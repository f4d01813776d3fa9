//! Tools whose result is that of a single plugin.

use iopaint_imaging::Header;
use rmcp::model::CallToolResult;

use super::super::arguments::ImageArguments;
use super::super::call::ToolCall;
use super::super::image_input::{ImageSource, read_input};
use super::super::image_output::ImageOutput;
use crate::error::ApiError;
use crate::image_jobs::{EncodedImage, run_plugin};
use crate::plugins::{PluginStatus, PluginTask, image_png};

/// Runs the plugin and the task that `prepare` returns for the image's header, and delivers the image.
pub async fn run_image_plugin(
    call: &ToolCall<'_>,
    mut image: ImageArguments,
    prepare: impl FnOnce(&Header) -> Result<(PluginStatus, PluginTask), ApiError>,
) -> Result<CallToolResult, ApiError> {
    let output = ImageOutput::of(call, &image)?;
    let input = read_input(call, ImageSource::image(&mut image)?, None).await?;
    let image = EncodedImage {
        bytes: input.image,
        memory: Some(input.memory),
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

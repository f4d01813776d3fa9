//! Removes the background.

use iopaint_engine::PluginKind;
use iopaint_imaging::Header;
use rmcp::model::CallToolResult;

use super::super::arguments::{EditArguments, NoArguments};
use super::super::call::ToolCall;
use super::super::image_input::{ImageSource, read_input};
use super::super::image_output::ImageOutput;
use crate::error::ApiError;
use crate::image_jobs::{EncodedImage, run_plugin};
use crate::plugins::{PluginTask, image_png};

/// Runs the tool.
pub async fn run(
    call: &ToolCall<'_>,
    mut arguments: EditArguments<NoArguments>,
) -> Result<CallToolResult, ApiError> {
    let output = ImageOutput::of(call, &arguments.image)?;
    let input = read_input(call, ImageSource::image(&mut arguments.image)?, None).await?;
    let image = EncodedImage {
        bytes: input.image,
        memory: Some(input.memory),
    };
    let prepare = |_: &Header| {
        let plugin = call.state.plugins.of_kind(PluginKind::RemoveBackground)?;
        Ok((plugin, PluginTask::RemoveBackground))
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

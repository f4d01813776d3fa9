//! Selects an object.

use iopaint_engine::PluginKind;
use iopaint_imaging::{EncodeOptions, Header, Rect};
use rmcp::model::CallToolResult;

use super::super::arguments::{EditArguments, SelectArguments};
use super::super::call::ToolCall;
use super::super::image_input::{ImageSource, read_input};
use super::super::image_output::ImageOutput;
use crate::error::ApiError;
use crate::image_jobs::{EncodedImage, run_plugin};
use crate::plugins::{self, PluginOutput, PluginStatus, PluginTask};
use crate::request::plugin_request::{check_points, prompt, rect};
use crate::state::AppState;

/// Runs the tool.
pub async fn run(
    call: &ToolCall<'_>,
    arguments: EditArguments<SelectArguments>,
) -> Result<CallToolResult, ApiError> {
    let EditArguments {
        image: mut source,
        options,
    } = arguments;
    let output = ImageOutput::of(call, &source)?;
    let input = read_input(call, ImageSource::image(&mut source)?, None).await?;
    let image = EncodedImage {
        bytes: input.image,
        memory: Some(input.memory),
    };
    let prepare = |header: &Header| {
        let size = (header.width, header.height);
        let area = options
            .area
            .map(|corners| rect("box", corners, size))
            .transpose()?;
        selection(call.state, options.clicks.as_deref().unwrap_or_default(), area)
    };
    let encode = |output: PluginOutput, _: &EncodeOptions| plugins::gray_png(&plugins::mask(output)?);
    let result = run_plugin(call.state, call.caller, image, call.step(0, 1), prepare, encode).await?;
    output.deliver(call, result.value, result.memory).await
}

/// Returns the plugin and the task that select an object by clicks or a rectangle.
///
/// # Errors
/// Returns [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField) for invalid clicks, and
/// [`ErrorCode::UnknownPlugin`](crate::error::ErrorCode::UnknownPlugin) if the plugin is disabled.
pub fn selection(
    state: &AppState,
    clicks: &[Vec<f64>],
    area: Option<Rect>,
) -> Result<(PluginStatus, PluginTask), ApiError> {
    check_points("clicks", clicks.len(), state.settings.bodies.content.max_clicks)?;
    let plugin = state.plugins.of_kind(PluginKind::Select)?;
    Ok((plugin, PluginTask::Select(prompt(clicks, &[], area)?)))
}

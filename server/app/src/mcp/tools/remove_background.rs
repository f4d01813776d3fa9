//! Removes the background.

use iopaint_engine::PluginKind;
use rmcp::model::CallToolResult;

use super::super::arguments::{EditArguments, NoArguments};
use super::super::call::ToolCall;
use super::image_plugin::run_image_plugin;
use crate::error::ApiError;
use crate::plugins::PluginTask;

/// Runs the tool.
pub async fn run(
    call: &ToolCall<'_>,
    arguments: EditArguments<NoArguments>,
) -> Result<CallToolResult, ApiError> {
    run_image_plugin(call, arguments.image, |_| {
        let plugin = call.state.plugins.of_kind(PluginKind::RemoveBackground)?;
        Ok((plugin, PluginTask::RemoveBackground))
    })
    .await
}

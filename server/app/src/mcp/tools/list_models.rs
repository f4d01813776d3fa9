//! Lists the models.

use iopaint_engine::Engine;
use rmcp::model::CallToolResult;
use serde_json::json;

use super::super::call::ToolCall;
use crate::error::ApiError;
use crate::routes::catalogue::{CatalogueModel, on_disk};

/// Runs the tool.
pub async fn run(call: &ToolCall<'_>) -> Result<CallToolResult, ApiError> {
    let engine = &call.state.engine;
    let models: Vec<CatalogueModel> = on_disk(engine, Engine::catalogue)
        .await?
        .into_iter()
        .map(CatalogueModel::from)
        .collect();
    let current = engine.status().model.map(|model| model.name);
    Ok(CallToolResult::structured(json!({
        "current": current,
        "models": models,
    })))
}

//! The MCP server: describes the tools and runs them as jobs.

use std::time::Instant;

use axum::http::request::Parts;
use iopaint_engine::ClientKey;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, JsonObject,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;
use uuid::Uuid;

use super::call::ToolCall;
use super::http_memory::CallMemory;
use super::progress::CallProgress;
use super::session::Session;
use super::tools::ToolName;
use crate::error::{ApiError, ErrorCode};
use crate::image_jobs::Caller;
use crate::request::within;
use crate::state::AppState;

/// Advice for language models.
const INSTRUCTIONS: &str = "Edits images: erases objects and text, selects objects, removes backgrounds, \
                            upscales. Coordinates are pixels of the upright image from its top left corner. \
                            Images are passed as base64, or as names of files in the server's folders.";

/// The MCP server. Clones share its state.
#[derive(Clone)]
pub struct McpServer {
    state: AppState,
}

/// The HTTP request of a tool call; an extension of the request.
#[derive(Clone, Debug)]
pub struct HttpCall {
    /// Client and time limit.
    pub caller: Caller,
    /// The client's session.
    pub session: Session,
    /// Memory of the request's body, then of the response.
    pub memory: CallMemory,
}

impl McpServer {
    /// Returns a server that shares `state`.
    pub fn new(state: AppState) -> Self {
        Self { state }
    }

    /// Runs a tool as a job until it ends, its deadline passes, or the client cancels it or disconnects.
    async fn run(
        &self,
        tool: ToolName,
        arguments: JsonObject,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ApiError> {
        let parts = context.extensions.get::<Parts>();
        let http = parts.and_then(|parts| parts.extensions.get::<HttpCall>());
        let (caller, memory, id) = match http {
            Some(http) => (
                http.caller.clone(),
                http.memory.clone(),
                http.session.job_id(&context.id),
            ),
            None => (self.process_caller(), CallMemory::default(), None),
        };
        let job = self.state.jobs.begin(id.unwrap_or_else(Uuid::new_v4))?;
        let progress = CallProgress::new(job.observer(), context.meta.get_progress_token());
        let call = ToolCall {
            state: &self.state,
            caller: &caller,
            memory: &memory,
            progress: &progress,
        };
        // The future is large; on the heap it is not copied when it moves.
        let work = Box::pin(tool.run(&call, arguments));
        tokio::select! {
            biased;
            () = context.ct.cancelled() => {
                Err(ApiError::new(ErrorCode::Cancelled, "the request was cancelled"))
            }
            result = job.run(within(caller.deadline, work)) => result,
            never = progress.notify(&context.peer) => match never {},
        }
    }

    /// Returns the caller of a request on stdin.
    fn process_caller(&self) -> Caller {
        let arrived = Instant::now();
        Caller {
            client: ClientKey::new("mcp"),
            arrived,
            deadline: arrived.checked_add(self.state.settings.request_timeout),
        }
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let program = Implementation::new("iopaint", env!("CARGO_PKG_VERSION")).with_title("IOPaint");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(program)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = ToolName::enabled(&self.state.plugins).map(ToolName::describe);
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = ToolName::parse(&request.name) else {
            return Err(ErrorData::invalid_params("This server has no such tool.", None));
        };
        let arguments = request.arguments.unwrap_or_default();
        let result = self.run(tool, arguments, &context).await;
        Ok(result.unwrap_or_else(|error| tool_error(&error)).into())
    }
}

/// Returns an error of the API as the result of a tool.
fn tool_error(error: &ApiError) -> CallToolResult {
    error.log();
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.detail())]);
    let mut fields = json!({ "error": error.code(), "detail": error.detail() });
    if let Some(wait) = error.retry_after() {
        fields["retry_after_s"] = wait.as_secs().max(1).into();
    }
    result.structured_content = Some(fields);
    result
}

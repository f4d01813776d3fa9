//! MCP over streamable HTTP. Behind the middleware of the API: keys, rate limit, host and origin checks.
//!
//! The bodies are read here, under the limits of the API; the SDK then handles a complete request.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use rmcp::model::RequestId;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use uuid::Uuid;

use super::http_memory::{CallMemory, MeteredBody};
use super::server::{HttpCall, McpServer};
use super::session::{MCP_SESSION_ID, Session};
use crate::error::ApiError;
use crate::middleware::client_id::ClientId;
use crate::request::{expect_json, expect_shallow, read_body};
use crate::routes::job_request::{self, RequestHead};
use crate::state::AppState;

/// Path of the endpoint.
pub const PATH: &str = "/mcp";
/// Maximum length in bytes of `initialize` requests and cancellations; longer bodies are tool calls with
/// images, which are not parsed twice.
const MAX_CONTROL_BYTES: usize = 1 << 16;

type Service = StreamableHttpService<McpServer, NeverSessionManager>;

/// Returns the route of [`PATH`].
pub fn route(state: &AppState) -> MethodRouter<AppState> {
    let server = McpServer::new(state.clone());
    // The middleware has checked host, origin and length of the body.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_max_request_body_bytes(usize::MAX)
        .with_legacy_session_mode(false)
        .with_json_response(true);
    let service = Service::new(
        move || Ok(server.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    post(
        move |State(state): State<AppState>, client: ClientId, request: Request| {
            let service = service.clone();
            async move { handle(&service, &state, &client, request).await }
        },
    )
}

async fn handle(
    service: &Service,
    state: &AppState,
    client: &ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let head = RequestHead::read(state, client, request.headers())?;
    expect_json(request.headers())?;
    let (mut parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let body = async {
        let body = read_body(request, state).await?;
        expect_shallow(&body, state.settings.bodies.content.max_json_depth)?;
        Ok(body)
    };
    let (body, reservation) = job_request::read_body(state, &head, body, Bytes::len).await?;
    let memory = CallMemory::default();
    memory.hold(reservation);
    let call = HttpCall {
        caller: head.caller,
        session: Session::of(client, &parts.headers),
        memory: memory.clone(),
    };
    let control = control_message(&body);
    if let Some(ControlMessage::Cancelled(request)) = &control
        && let Some(job) = call.session.job_id(request)
    {
        state.jobs.cancel(job).await;
    }
    parts.extensions.insert(call);
    let response = service.handle(with_body(parts, body)).await;
    let mut response = response.map(|body| Body::new(MeteredBody::new(Body::new(body), memory)));
    if matches!(control, Some(ControlMessage::Initialize)) && response.status().is_success() {
        let id = HeaderValue::from_str(&Uuid::new_v4().to_string());
        response
            .headers_mut()
            .extend(id.ok().map(|id| (MCP_SESSION_ID, id)));
    }
    Ok(response)
}

fn with_body(parts: Parts, body: Bytes) -> Request {
    Request::from_parts(parts, Body::from(body))
}

/// A message that is handled here: the SDK ignores it without stored sessions.
#[derive(Debug, PartialEq)]
enum ControlMessage {
    /// The start of a session.
    Initialize,
    /// The cancellation of a request.
    Cancelled(RequestId),
}

/// Fields of a JSON-RPC message.
#[derive(Deserialize)]
struct Message {
    method: String,
    #[serde(default)]
    params: Option<MessageParams>,
}

#[derive(Deserialize)]
struct MessageParams {
    #[serde(rename = "requestId")]
    request_id: Option<RequestId>,
}

/// Returns the message in `body`, or `None` for any other one.
fn control_message(body: &[u8]) -> Option<ControlMessage> {
    if body.len() > MAX_CONTROL_BYTES {
        return None;
    }
    let message: Message = serde_json::from_slice(body).ok()?;
    match message.method.as_str() {
        "initialize" => Some(ControlMessage::Initialize),
        "notifications/cancelled" => message.params?.request_id.map(ControlMessage::Cancelled),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        r#"{"method": "initialize", "id": 0, "params": {}}"#,
        Some(ControlMessage::Initialize)
    )]
    #[case(
        r#"{"method": "notifications/cancelled", "params": {"requestId": 7, "reason": "x"}}"#,
        Some(ControlMessage::Cancelled(RequestId::Number(7)))
    )]
    #[case(
        r#"{"method": "notifications/cancelled", "params": {"requestId": "a"}}"#,
        Some(ControlMessage::Cancelled(RequestId::String("a".into())))
    )]
    #[case(r#"{"method": "notifications/cancelled"}"#, None)]
    #[case(r#"{"method": "tools/list", "id": 1}"#, None)]
    #[case("[", None)]
    fn control_messages_are_recognised(#[case] body: &str, #[case] expected: Option<ControlMessage>) {
        assert_eq!(control_message(body.as_bytes()), expected);
    }
}

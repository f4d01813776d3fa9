//! The SDK's client, connected to a router.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use iopaint_test_support::with_deadline;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientJsonRpcMessage, ClientRequest,
    ProgressNotificationParam, ProtocolVersion, ServerResult,
};
use rmcp::service::{
    ClientInitializeError, NotificationContext, PeerRequestOptions, RequestHandle, RunningService,
};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::Value;
use sse_stream::{Error as SseError, Sse, SseStream};
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::harness::Server;

/// Sends requests to a router.
#[derive(Clone)]
struct RouterClient(Router);

/// A response with an error status.
#[derive(Debug)]
pub struct Refused(StatusCode);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for Refused {}

type HttpError = StreamableHttpError<Refused>;

impl RouterClient {
    async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.0.clone().oneshot(request).await.unwrap()
    }
}

impl StreamableHttpClient for RouterClient {
    type Error = Refused;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, HttpError> {
        let mut request = Request::post(&*uri)
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream");
        if let Some(key) = auth_header {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        if let Some(id) = session_id {
            request = request.header("mcp-session-id", &*id);
        }
        for (name, value) in custom_headers {
            request = request.header(name, value);
        }
        let body = serde_json::to_vec(&message)?;
        let response = self.send(request.body(body.into()).unwrap()).await;
        let (parts, body) = response.into_parts();
        let header = |name: &str| {
            let value = parts.headers.get(name)?.to_str().unwrap();
            Some(value.to_owned())
        };
        let (media_type, session) = (header("content-type"), header("mcp-session-id"));
        match (parts.status, media_type.as_deref()) {
            (StatusCode::ACCEPTED, _) => Ok(StreamableHttpPostResponse::Accepted),
            (status, _) if !status.is_success() => Err(StreamableHttpError::Client(Refused(status))),
            (_, Some("text/event-stream")) => Ok(StreamableHttpPostResponse::Sse(
                SseStream::new(body).boxed(),
                session,
            )),
            (..) => {
                let body = to_bytes(body, usize::MAX).await.unwrap();
                Ok(StreamableHttpPostResponse::Json(
                    serde_json::from_slice(&body)?,
                    session,
                ))
            }
        }
    }

    async fn delete_session(
        &self,
        _: Arc<str>,
        _: Arc<str>,
        _: Option<String>,
        _: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), HttpError> {
        Ok(())
    }

    async fn get_stream(
        &self,
        _: Arc<str>,
        _: Option<Arc<str>>,
        _: Option<String>,
        _: Option<String>,
        _: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, HttpError> {
        Err(StreamableHttpError::ServerDoesNotSupportSse)
    }
}

/// Passes progress notifications on.
#[derive(Clone)]
pub struct Handler(mpsc::UnboundedSender<ProgressNotificationParam>);

impl ClientHandler for Handler {
    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        // The test may not read them.
        let _ = self.0.send(progress);
    }
}

/// A connected client.
pub struct Client {
    service: RunningService<RoleClient, Handler>,
    pub progress: mpsc::UnboundedReceiver<ProgressNotificationParam>,
}

/// The versions of the protocol without sessions.
pub fn discover() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

/// Connects a client, with an API key if it is not empty.
pub async fn connect_as(
    server: &Server,
    key: &str,
    lifecycle: ClientLifecycleMode,
) -> Result<Client, ClientInitializeError> {
    let mut config = StreamableHttpClientTransportConfig::with_uri("/mcp");
    if !key.is_empty() {
        config = config.auth_header(key);
    }
    let client = RouterClient(server.router.clone());
    let transport = StreamableHttpClientTransport::with_client(client, config);
    let (sender, progress) = mpsc::unbounded_channel();
    let connected = Handler(sender).serve_with_lifecycle(transport, lifecycle);
    Ok(Client {
        service: with_deadline("the handshake", connected).await?,
        progress,
    })
}

/// Connects a client with a session.
pub async fn connect(server: &Server) -> Client {
    connect_as(server, "", ClientLifecycleMode::Initialize)
        .await
        .unwrap()
}

fn params(tool: &'static str, arguments: &Value) -> CallToolRequestParams {
    CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone())
}

impl Client {
    /// Returns the names of the tools.
    pub async fn tools(&self) -> Vec<String> {
        let tools = with_deadline("the list of tools", self.service.list_all_tools()).await;
        tools
            .unwrap()
            .into_iter()
            .map(|tool| tool.name.into_owned())
            .collect()
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &'static str, arguments: &Value) -> CallToolResult {
        let result = self.service.call_tool(params(tool, arguments));
        with_deadline("the result of a tool", result).await.unwrap()
    }

    /// Calls a tool that does not exist, and returns the error.
    pub async fn call_unknown(&self, tool: &'static str) -> String {
        let result = self.service.call_tool(CallToolRequestParams::new(tool));
        let error = with_deadline("an error", result).await.unwrap_err();
        error.to_string()
    }

    /// Calls a tool and returns the image of its result.
    pub async fn image(&self, tool: &'static str, arguments: &Value) -> image::DynamicImage {
        image_of(&self.call(tool, arguments).await)
    }

    /// Starts a call.
    pub async fn start(&self, tool: &'static str, arguments: &Value) -> RequestHandle<RoleClient> {
        let request = CallToolRequest::new(params(tool, arguments));
        let request = ClientRequest::CallToolRequest(request);
        let sent = self
            .service
            .peer()
            .send_cancellable_request(request, PeerRequestOptions::no_options());
        with_deadline("sending", sent).await.unwrap()
    }
}

/// Returns the result of a started call.
pub async fn finish(call: RequestHandle<RoleClient>) -> CallToolResult {
    let result = with_deadline("the result of a tool", call.await_response()).await;
    match result.unwrap() {
        ServerResult::CallToolResult(result) => result,
        other => panic!("{other:?}"),
    }
}

/// Returns the image of a result.
pub fn image_of(result: &CallToolResult) -> image::DynamicImage {
    let content = result.content.first().and_then(|content| content.as_image());
    let content = content.unwrap_or_else(|| panic!("{result:?}"));
    assert_eq!(content.mime_type, "image/png");
    let bytes = base64_simd::STANDARD.decode_to_vec(&content.data).unwrap();
    image::load_from_memory(&bytes).unwrap()
}

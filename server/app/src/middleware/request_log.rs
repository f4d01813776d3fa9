//! Request log: a tracing span around each request, a log line for each response, and the HTTP metrics.

use std::time::Instant;

use axum::Extension;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::request_id::RequestId;
use tracing::Instrument;

use super::client_id::ClientId;
use crate::error::ErrorCode;
use crate::events::is_socket_io;
use crate::metrics::Metrics;
use crate::telemetry::continue_trace;

/// Routes that are polled, or fetched in numbers; logged at level DEBUG.
const FREQUENT: [&str; 5] = ["/livez", "/readyz", "/metrics", PAGE, SOCKETS];
/// Route label of the page's files.
const PAGE: &str = "page";
/// Route label of Socket.IO.
const SOCKETS: &str = "/socket.io/";

/// Logs and measures each request, and propagates its trace context.
pub async fn log_request(
    State(metrics): State<Metrics>,
    client: ClientId,
    Extension(id): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let request_id = id.header_value().to_str().unwrap_or_default();
    let route = route_label(&request);
    let method = request.method().clone();
    let span = tracing::info_span!("request", request_id, %method, route);
    continue_trace(&span, request.headers());
    let responding = async {
        let response = next.run(request).await;
        let (status, elapsed) = (response.status().as_u16(), began.elapsed());
        let elapsed_ms = elapsed.as_millis() as u64;
        metrics.response_sent(&route, &method, status, elapsed);
        let code = response.extensions().get::<ErrorCode>().copied();
        if let Some(code) = code {
            metrics.request_rejected(code);
        }
        let code = code.map(ErrorCode::name).unwrap_or_default();
        if FREQUENT.contains(&route.as_str()) {
            tracing::debug!(status, elapsed_ms, %client, code, "Request completed");
        } else {
            tracing::info!(status, elapsed_ms, %client, code, "Request completed");
        }
        response
    };
    responding.instrument(span.clone()).await
}

/// Returns the pattern of the request's route. Full paths would have unbounded label cardinality and may
/// contain file names.
fn route_label(request: &Request) -> String {
    match request.extensions().get::<MatchedPath>() {
        _ if is_socket_io(request.uri().path()) => SOCKETS.to_owned(),
        Some(path) => path.as_str().to_owned(),
        None => PAGE.to_owned(),
    }
}

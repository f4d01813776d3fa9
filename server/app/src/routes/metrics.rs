//! What monitoring asks.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::state::AppState;

/// Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The server's metrics, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = OK, body = String, content_type = "text/plain")),)]
pub async fn metrics(State(state): State<AppState>) -> Response {
    let text = state.metrics.text(&state.engine.status(), &state.in_flight);
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}

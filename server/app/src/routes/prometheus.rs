//! `GET /metrics`.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::state::AppState;

/// Media type of Prometheus' text format, version 0.0.4.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Returns the metrics of the server in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = OK, body = String, content_type = "text/plain")),)]
pub async fn metrics(State(state): State<AppState>) -> Response {
    let text = state.metrics.text(&state.engine.status(), &state.in_flight);
    ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response()
}

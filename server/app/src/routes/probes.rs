//! Liveness and readiness probes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

/// Readiness of the server.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// True if a model is ready.
    pub ready: bool,
    /// Current model, once loaded.
    pub model: Option<String>,
    /// Devices that run models, for example `cuda:0`.
    pub devices: Vec<String>,
    /// Model that is being downloaded or loaded.
    pub loading: Option<LoadingStatus>,
    /// Reason why the last model failed to load.
    pub failure: Option<String>,
}

/// Progress of a model that is being downloaded or loaded.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Loading)]
pub struct LoadingStatus {
    /// Name of the model.
    pub name: String,
    /// Downloaded bytes; null unless a download is in progress.
    pub bytes: Option<u64>,
    /// Total bytes to download; null if unknown.
    pub total: Option<u64>,
}

/// Liveness probe: 200 while the model thread exists. A model thread that dies is replaced; if that fails,
/// the response is 503 and the process must be restarted.
#[utoipa::path(get, path = "/livez", tag = "health",
    responses(
        (status = OK, body = String, content_type = "text/plain"),
        (status = SERVICE_UNAVAILABLE, body = String, content_type = "text/plain"),
    ),)]
pub async fn livez(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.engine.status().alive {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the model thread is gone")
    }
}

/// Readiness probe: 200 if a model is ready, 503 before that and during shutdown.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = OK, body = Readiness), (status = SERVICE_UNAVAILABLE, body = Readiness)),
)]
pub async fn readyz(State(state): State<AppState>) -> (StatusCode, Json<Readiness>) {
    let status = state.engine.status();
    let code = if status.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Readiness {
        ready: status.ready,
        model: status.model.map(|model| model.name),
        devices: status
            .devices
            .iter()
            .map(|status| status.device.to_string())
            .collect(),
        loading: status
            .loading
            .into_iter()
            .next_back()
            .map(|loading| LoadingStatus {
                name: loading.name,
                bytes: loading.progress.map(|progress| progress.bytes),
                total: loading.progress.and_then(|progress| progress.total),
            }),
        failure: status.failure,
    };
    (code, Json(body))
}

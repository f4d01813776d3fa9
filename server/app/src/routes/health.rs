//! What an orchestrator asks: is the process alive, can it serve.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

/// How far the server is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether a model can serve now.
    pub ready: bool,
    /// The model that answers requests, once one is loaded.
    pub model: Option<String>,
    /// A model on its way, where there is one.
    pub loading: Option<Loading>,
    /// Why the last model that was tried isn't serving, where one failed.
    pub failure: Option<String>,
}

/// A model on its way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Loading {
    /// Its name.
    pub name: String,
    /// Bytes downloaded so far; null where nothing is downloaded.
    pub bytes: Option<u64>,
    /// Bytes to download in all, where that is known.
    pub total: Option<u64>,
}

/// 200 as long as the process answers and has a thread that runs models. One that dies is replaced; where that fails
/// it is 503, and only a new process helps.
#[utoipa::path(get, path = "/livez", tag = "health",
    responses(
        (status = OK, body = String, content_type = "text/plain"),
        (status = SERVICE_UNAVAILABLE, body = String, content_type = "text/plain"),
    ),)]
pub async fn livez(State(state): State<AppState>) -> (StatusCode, &'static str) {
    if state.engine.status().alive {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the model's thread is gone")
    }
}

/// 200 where a model can serve now, 503 before that and while shutting down.
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
        loading: status.loading.into_iter().next_back().map(|loading| Loading {
            name: loading.name,
            bytes: loading.progress.map(|progress| progress.bytes),
            total: loading.progress.and_then(|progress| progress.total),
        }),
        failure: status.failure,
    };
    (code, Json(body))
}

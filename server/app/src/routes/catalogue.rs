//! All models that the server knows, and downloading those that aren't here.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use iopaint_engine::{CatalogueEntry, Engine, Presence};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::state::AppState;

/// Whether a model is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// Part of the program.
    Builtin,
    /// Its file is on the server's disk.
    Ready,
    /// It isn't here.
    Absent,
    /// Its file is on its way; the event `model` tells how far.
    Downloading,
}

/// A model that the server knows, be it here or not.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KnownModel {
    /// How to ask for it.
    pub name: String,
    /// How people read it.
    pub title: String,
    /// Whether it is here.
    pub state: ModelState,
    /// Its file's length in bytes, about that where it isn't here; null where nobody knows.
    #[schema(required)]
    pub bytes: Option<u64>,
    /// The bytes that have arrived, while it is downloaded.
    #[schema(required)]
    pub downloaded: Option<u64>,
    /// The licence of its weights as an SPDX expression; null where it isn't known.
    #[schema(required)]
    pub licence: Option<String>,
    /// Whether this server could download it.
    pub downloadable: bool,
}

impl From<CatalogueEntry> for KnownModel {
    fn from(entry: CatalogueEntry) -> Self {
        let (state, downloaded) = match entry.presence {
            Presence::Builtin => (ModelState::Builtin, None),
            Presence::Ready => (ModelState::Ready, None),
            Presence::Absent => (ModelState::Absent, None),
            Presence::Downloading(progress) => (ModelState::Downloading, Some(progress.bytes)),
        };
        Self {
            name: entry.name,
            title: entry.title,
            state,
            bytes: entry.bytes,
            downloaded,
            licence: entry.licence,
            downloadable: entry.downloadable,
        }
    }
}

/// All models that the server knows. `modelInfos` of the server's configuration has those that can serve at once.
#[utoipa::path(get, path = "/models", tag = "models", responses((status = OK, body = Vec<KnownModel>)))]
pub async fn models(State(state): State<AppState>) -> Result<Json<Vec<KnownModel>>, ApiError> {
    on_disk(&state.engine, Engine::catalogue)
        .await
        .map(|entries| Json(entries.into_iter().map(KnownModel::from).collect()))
}

/// Downloads a model's file from the address that the server knows. Answers at once; nothing happens where the file is
/// here or on its way. How far it is, the Socket.IO event `model` tells.
#[utoipa::path(
    post, path = "/models/{name}/download", tag = "models",
    params(("name" = String, Path, description = "One of the names in the list of models")),
    responses(
        (status = ACCEPTED, description = "It is on its way, or here", body = KnownModel),
        (status = FORBIDDEN, description = "Downloads are forbidden on this server", body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, description = "Nobody knows an address of its file", body = ErrorBody),
        (status = SERVICE_UNAVAILABLE, body = ErrorBody),
    ),
)]
pub async fn download_model(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<KnownModel>), ApiError> {
    state.may_change_models()?;
    let model = on_disk(&state.engine, move |engine| {
        engine.download(&name)?;
        Ok(engine.catalogue().into_iter().find(|entry| entry.name == name))
    })
    .await?
    .map_err(|error: iopaint_engine::DownloadRefusal| ApiError::from(error))?;
    model
        .map(|entry| (StatusCode::ACCEPTED, Json(entry.into())))
        .ok_or_else(|| ApiError::new(ErrorCode::UnknownModel, "there is no model of this name"))
}

/// Asks the engine for what it looks up on the disk, away from the async threads.
async fn on_disk<T: Send + 'static>(
    engine: &Engine,
    ask: impl FnOnce(&Engine) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let engine = engine.clone();
    tokio::task::spawn_blocking(move || ask(&engine))
        .await
        .map_err(|_| ApiError::new(ErrorCode::Internal, "the models' files could not be looked for"))
}

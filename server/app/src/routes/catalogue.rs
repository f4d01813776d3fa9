//! Catalogue of models, and downloads.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use iopaint_engine::{CatalogueEntry, Engine, ModelTask, Presence};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::state::AppState;

/// Availability of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModelState {
    /// Built into the program.
    Builtin,
    /// Files are on the server.
    Ready,
    /// Files are not on the server.
    Absent,
    /// Files are being downloaded; the event `model` reports progress.
    Downloading,
}

/// Task of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CatalogueTask {
    /// Fills a hole from its surroundings.
    Inpaint,
    /// Separates the main object from the background.
    Segment,
    /// Selects the object at clicks or in a box.
    SegmentByPrompt,
    /// Finds text.
    DetectText,
    /// Enlarges images.
    Upscale,
    /// Restores faces.
    RestoreFaces,
}

impl From<ModelTask> for CatalogueTask {
    fn from(task: ModelTask) -> Self {
        match task {
            ModelTask::Inpaint => Self::Inpaint,
            ModelTask::Segment => Self::Segment,
            ModelTask::SegmentByPrompt => Self::SegmentByPrompt,
            ModelTask::DetectText => Self::DetectText,
            ModelTask::Upscale => Self::Upscale,
            ModelTask::RestoreFaces => Self::RestoreFaces,
        }
    }
}

/// A model of the catalogue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = KnownModel)]
pub struct CatalogueModel {
    /// Name in requests.
    pub name: String,
    /// Display name.
    pub title: String,
    /// Task; models of tasks other than `inpaint` belong to plugins.
    pub task: CatalogueTask,
    /// Availability.
    pub state: ModelState,
    /// Size of its files in bytes, approximate before the download; null if unknown.
    #[schema(required)]
    pub bytes: Option<u64>,
    /// Downloaded bytes; null unless a download is in progress.
    #[schema(required)]
    pub downloaded: Option<u64>,
    /// Licence of the weights as an SPDX expression; null if unknown.
    #[schema(required)]
    pub licence: Option<String>,
    /// True if this server can download it.
    pub downloadable: bool,
}

impl From<CatalogueEntry> for CatalogueModel {
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
            task: entry.task.into(),
            state,
            bytes: entry.bytes,
            downloaded,
            licence: entry.licence,
            downloadable: entry.downloadable,
        }
    }
}

/// Returns all models of the catalogue. `modelInfos` in the server configuration lists those that need no
/// download.
#[utoipa::path(get, path = "/models", tag = "models", responses((status = OK, body = Vec<CatalogueModel>)))]
pub async fn models(State(state): State<AppState>) -> Result<Json<Vec<CatalogueModel>>, ApiError> {
    on_disk(&state.engine, Engine::catalogue)
        .await
        .map(|entries| Json(entries.into_iter().map(CatalogueModel::from).collect()))
}

/// Starts downloading a model and returns at once. Has no effect if the model is present or being downloaded.
/// The Socket.IO event `model` reports progress.
#[utoipa::path(
    post, path = "/models/{name}/download", tag = "models",
    params(("name" = String, Path, description = "Name of a model from the catalogue")),
    responses(
        (status = ACCEPTED, description = "The download has started, or is not needed", body = CatalogueModel),
        (status = FORBIDDEN, description = "Downloads are disabled on this server", body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, description = "The model has no download address", body = ErrorBody),
        (status = SERVICE_UNAVAILABLE, body = ErrorBody),
    ),
)]
pub async fn download_model(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<CatalogueModel>), ApiError> {
    state.check_models_changeable()?;
    let model = on_disk(&state.engine, move |engine| {
        engine.download(&name)?;
        Ok(engine.catalogue().into_iter().find(|entry| entry.name == name))
    })
    .await?
    .map_err(|error: iopaint_engine::DownloadRefusal| ApiError::from(error))?;
    model
        .map(|entry| (StatusCode::ACCEPTED, Json(entry.into())))
        .ok_or_else(|| ApiError::new(ErrorCode::UnknownModel, "no model with this name"))
}

/// Runs `work`, which reads the disk, off the async threads.
pub async fn on_disk<T: Send + 'static>(
    engine: &Engine,
    work: impl FnOnce(&Engine) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let engine = engine.clone();
    tokio::task::spawn_blocking(move || work(&engine))
        .await
        .map_err(|_| ApiError::new(ErrorCode::Internal, "the model folder could not be read"))
}

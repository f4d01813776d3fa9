//! The Socket.IO event `job`: progress of an inpaint request.

use std::time::Duration;

use iopaint_engine::JobProgress;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The state of an inpaint request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Its body is being received, or it is queued.
    Queued,
    /// The model runs it.
    Running,
    /// It succeeded.
    Done,
    /// It failed; its response has the error.
    Failed,
    /// It was cancelled, or its client disconnected.
    Cancelled,
}

/// The Socket.IO event `job`. A socket that called `watch` with a job id receives the current state and each
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobEvent {
    /// The job's id.
    pub id: Uuid,
    /// The job's state. `done`, `failed` and `cancelled` are final.
    pub state: JobState,
    /// Number of jobs ahead of it, including the running one; null unless it is queued.
    #[schema(required)]
    pub position: Option<usize>,
    /// Number of completed crops, while it runs; a whole image is one crop.
    #[schema(required)]
    pub crop: Option<usize>,
    /// Total number of crops, while it runs.
    #[schema(required)]
    pub crops: Option<usize>,
    /// Estimated milliseconds until its result; null if unknown.
    #[schema(required)]
    pub eta_ms: Option<u64>,
}

impl JobState {
    /// Returns whether no other state follows.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

impl JobEvent {
    /// Returns an event without progress.
    pub(super) fn new(id: Uuid, state: JobState) -> Self {
        Self {
            id,
            state,
            position: None,
            crop: None,
            crops: None,
            eta_ms: None,
        }
    }

    /// Returns an event for progress that the engine reported.
    pub(super) fn from_progress(id: Uuid, progress: JobProgress) -> Self {
        let milliseconds = |eta: Duration| u64::try_from(eta.as_millis()).unwrap_or(u64::MAX);
        match progress {
            JobProgress::Queued { position, eta } => Self {
                position: Some(position),
                eta_ms: eta.map(milliseconds),
                ..Self::new(id, JobState::Queued)
            },
            JobProgress::Running { crop, crops, eta } => Self {
                crop: Some(crop),
                crops: Some(crops),
                eta_ms: eta.map(milliseconds),
                ..Self::new(id, JobState::Running)
            },
        }
    }
}

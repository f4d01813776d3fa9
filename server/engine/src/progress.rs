//! Progress of a job, as reported to its observer.

use std::fmt::Debug;
use std::time::Duration;

/// Progress of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobProgress {
    /// The job is in the queue.
    Queued {
        /// Number of jobs ahead of it, the running one included.
        position: usize,
        /// Estimated time until the result, from the durations of recent jobs; `None` before the first one
        /// has ended.
        eta: Option<Duration>,
    },
    /// The job is running.
    Running {
        /// Number of finished crops; a whole image counts as one crop.
        crop: usize,
        /// Total number of crops.
        crops: usize,
        /// Estimated time until the result, from the job's finished crops or the durations of recent jobs.
        eta: Option<Duration>,
    },
}

/// Receives a job's progress.
pub trait Observer: Debug + Send + Sync {
    /// Returns true if the progress has a reader. Queue positions are computed only for watched jobs; after
    /// the first reader subscribes, call [`crate::Engine::publish_queue_positions`].
    fn is_watched(&self) -> bool;

    /// Receives an update. Called on the model thread and with the engine's lock held: must return
    /// immediately and must not call the engine.
    fn observe(&self, progress: JobProgress);
}

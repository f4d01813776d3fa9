//! How far a job is, for those who watch it.

use std::fmt::Debug;
use std::time::Duration;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobProgress {
    /// It waits in the queue.
    Queued {
        /// How many jobs come before it, the one that runs included.
        position: usize,
        /// The time until its result, judged by the last jobs; `None` before there was one.
        eta: Option<Duration>,
    },
    /// It runs.
    Running {
        /// How many of its crops are done; a whole image is one crop.
        crop: usize,
        /// How many crops it has.
        crops: usize,
        /// The time until its result, judged by its own crops so far or by the last jobs.
        eta: Option<Duration>,
    },
}

/// Is told how far a job is.
pub trait Observer: Debug + Send + Sync {
    /// Whether anybody looks. Places in the queue are worked out only for jobs that are looked at; one who begins to
    /// look calls [`crate::Engine::tell_places`].
    fn is_watched(&self) -> bool;

    /// Takes the news. Called in the model's thread, and with the engine locked: it must return at once and must not
    /// call the engine.
    fn observe(&self, progress: JobProgress);
}

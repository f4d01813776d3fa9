//! One picture's way through the queue: what goes in, what comes out, and how it can end early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{ForwardError, InpaintError, InpaintOptions, InpaintOutput, Stop};
use tokio::sync::oneshot;

use crate::progress::{JobProgress, Observer};

/// A decoded picture to be filled.
#[derive(Debug)]
pub struct Work {
    /// The picture.
    pub image: RgbImage,
    /// Of the same size: 255 = to be filled, 0 = to be kept. Who writes the result may want it too.
    pub mask: Arc<GrayImage>,
    /// How it is to be filled. The engine lowers `max_forward_pixels` to what the model takes.
    pub options: InpaintOptions,
    /// When nobody waits for the result any more.
    pub deadline: Option<Instant>,
}

/// A filled picture.
#[derive(Debug)]
pub struct Done {
    /// The result and how it came about.
    pub outcome: InpaintOutput,
    /// The name of the model that answered.
    pub model: String,
    /// The time from the queue's entrance to the model.
    pub queued: Duration,
    /// The time in the model's thread.
    pub forward: Duration,
}

/// Why there is no place for a job.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// All places are taken.
    #[error("too many pictures are waiting; try again in {} seconds", retry_after.as_secs())]
    Full {
        /// When a place is likely to be free: whole seconds, at least one.
        retry_after: Duration,
    },
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// No model is loaded and none is on its way.
    #[error("no model is loaded: {0}")]
    NoModel(String),
    /// The model that was named can't serve.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a model that was asked for by name can't serve now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// There is no model of this name.
    #[error("there is no model called `{0}`")]
    Unknown(String),
    /// The model is known, but its file isn't here.
    #[error(
        "the model `{0}` is not on this machine; `iopaint download --model {0}` brings it, or put its file into the \
         model folder"
    )]
    Absent(String),
    /// The model's file is on its way.
    #[error("the model `{0}` is still being downloaded; try again in a while")]
    Downloading(String),
}

/// Why a job ended without a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// Its deadline passed, in the queue or between two crops.
    #[error("the picture was not ready in time")]
    Deadline,
    /// Its ticket was dropped.
    #[error("cancelled")]
    Cancelled,
    /// The model that was to answer could not be loaded.
    #[error("{0}")]
    NoModel(String),
    /// Image and mask don't fit together.
    #[error("{0}")]
    Input(String),
    /// Memory ran out in the model.
    #[error(
        "there was not enough memory for this picture; send a smaller one, or use the Crop or Resize strategy"
    )]
    OutOfMemory,
    /// The model failed; the text is for the log.
    #[error("{0}")]
    Model(String),
    /// The job ended by a fault of the program.
    #[error("the job ended by a fault of the program")]
    Panicked,
}

impl From<InpaintError> for JobError {
    fn from(error: InpaintError) -> Self {
        match error {
            InpaintError::Stopped(Stop::Cancelled) => Self::Cancelled,
            InpaintError::Stopped(Stop::Deadline) => Self::Deadline,
            InpaintError::Forward(ForwardError::OutOfMemory(_)) => Self::OutOfMemory,
            InpaintError::Forward(error) => Self::Model(error.to_string()),
            InpaintError::SizeMismatch { .. } | InpaintError::Empty => Self::Input(error.to_string()),
        }
    }
}

/// How many jobs may be inside, from admission to the end of the forward.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    taken: Arc<AtomicUsize>,
    limit: usize,
}

/// One place; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Places {
    pub fn new(limit: usize) -> Self {
        Self {
            taken: Arc::default(),
            limit,
        }
    }

    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    pub fn take(&self) -> Option<Place> {
        self.taken
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |taken| {
                (taken < self.limit).then_some(taken + 1)
            })
            .ok()
            .map(|_| Place(Arc::clone(&self.taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A job in the queue or in the model's thread.
#[derive(Debug)]
pub(crate) struct Job {
    pub work: Work,
    /// `None`: whichever model is the current one when its turn comes.
    pub model: Option<String>,
    pub entered: Instant,
    /// Of the request that the job is of; what is logged about it belongs there.
    pub span: tracing::Span,
    pub reply: oneshot::Sender<Result<Done, JobError>>,
    pub cancelled: Arc<AtomicBool>,
    /// Is told how far it is.
    pub observer: Option<Arc<dyn Observer>>,
    /// Held for its `Drop`.
    pub place: Place,
}

impl Job {
    /// Whether somebody wants to know how far it is.
    pub fn is_watched(&self) -> bool {
        self.observer
            .as_ref()
            .is_some_and(|observer| observer.is_watched())
    }

    /// Tells its observer how far it is.
    pub fn tell(&self, progress: JobProgress) {
        if let Some(observer) = &self.observer {
            observer.observe(progress);
        }
    }

    /// Answers and frees the place, in this order of effects: whoever has the answer finds the place free.
    pub fn answer(self, result: Result<Done, JobError>) {
        drop(self.place);
        // Nobody waits any more: the result is of no use to anyone.
        let _ = self.reply.send(result);
    }
}

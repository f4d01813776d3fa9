//! Input, output and errors of an inpainting job, and its entry in the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{ForwardError, InpaintError, InpaintOptions, InpaintOutput, Stop};
use tokio::sync::oneshot;

use crate::progress::{JobProgress, Observer};

/// A decoded image and the options to inpaint it with.
#[derive(Debug)]
pub struct JobInput {
    /// The image.
    pub image: RgbImage,
    /// Mask of the same size. Shared, because encoding the result may need it too.
    pub mask: Arc<Mask>,
    /// Inpainting options. The engine lowers `max_forward_pixels` to the model's own limit.
    pub options: InpaintOptions,
    /// Time after which the job is abandoned with [`JobError::Deadline`].
    pub deadline: Option<Instant>,
}

/// The result of a job.
#[derive(Debug)]
pub struct JobOutput {
    /// The inpainted image and the strategy that produced it.
    pub outcome: InpaintOutput,
    /// Name of the model that ran.
    pub model: String,
    /// Time in the queue.
    pub queued: Duration,
    /// Time on the model thread.
    pub forward: Duration,
}

/// Reason for which a job is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The queue is full.
    #[error("the queue is full; retry in {} seconds", retry_after.as_secs())]
    Full {
        /// Estimated time until a permit is free: whole seconds, at least one.
        retry_after: Duration,
    },
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// No model is loaded and none is being loaded.
    #[error("no model is loaded: {0}")]
    NoModel(String),
    /// The requested model can't serve.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Reason for which a model that was requested by name can't serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// No model has this name.
    #[error("there is no model called `{0}`")]
    Unknown(String),
    /// The model's files are missing.
    #[error("the model `{0}` is not on this machine")]
    Absent(String),
    /// The model's files are being downloaded.
    #[error("the model `{0}` is still being downloaded; try again later")]
    Downloading(String),
}

/// Reason for which a job ended without a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// The deadline passed, in the queue or between two crops.
    #[error("the picture was not ready in time")]
    Deadline,
    /// The future of the job was dropped.
    #[error("cancelled")]
    Cancelled,
    /// The requested model could not be loaded.
    #[error("{0}")]
    NoModel(String),
    /// Image and mask don't match.
    #[error("{0}")]
    Input(String),
    /// The model ran out of memory.
    #[error("not enough memory for this image; send a smaller image, or use the Crop or Resize strategy")]
    OutOfMemory,
    /// The model failed; the message is meant for the log.
    #[error("{0}")]
    Model(String),
    /// The job panicked.
    #[error("the job failed with an internal error; see the server log")]
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

/// A counting semaphore that bounds the jobs between admission and the end of their forward.
#[derive(Clone, Debug)]
pub(crate) struct JobPermits {
    in_use: Arc<AtomicUsize>,
    limit: usize,
}

/// A permit for one job; released when dropped.
#[derive(Debug)]
pub(crate) struct JobPermit(Arc<AtomicUsize>);

impl JobPermits {
    pub fn new(limit: usize) -> Self {
        Self {
            in_use: Arc::default(),
            limit,
        }
    }

    pub fn in_use(&self) -> usize {
        self.in_use.load(Ordering::SeqCst)
    }

    pub fn try_acquire(&self) -> Option<JobPermit> {
        self.in_use
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |in_use| {
                (in_use < self.limit).then_some(in_use + 1)
            })
            .ok()
            .map(|_| JobPermit(Arc::clone(&self.in_use)))
    }
}

impl Drop for JobPermit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A job in the queue or on the model thread.
#[derive(Debug)]
pub(crate) struct Job {
    pub input: JobInput,
    /// `None`: the model that is current when the job starts.
    pub model: Option<String>,
    pub queued_at: Instant,
    /// Span of the request, the parent of the job's log lines.
    pub span: tracing::Span,
    pub reply: oneshot::Sender<Result<JobOutput, JobError>>,
    pub cancelled: Arc<AtomicBool>,
    pub observer: Option<Arc<dyn Observer>>,
    /// Held for its `Drop`.
    pub permit: JobPermit,
}

impl Job {
    /// Returns true if the job's progress has a reader.
    pub fn is_watched(&self) -> bool {
        self.observer
            .as_ref()
            .is_some_and(|observer| observer.is_watched())
    }

    /// Passes `progress` to the observer, if there is one.
    pub fn report(&self, progress: JobProgress) {
        if let Some(observer) = &self.observer {
            observer.observe(progress);
        }
    }

    /// Releases the permit and then sends the result, so that a client with a result can be admitted again.
    pub fn finish(self, result: Result<JobOutput, JobError>) {
        drop(self.permit);
        // Fails if the receiver was dropped; the result is not needed then.
        let _ = self.reply.send(result);
    }
}

//! Input, output and errors of a job.

use std::sync::Arc;
use std::time::{Duration, Instant};

use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{ForwardError, InpaintError, InpaintOptions, InpaintOutput, Stop};

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
pub struct JobOutput<T = InpaintOutput> {
    /// The result of the work; of a fill, the inpainted image and the strategy that produced it.
    pub outcome: T,
    /// The model that ran, and the durations.
    pub run: RunStats,
}

/// The model of a finished job, and its durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunStats {
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
            InpaintError::Stopped(stop) => ForwardError::Stopped(stop).into(),
            InpaintError::Forward(error) => error.into(),
            InpaintError::SizeMismatch { .. } | InpaintError::Empty => Self::Input(error.to_string()),
        }
    }
}

impl From<ForwardError> for JobError {
    fn from(error: ForwardError) -> Self {
        match error {
            ForwardError::Stopped(Stop::Cancelled) => Self::Cancelled,
            ForwardError::Stopped(Stop::Deadline) => Self::Deadline,
            ForwardError::OutOfMemory(_) => Self::OutOfMemory,
            ForwardError::Failed(_) => Self::Model(error.to_string()),
        }
    }
}

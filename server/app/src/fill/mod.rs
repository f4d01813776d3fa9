//! The steps that fill one image: admit, decode, run, compose, encode. `POST /api/v1/inpaint` and `iopaint
//! run` share them; each adds its own input, output and error format.

mod input;
mod original_file;
mod result;
#[cfg(test)]
mod tests;

pub use input::{FillInput, MaskGrowth, MaskRule, decode};
pub use result::{EncodedResult, FilledImage, ModelRun, OutputForm};

use std::sync::Arc;

use iopaint_engine::{AdmittedJob, ClientKey, Engine, JobError, Observer, Rejection};
use iopaint_imaging::{DecodeError, PatchError};

use crate::codec::CodecPanicked;

/// An error of one of the steps.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The engine rejected the job.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The image can't be decoded.
    #[error(transparent)]
    Image(DecodeError),
    /// The mask can't be decoded.
    #[error(transparent)]
    Mask(DecodeError),
    /// Image and mask differ in size (width, height in pixels).
    #[error("The image is {}x{} pixels and the mask {}x{}; they must have the same size.", image.0, image.1, mask.0, mask.1)]
    SizeMismatch {
        /// Size of the image.
        image: (u32, u32),
        /// Size of the mask.
        mask: (u32, u32),
    },
    /// The job failed in the queue or in the model.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The result can't be encoded.
    #[error(transparent)]
    Encode(#[from] PatchError),
    /// A codec panicked.
    #[error(transparent)]
    Codec(#[from] CodecPanicked),
}

/// Reserves a job permit for `client`, with `model` or the current model. The permit is released when the job
/// ends or the returned value is dropped.
///
/// # Errors
/// Returns [`FillError::Rejected`] if the queue is full, the server is shutting down or the model is
/// unavailable.
pub fn admit(
    engine: &Engine,
    client: ClientKey,
    model: Option<&str>,
    observer: Option<Arc<dyn Observer>>,
) -> Result<AdmittedJob, FillError> {
    let admitted = engine.admit(client, model)?;
    Ok(match observer {
        Some(observer) => admitted.observed_by(observer),
        None => admitted,
    })
}

//! How a run over one picture is watched and stopped, and how it ends.

use std::ops::ControlFlow;

use iopaint_imaging::RgbImage;

use crate::ForwardError;

/// Why a run was stopped between two forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nobody waits for the result any more.
    Cancelled,
    /// The time allowed has passed.
    Deadline,
}

/// Asked whether to go on: before every forward, and within it by models that work in steps. A network's forward
/// can't be interrupted.
pub trait Monitor {
    /// `done` of `total` crops are finished; a whole image is one crop.
    fn crop(&self, done: usize, total: usize) -> ControlFlow<Stop>;

    /// `done` of `total` steps of the current forward are finished.
    fn step(&self, done: usize, total: usize) -> ControlFlow<Stop>;
}

/// A monitor that never stops a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmonitored;

impl Monitor for Unmonitored {
    fn crop(&self, _done: usize, _total: usize) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }

    fn step(&self, _done: usize, _total: usize) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }
}

/// A finished run.
#[derive(Clone, Debug)]
pub struct InpaintOutput {
    /// The filled image, of the input's size.
    pub image: RgbImage,
    /// Whether a region was over the limit on a forward's pixels and ran scaled down.
    pub scaled: bool,
    /// The forwards that ran.
    pub crops: usize,
}

/// A run that ended without a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InpaintError {
    /// Image and mask differ in size (width, height in pixels).
    #[error("the image is {}x{} pixels, its mask {}x{}", image.0, image.1, mask.0, mask.1)]
    SizeMismatch {
        /// The image's width and height.
        image: (u32, u32),
        /// The mask's width and height.
        mask: (u32, u32),
    },
    /// The image has no pixels.
    #[error("the image has no pixels")]
    Empty,
    /// The monitor asked to stop.
    #[error("stopped before the result was ready")]
    Stopped(Stop),
    /// The model failed.
    #[error(transparent)]
    Forward(ForwardError),
}

impl From<ForwardError> for InpaintError {
    fn from(error: ForwardError) -> Self {
        match error {
            ForwardError::Stopped(stop) => Self::Stopped(stop),
            error => Self::Forward(error),
        }
    }
}

//! Result and errors of a run over one image.

use iopaint_imaging::RgbImage;

use crate::{ForwardError, Stop};

/// The result of a run.
#[derive(Clone, Debug)]
pub struct InpaintOutput {
    /// The filled image, in the input's size.
    pub image: RgbImage,
    /// True if a region ran scaled down because it exceeded the limit on a forward pass or memory ran out.
    pub scaled: bool,
    /// The number of regions that ran.
    pub crops: usize,
}

impl InpaintOutput {
    /// Returns the result of a run that filled `image` in place.
    #[must_use]
    pub fn new(image: RgbImage, InpaintRun { scaled, crops }: InpaintRun) -> Self {
        Self { image, scaled, crops }
    }
}

/// The regions of a run over one image.
#[derive(Clone, Copy, Debug, Default)]
pub struct InpaintRun {
    /// True if a region ran scaled down because it exceeded the limit on a forward pass or memory ran out.
    pub scaled: bool,
    /// The number of regions that ran.
    pub crops: usize,
}

/// The failure of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InpaintError {
    /// Image and mask differ in size.
    #[error(
        "the image is {}x{} pixels and the mask {}x{}; both must have the same size",
        image.0, image.1, mask.0, mask.1
    )]
    SizeMismatch {
        /// Width and height of the image, in pixels.
        image: (u32, u32),
        /// Width and height of the mask, in pixels.
        mask: (u32, u32),
    },
    /// The image has no pixels.
    #[error("the image has no pixels")]
    Empty,
    /// The monitor stopped the run.
    #[error("the run was stopped before it finished")]
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

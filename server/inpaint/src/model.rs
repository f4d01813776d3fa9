//! The interface between the pipeline and models.

use iopaint_imaging::{Coverage, RgbImage};

use crate::{InpaintOptions, Monitor, Stop};

/// The image sizes that a model accepts. The pipeline pads images to them (see [`crate::inpaint`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// Both sides are multiples of this many pixels; 0 and 1 mean no constraint.
    pub modulo: u32,
    /// The smallest side in pixels, rounded up to a multiple of `modulo`.
    pub min_size: u32,
    /// Both sides have the length of the longer one.
    pub square: bool,
}

impl Padding {
    /// Returns the length in pixels that a side of `side` pixels is padded to, ignoring `square`.
    pub(crate) fn side(self, side: u32) -> u64 {
        let modulo = u64::from(self.modulo.max(1));
        u64::from(side.max(self.min_size)).div_ceil(modulo) * modulo
    }

    /// Returns true if an image of `width` x `height` pixels needs no padding.
    #[must_use]
    pub fn accepts(self, width: u32, height: u32) -> bool {
        self.size(width, height) == (u64::from(width), u64::from(height))
    }

    /// Returns width and height in pixels that an image of `width` x `height` pixels is padded to.
    pub(crate) fn size(self, width: u32, height: u32) -> (u64, u64) {
        let (width, height) = (self.side(width), self.side(height));
        if self.square {
            (width.max(height), width.max(height))
        } else {
            (width, height)
        }
    }
}

/// The input window of a model that was trained on images of one size. It replaces the caller's strategy.
///
/// An image of exactly `side` x `side` pixels runs whole. In all other images, each outer component of the
/// hole is cropped with `margin` pixels of context, scaled down until its longer side is at most `side`, run
/// and scaled back. Only the hole is taken from the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The side of the training images, in pixels.
    pub side: u32,
    /// Pixels of context on every side of a component of the hole.
    pub margin: u32,
}

/// A loaded model that fills the hole of an image. One forward pass of a handle runs at a time, on the thread
/// that owns it.
pub trait Inpainter: Send {
    /// Returns the image sizes that this model accepts.
    fn padding(&self) -> Padding;

    /// Returns the input window of a model that was trained on images of one size; `None` for models that
    /// follow the caller's strategy.
    fn window(&self) -> Option<Window> {
        None
    }

    /// Returns the largest forward pass of this model in pixels (width x height after padding); `None` if
    /// only the caller's limit applies.
    fn max_forward_pixels(&self) -> Option<u64> {
        None
    }

    /// Returns the largest distance in pixels from a hole pixel to the nearest known pixel at which
    /// [`crate::HdStrategy::Auto`] still runs a component of the hole at full size; deeper ones run scaled
    /// down.
    ///
    /// The default suits networks that were trained on crops of 256 to 512 pixels: a deeper pixel lies
    /// farther from known pixels than in any training image.
    fn max_hole_depth_px(&self) -> f32 {
        128.0
    }

    /// Returns another handle of the model, whose forward passes on another thread may overlap with those of
    /// this one and use the same weights. `None` if the passes of this model must not overlap.
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        None
    }

    /// Fills the hole and returns an image of the same size. `image` and `mask` have one size, which
    /// satisfies [`Inpainter::padding`]. Masks that were scaled have soft coverage; the model binarizes them
    /// by a [`Threshold`](iopaint_imaging::Threshold).
    ///
    /// # Errors
    /// [`ForwardError`] if the model fails or the monitor stops it; the pipeline returns it to its caller.
    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError>;

    /// Returns true if [`Inpainter::forward_batch`] runs several images in one pass. The results of such a
    /// model depend on neither the [`Context`] nor the other images of a batch, except for rounding.
    fn runs_batches(&self) -> bool {
        false
    }

    /// Fills the holes of several images, all of one size, in the order of `inputs`; by default one by one.
    ///
    /// # Errors
    /// Those of [`Inpainter::forward`], for the whole batch.
    fn forward_batch(
        &mut self,
        inputs: &[(&RgbImage, &Coverage)],
        context: &Context<'_>,
    ) -> Result<Vec<RgbImage>, ForwardError> {
        inputs
            .iter()
            .map(|(image, mask)| self.forward(image, mask, context))
            .collect()
    }
}

/// The inputs of a forward pass besides its pixels.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The caller's options.
    pub options: &'a InpaintOptions,
    /// Receives the progress of models that work in steps, and may stop them.
    pub monitor: &'a dyn Monitor,
}

/// The failure of a forward pass.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardError {
    /// The model failed. The message is meant for the log.
    #[error("{0}")]
    Failed(String),
    /// Out of memory; a smaller forward pass may succeed. The message is meant for the log.
    #[error("{0}")]
    OutOfMemory(String),
    /// The monitor stopped the run.
    #[error("the run was stopped before it finished")]
    Stopped(Stop),
}

impl From<Stop> for ForwardError {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

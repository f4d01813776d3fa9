//! What a loaded model is to the pipeline: pixels in, pixels out.

use iopaint_imaging::{GrayImage, RgbImage};

use crate::{Monitor, Options, Stop};

/// The sides a model accepts; the pipeline pads images to them (see [`crate::inpaint`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padding {
    /// Both sides become multiples of this many pixels; 0 and 1 ask for nothing.
    pub modulo: u32,
    /// Neither side is shorter than this many pixels (rounded up to a multiple of `modulo`).
    pub min_size: u32,
    /// Both sides become as long as the longer one.
    pub square: bool,
}

impl Padding {
    /// The length in pixels that a side of `side` pixels is padded to, `square` left aside.
    pub(crate) fn side(self, side: u32) -> u64 {
        let modulo = u64::from(self.modulo.max(1));
        u64::from(side.max(self.min_size)).div_ceil(modulo) * modulo
    }

    /// Whether an image of `width` x `height` needs no padding.
    #[must_use]
    pub fn accepts(self, width: u32, height: u32) -> bool {
        self.size(width, height) == (u64::from(width), u64::from(height))
    }

    /// Width and height in pixels that an image of `width` x `height` is padded to.
    pub(crate) fn size(self, width: u32, height: u32) -> (u64, u64) {
        let (width, height) = (self.side(width), self.side(height));
        if self.square {
            (width.max(height), width.max(height))
        } else {
            (width, height)
        }
    }
}

/// How a model sees every part of the hole that was trained on images of one size.
///
/// An image of exactly `side` x `side` runs whole. Of any other each outer part of the hole is cut out with `margin`
/// pixels of context, scaled down so that its longer side is `side` if it is longer, run, and scaled back; only the
/// hole is taken from the result. The caller's strategy doesn't count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The side in pixels of the images that the model was trained on.
    pub side: u32,
    /// Pixels of context on every side of a part of the hole.
    pub margin: u32,
}

/// A loaded model that fills the hole of an image. One forward runs at a time, on the thread that owns the model.
pub trait Inpainter: Send {
    /// The sides this model accepts.
    fn padding(&self) -> Padding;

    /// The window through which this model sees the hole; `None` where the caller's strategy counts.
    fn window(&self) -> Option<Window> {
        None
    }

    /// The largest forward in pixels (width x height after padding) that this model can take; `None` where only
    /// the server's own limit counts.
    fn max_forward_pixels(&self) -> Option<u64> {
        None
    }

    /// How far from anything known the middle of a hole may be, in pixels, for [`crate::HdStrategy::Auto`] to run it at
    /// its own size. Networks are trained on crops of 256 to 512 pixels of which a part is missing; over more than this
    /// they have nothing to go on.
    fn max_hole_depth_px(&self) -> f32 {
        128.0
    }

    /// Fills the hole. `image` and `mask` are of one size, padded as [`Inpainter::padding`] asks; mask 0 is to be
    /// kept and 255 to be filled, and after a scaling there are values between. Returns RGB of the same size.
    ///
    /// # Errors
    /// [`ForwardError`] where the model fails or is stopped; the pipeline hands it on.
    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &GrayImage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError>;
}

/// What a forward may know besides its pixels.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What the caller chose for this picture.
    pub options: &'a Options,
    /// Told of steps within a forward by models that have some, and asked whether to go on.
    pub monitor: &'a dyn Monitor,
}

/// A model's forward that gave no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardError {
    /// The model failed; the text is for the log.
    #[error("{0}")]
    Failed(String),
    /// Memory ran out, so that a smaller forward may succeed; the text is for the log.
    #[error("{0}")]
    OutOfMemory(String),
    /// The monitor asked to stop.
    #[error("stopped before the result was ready")]
    Stopped(Stop),
}

impl From<Stop> for ForwardError {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop)
    }
}

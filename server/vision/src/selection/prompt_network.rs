//! The interface of networks that take prompts, such as SAM.

use iopaint_imaging::RgbImage;
use iopaint_inpaint::{ForwardError, Monitor};

use crate::Tensor;

/// The features of an image, in the layout of the network that computed them.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(pub Vec<Tensor>);

impl Embedding {
    /// Returns the memory in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|tensor| size_of_val(tensor.values())).sum()
    }
}

/// The position of an image in the square input of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFrame {
    /// The image is scaled so that its longer side has this many pixels, and lies in the upper left corner.
    LongSide(u32),
    /// The image is stretched to a square with this side in pixels.
    Stretched(u32),
}

impl InputFrame {
    /// Returns the side of the square in pixels.
    #[must_use]
    pub fn side(self) -> u32 {
        match self {
            Self::LongSide(side) | Self::Stretched(side) => side,
        }
    }

    /// Returns the size that a non-empty image of `size` (width, height in pixels) has in the square.
    #[must_use]
    pub fn scaled_size(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self {
            Self::LongSide(side) => {
                let scale = f64::from(side) / f64::from(width.max(height));
                let scaled = |side: u32| ((f64::from(side) * scale + 0.5) as u32).max(1);
                (scaled(width), scaled(height))
            }
            Self::Stretched(side) => (side, side),
        }
    }
}

/// A click in the coordinates of the network's input, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PromptPoint {
    /// Column.
    pub x: f32,
    /// Row.
    pub y: f32,
    /// True if the point belongs to the object.
    pub positive: bool,
}

/// A network that computes features of an image once, and then the mask of an object for each prompt. One
/// pass runs at a time, on the thread that owns the network.
pub trait PromptNetwork: Send {
    /// Returns the position of images in the network's input.
    fn frame(&self) -> InputFrame;

    /// Computes the features of a non-empty image.
    ///
    /// # Errors
    /// [`ForwardError`] if the network fails, runs out of memory or is stopped by the monitor.
    fn encode(&mut self, image: &RgbImage, monitor: &dyn Monitor) -> Result<Embedding, ForwardError>;

    /// Returns the logits of an object's mask, `[H, W]` for the whole input; positive inside the object.
    /// There is a point or a box. `area`: left, top, right and bottom of a box in the input's coordinates.
    ///
    /// # Errors
    /// [`ForwardError`] if the embedding is that of another network, or the network fails.
    fn decode(
        &mut self,
        embedding: &Embedding,
        points: &[PromptPoint],
        area: Option<[f32; 4]>,
    ) -> Result<Tensor, ForwardError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_fit_into_the_frame() {
        let long = InputFrame::LongSide(1024);
        for (size, expected) in [
            ((2048, 1000), (1024, 500)),
            ((300, 200), (1024, 683)),
            ((200, 300), (683, 1024)),
            ((9000, 1), (1024, 1)),
        ] {
            assert_eq!(long.scaled_size(size), expected);
        }
        assert_eq!(InputFrame::Stretched(64).scaled_size((3, 9)), (64, 64));
    }
}

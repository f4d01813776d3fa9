//! The interface between the algorithms and the runtimes that execute networks.

use iopaint_inpaint::ForwardError;

use crate::Tensor;

/// A loaded network with one input. One forward pass runs at a time, on the thread that owns the network.
pub trait Network: Send {
    /// Runs the network on a batch of images of shape `[N, C, H, W]` and returns its outputs, in the order of
    /// the model file.
    ///
    /// # Errors
    /// [`ForwardError`] if the network rejects the shape, fails or runs out of memory.
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError>;

    /// Returns the network that segments the strokes of text in the regions that this one detects; `None` for
    /// networks with another task.
    fn strokes(&mut self) -> Option<&mut dyn Network> {
        None
    }

    /// Returns the ratio of the output's sides to the input's; 1 unless the network enlarges images.
    fn scale(&self) -> u32 {
        1
    }

    /// Returns the ratio of the sides of the largest feature map to the input's, which determines the memory
    /// of a forward pass; 1 unless the network enlarges images.
    fn feature_scale(&self) -> u32 {
        1
    }
}

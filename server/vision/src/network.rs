//! The interface between the algorithms and the runtimes that execute networks.

use iopaint_inpaint::ForwardError;

use crate::Tensor;

/// A loaded network with one input, used by the thread that owns it.
pub trait Network: Send {
    /// Runs the network on a batch of images of shape `[N, C, H, W]` and returns its outputs, in the order of
    /// the model file.
    ///
    /// # Errors
    /// [`ForwardError`] if the network rejects the shape, fails or runs out of memory.
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError>;

    /// Runs the network on each of `inputs`, at the same time if the runtime can, and returns the outputs of
    /// each, in the same order.
    ///
    /// # Errors
    /// Those of [`Network::forward`].
    fn forward_all(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Vec<Tensor>>, ForwardError> {
        inputs.into_iter().map(|input| self.forward(input)).collect()
    }

    /// Returns the network that segments the strokes of text in the regions that this one detects; `None` for
    /// networks with another task.
    fn strokes(&mut self) -> Option<&mut dyn Network> {
        None
    }

    /// Returns the networks that restore faces; `None` for networks with another task.
    fn faces(&mut self) -> Option<FaceStages<'_>> {
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

/// The networks of the stages in which faces are restored.
///
/// - The detector (`RetinaFace`) maps `[1, 3, H, W]`, BGR in 0..255 minus the mean, to `[1, N, 16]`: offsets
///   of a box (4), probabilities of background and face (2) and offsets of 5 landmarks (10) for each prior
///   box.
/// - The restorer maps an aligned face, `[1, 3, 512, 512]` RGB in -1..1, to another of the same shape.
/// - The parser maps an aligned face to the logits of its classes, `[1, 19, 512, 512]`.
pub struct FaceStages<'a> {
    /// Finds faces and their landmarks.
    pub detector: &'a mut dyn Network,
    /// Restores an aligned face.
    pub restorer: &'a mut dyn Network,
    /// Segments an aligned face.
    pub parser: &'a mut dyn Network,
}

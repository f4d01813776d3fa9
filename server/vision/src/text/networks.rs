//! The networks of text: one detects regions, the other segments the strokes in them.

use iopaint_inpaint::ForwardError;

use crate::{Network, Tensor};

/// A text detector with the network that segments the strokes of its regions.
pub struct TextNetworks {
    detector: Box<dyn Network>,
    strokes: Box<dyn Network>,
}

impl TextNetworks {
    /// Joins two networks. See `detect_text` and `text_mask` for their shapes.
    #[must_use]
    pub fn new(detector: Box<dyn Network>, strokes: Box<dyn Network>) -> Self {
        Self { detector, strokes }
    }
}

impl Network for TextNetworks {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        self.detector.forward(input)
    }

    fn forward_all(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Vec<Tensor>>, ForwardError> {
        self.detector.forward_all(inputs)
    }

    fn strokes(&mut self) -> Option<&mut dyn Network> {
        Some(self.strokes.as_mut())
    }
}

//! The last layers of SAM's image encoders, which reduce the channels.

use tch::{TchError, Tensor};

use super::layers::{Convolution, FEATURE_EPSILON, Linear, Norm, length};
use crate::weights::{NetworkLoadError, Weights};

/// A pointwise convolution and one of 3 x 3 pixels, each with a layer normalization.
pub(super) struct Neck {
    pointwise: Linear,
    norm1: Norm,
    convolution: Convolution,
    norm2: Norm,
}

impl Neck {
    /// Takes the weights named `image_encoder.neck.*`. Returns the number of output channels too.
    pub fn take(weights: &mut Weights<'_>, channels: usize) -> Result<(Self, usize), NetworkLoadError> {
        let name = "image_encoder.neck";
        let outputs = length(weights, &format!("{name}.0.weight"), 4, 0)?;
        let pointwise = weights.take(&format!("{name}.0.weight"), &[outputs, channels, 1, 1])?;
        let convolution = weights.take(&format!("{name}.2.weight"), &[outputs, outputs, 3, 3])?;
        let neck = Self {
            pointwise: Linear::of_pointwise(&pointwise, None)?,
            norm1: Norm::take(weights, &format!("{name}.1"), outputs, FEATURE_EPSILON)?,
            convolution: Convolution::new(&convolution, None, 1, 1)?,
            norm2: Norm::take(weights, &format!("{name}.3"), outputs, FEATURE_EPSILON)?,
        };
        Ok((neck, outputs))
    }

    pub fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        let image = self.norm1.forward(&self.pointwise.forward(image)?)?;
        self.norm2.forward(&self.convolution.forward(&image)?)
    }
}

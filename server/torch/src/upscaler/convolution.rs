//! Convolutions of 3 x 3 pixels with biases.

use tch::Tensor;

use crate::weights::{NetworkLoadError, Weights};

/// Sides of all convolution kernels, in pixels.
const KERNEL: usize = 3;

/// A convolution's filters `[out, in, 3, 3]` and biases `[out]`.
pub(super) struct Convolution {
    pub weight: Tensor,
    pub bias: Tensor,
    pub outputs: usize,
}

impl Convolution {
    /// Takes the filters and biases of the convolution `name`.
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: weights.take(&format!("{name}.weight"), &[outputs, inputs, KERNEL, KERNEL])?,
            bias: weights.take(&format!("{name}.bias"), &[outputs])?,
            outputs,
        })
    }

    /// Multiplies filters and biases, which scales the result.
    pub fn scaled(&self, factor: f64) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: self.weight.f_mul_scalar(factor)?,
            bias: self.bias.f_mul_scalar(factor)?,
            outputs: self.outputs,
        })
    }
}

/// Returns the number of output channels of a convolution that wasn't taken yet.
pub(super) fn output_channels(weights: &Weights<'_>, name: &str) -> Result<usize, NetworkLoadError> {
    let weight = format!("{name}.weight");
    match weights.shape(&weight) {
        Some(&[outputs, inputs, KERNEL, KERNEL]) if outputs > 0 && inputs > 0 => Ok(outputs),
        Some(found) => Err(NetworkLoadError::Shape {
            found: found.to_vec(),
            expected: String::from("[outputs, inputs, 3, 3]"),
            name: weight,
        }),
        None => Err(NetworkLoadError::Missing(weight)),
    }
}

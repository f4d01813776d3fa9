//! Convolutions.

use tch::{TchError, Tensor};

use crate::weights::{NetworkLoadError, Weights};

/// Sides of the convolution kernels of [`Convolution::take`], in pixels.
const KERNEL: usize = 3;

/// A convolution's filters `[out, in, rows, columns]` and biases `[out]`. The input is padded by zeros.
pub(crate) struct Convolution {
    pub weight: Tensor,
    pub bias: Option<Tensor>,
    pub outputs: usize,
    /// Step of the filter, in pixels.
    pub stride: usize,
    /// Pixels of zeros on each side.
    pub padding: usize,
    /// Distance of the filter's taps, in pixels.
    pub dilation: usize,
}

impl Convolution {
    /// Takes the filters and biases of the convolution `name` of 3 x 3 pixels, which keeps the size.
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            bias: Some(weights.take(&format!("{name}.bias"), &[outputs])?),
            ..Self::take_filters(weights, name, inputs, outputs, KERNEL)?
        })
    }

    /// Takes the filters of the convolution `name` of `kernel` x `kernel` pixels without biases, which keeps
    /// the size if `kernel` is odd.
    pub fn take_filters(
        weights: &mut Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
        kernel: usize,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: weights.take(&format!("{name}.weight"), &[outputs, inputs, kernel, kernel])?,
            bias: None,
            outputs,
            stride: 1,
            padding: kernel / 2,
            dilation: 1,
        })
    }

    /// Multiplies filters and biases, which scales the result.
    pub fn scaled(self, factor: f64) -> Result<Self, TchError> {
        Ok(Self {
            weight: self.weight.f_mul_scalar(factor)?,
            bias: self.bias.map(|bias| bias.f_mul_scalar(factor)).transpose()?,
            ..self
        })
    }

    /// Returns the arguments of `torch.conv2d` from the stride to the dilation.
    pub(super) fn geometry(&self) -> String {
        let [stride, padding, dilation] =
            [self.stride, self.padding, self.dilation].map(|value| format!("[{value}, {value}]"));
        format!("{stride}, {padding}, {dilation}")
    }
}

/// Returns the number of output channels of a convolution of 3 x 3 pixels that wasn't taken yet.
pub(crate) fn output_channels(weights: &Weights<'_>, name: &str) -> Result<usize, NetworkLoadError> {
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

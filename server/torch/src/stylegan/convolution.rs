//! Convolutions with fixed filters.

use super::{GAIN, Layers, SLOPE};
use crate::program::{Convolution, Image};
use crate::weights::NetworkLoadError;

/// The change of the size in a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resampling {
    /// The size is kept.
    Keep,
    /// Both sides are halved.
    Halve,
    /// Both sides are doubled.
    Double,
}

impl Layers<'_, '_> {
    /// Adds the convolution `name` of `kernel` x `kernel` pixels (3 x 3 if the size changes) with a leaky
    /// `ReLU`, whose values are clamped to `limit` around zero.
    pub fn convolution(
        &mut self,
        input: Image,
        name: &str,
        [kernel, outputs]: [usize; 2],
        resampling: Resampling,
        limit: Option<f64>,
    ) -> Result<Image, NetworkLoadError> {
        let gain = GAIN / ((input.channels * kernel * kernel) as f64).sqrt();
        let filters = Convolution::take_filters(self.weights, name, input.channels, outputs, kernel)?;
        let bias = self
            .weights
            .take(&format!("{name}.bias"), &[outputs])?
            .f_mul_scalar(GAIN)?;
        let filter = self.take_filter(name)?;
        let convolution = filters.scaled(gain)?;
        let sum = match resampling {
            Resampling::Keep => self.program.convolve(
                &[input],
                Convolution {
                    bias: Some(bias),
                    ..convolution
                },
            )?,
            Resampling::Halve => {
                let smoothed = self.smoothed(input, &filter, 1.0, 2)?;
                let convolution = Convolution {
                    bias: Some(bias),
                    stride: 2,
                    padding: 0,
                    ..convolution
                };
                self.program.convolve(&[smoothed], convolution)?
            }
            Resampling::Double => {
                let weight = convolution.weight.f_flip([2, 3])?.f_transpose(0, 1)?;
                let doubled = self.transposed(input, &weight, outputs)?;
                let smoothed = self.smoothed(doubled, &filter, 4.0, 1)?;
                let bias = self.program.constant(bias.f_view([1, -1, 1, 1])?);
                self.program.assign(outputs, &format!("{smoothed} + {bias}"))
            }
        };
        let activated = self.program.leaky_relu(sum, SLOPE);
        Ok(self.clamped(activated, limit))
    }

    /// Adds a transposed convolution by the filters `[in, out, 3, 3]`. The sides are `2 * side + 1`.
    pub(super) fn transposed(
        &mut self,
        input: Image,
        weight: &tch::Tensor,
        outputs: usize,
    ) -> Result<Image, NetworkLoadError> {
        let weight = self.program.constant(weight.f_contiguous()?);
        let expression =
            format!("torch.conv_transpose2d({input}, {weight}, None, [2, 2], [0, 0], [0, 0], 1, [1, 1])");
        Ok(self.program.assign(outputs, &expression))
    }
}

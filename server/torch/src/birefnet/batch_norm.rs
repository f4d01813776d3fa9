//! Batch normalization, folded into the convolution before it.

use tch::{TchError, Tensor};

use crate::weights::{NetworkLoadError, Weights};

/// `torch.nn.BatchNorm2d`'s constant that avoids divisions by zero.
const EPSILON: f64 = 1e-5;

/// The map x * factor + shift of each channel.
pub(super) struct BatchNorm {
    factor: Tensor,
    pub shift: Tensor,
}

impl BatchNorm {
    /// Takes the weights and statistics of `name`.
    pub fn take(weights: &mut Weights<'_>, name: &str, channels: usize) -> Result<Self, NetworkLoadError> {
        let mut property = |property: &str| weights.take(&format!("{name}.{property}"), &[channels]);
        let (scale, shift) = (property("weight")?, property("bias")?);
        let (mean, variance) = (property("running_mean")?, property("running_var")?);
        weights.discard(&format!("{name}.num_batches_tracked"));
        let factor = scale.f_div(&variance.f_add_scalar(EPSILON)?.f_sqrt()?)?;
        Ok(Self {
            shift: shift.f_sub(&mean.f_mul(&factor)?)?,
            factor,
        })
    }

    /// Returns the weights `[outputs, inputs, side, side]` of a convolution, scaled.
    pub fn scaled(&self, weight: &Tensor) -> Result<Tensor, TchError> {
        weight.f_mul(&self.factor.f_view([-1, 1, 1, 1])?)
    }

    /// Returns the bias of a convolution with the bias `bias`, normalized.
    pub fn shifted(&self, bias: &Tensor) -> Result<Tensor, TchError> {
        bias.f_mul(&self.factor)?.f_add(&self.shift)
    }
}

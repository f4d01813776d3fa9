//! Fully connected layers.

use tch::Tensor;

use super::{GAIN, Layers, SLOPE};
use crate::program::Image;
use crate::weights::{NetworkLoadError, Weights};

/// The function behind a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    Linear,
    LeakyRelu,
}

/// Multiplier of the mapping network's learning rate.
const MAPPING_RATE: f64 = 0.01;

/// The weights `[outputs, inputs]` and biases `[outputs]` of a fully connected layer, with all factors.
pub(crate) struct Dense {
    weight: Tensor,
    bias: Tensor,
    activation: Activation,
}

impl Dense {
    /// Takes the layer `name`. `rate`: the multiplier of its learning rate, by which its stored weights were
    /// divided.
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        [inputs, outputs]: [usize; 2],
        rate: f64,
        activation: Activation,
    ) -> Result<Self, NetworkLoadError> {
        let gain = match activation {
            Activation::Linear => 1.0,
            Activation::LeakyRelu => GAIN,
        };
        let weight = weights.take(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = weights.take(&format!("{name}.bias"), &[outputs])?;
        Ok(Self {
            weight: weight.f_mul_scalar(gain * rate / (inputs as f64).sqrt())?,
            bias: bias.f_mul_scalar(gain * rate)?,
            activation,
        })
    }

    /// Multiplies the result by `factor`, which must be positive.
    pub fn scaled(self, factor: f64) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: self.weight.f_mul_scalar(factor)?,
            bias: self.bias.f_mul_scalar(factor)?,
            ..self
        })
    }

    /// Joins layers with the same input and activation: their results are concatenated.
    pub fn joined(layers: &[Self]) -> Result<Self, NetworkLoadError> {
        let tensors = |part: fn(&Self) -> &Tensor| layers.iter().map(part).collect::<Vec<_>>();
        Ok(Self {
            weight: Tensor::f_cat(&tensors(|layer| &layer.weight), 0)?,
            bias: Tensor::f_cat(&tensors(|layer| &layer.bias), 0)?,
            activation: layers
                .first()
                .map_or(Activation::Linear, |layer| layer.activation),
        })
    }

    /// Returns the layer's result for a constant input `[N, inputs]`.
    pub fn of_constant(&self, input: &Tensor) -> Result<Tensor, NetworkLoadError> {
        let sum = input.f_matmul(&self.weight.f_tr()?)?.f_add(&self.bias)?;
        Ok(match self.activation {
            Activation::Linear => sum,
            Activation::LeakyRelu => sum.f_maximum(&sum.f_mul_scalar(SLOPE)?)?,
        })
    }
}

/// Takes the mapping network, `mapping.fc0` and its successors, and returns its result `[1, styles]` for a
/// constant latent vector. `latent` returns that vector, `[1, N]`, given N.
pub(crate) fn map_constant(
    weights: &mut Weights<'_>,
    latent: impl Fn(usize) -> Result<Tensor, NetworkLoadError>,
) -> Result<Tensor, NetworkLoadError> {
    let mut result: Option<Tensor> = None;
    for layer in 0.. {
        let name = format!("mapping.fc{layer}");
        let Some(&[outputs, inputs]) = weights.shape(&format!("{name}.weight")) else {
            break;
        };
        let shape = [inputs, outputs];
        let dense = Dense::take(weights, &name, shape, MAPPING_RATE, Activation::LeakyRelu)?;
        let input = match result {
            Some(result) => result,
            None => latent(inputs)?,
        };
        result = Some(dense.of_constant(&input)?);
    }
    result.ok_or_else(|| NetworkLoadError::Missing(String::from("mapping.fc0.weight")))
}

impl Layers<'_, '_> {
    /// Adds a fully connected layer on the last dimension of `input`.
    pub fn dense(&mut self, input: Image, layer: Dense) -> Image {
        let outputs = layer.bias.size().first().map_or(0, |outputs| *outputs as usize);
        let weight = self.program.constant(layer.weight);
        let bias = self.program.constant(layer.bias);
        let sum = self
            .program
            .assign(outputs, &format!("torch.linear({input}, {weight}, {bias})"));
        match layer.activation {
            Activation::Linear => sum,
            Activation::LeakyRelu => self.program.leaky_relu(sum, SLOPE),
        }
    }

    /// Takes and adds the fully connected layer `name` with a learning rate of 1.
    pub fn take_dense(
        &mut self,
        input: Image,
        name: &str,
        outputs: usize,
        activation: Activation,
    ) -> Result<Image, NetworkLoadError> {
        let layer = Dense::take(self.weights, name, [input.channels, outputs], 1.0, activation)?;
        Ok(self.dense(input, layer))
    }
}

//! Layers on tensors with the channels in the last dimension.

use tch::{TchError, Tensor};

use crate::weights::{NetworkLoadError, Weights};

/// The tensors of a file, taken to the network's device.
pub(super) struct Parts<'a, 'file> {
    pub weights: &'a mut Weights<'file>,
    pub device: tch::Device,
}

impl Parts<'_, '_> {
    /// Takes a tensor of the given shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Tensor, NetworkLoadError> {
        Ok(self.weights.take(name, shape)?.f_to_device(self.device)?)
    }

    /// Returns one length of a tensor that wasn't taken yet. 1 stands for a missing tensor or dimension,
    /// which taking the tensor reports.
    pub fn length(&self, name: &str, dimension: usize) -> usize {
        let length = self.weights.shape(name).and_then(|shape| shape.get(dimension));
        length.copied().unwrap_or(1)
    }
}

/// A matrix `[outputs, inputs]` and biases `[outputs]`.
pub(super) struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    pub fn take(
        parts: &mut Parts<'_, '_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: parts.take(&format!("{name}.weight"), &[outputs, inputs])?,
            bias: parts.take(&format!("{name}.bias"), &[outputs])?,
        })
    }

    /// Takes a convolution of 1 x 1 pixel.
    pub fn take_convolution(
        parts: &mut Parts<'_, '_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        let weight = parts.take(&format!("{name}.weight"), &[outputs, inputs, 1, 1])?;
        Ok(Self {
            weight: weight.f_reshape([outputs as i64, inputs as i64])?,
            bias: parts.take(&format!("{name}.bias"), &[outputs])?,
        })
    }

    /// Takes a transposed convolution of 2 x 2 pixels with stride 2. Its outputs are the pixels of each
    /// block `[2, 2, outputs]`.
    pub fn take_enlargement(
        parts: &mut Parts<'_, '_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        let weight = parts.take(&format!("{name}.weight"), &[inputs, outputs, 2, 2])?;
        let bias = parts.take(&format!("{name}.bias"), &[outputs])?;
        Ok(Self {
            weight: weight
                .f_permute([2, 3, 1, 0])?
                .f_reshape([4 * outputs as i64, inputs as i64])?,
            bias: bias.f_repeat([4])?,
        })
    }

    /// Returns the layer that equals this one followed by `next`. Products are summed in double precision.
    pub fn then(&self, next: &Self) -> Result<Self, TchError> {
        let double = |tensor: &Tensor| tensor.f_to_kind(tch::Kind::Double);
        let next_weight = double(&next.weight)?;
        let weight = next_weight.f_matmul(&double(&self.weight)?)?;
        let bias = next_weight
            .f_mv(&double(&self.bias)?)?
            .f_add(&double(&next.bias)?)?;
        Ok(Self {
            weight: weight.f_to_kind(tch::Kind::Float)?,
            bias: bias.f_to_kind(tch::Kind::Float)?,
        })
    }

    pub fn forward(&self, input: &Tensor) -> Result<Tensor, TchError> {
        input.f_linear(&self.weight, Some(&self.bias))
    }
}

/// Normalization over the channels.
pub(super) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    channels: i64,
    epsilon: f64,
}

impl LayerNorm {
    pub fn take(
        parts: &mut Parts<'_, '_>,
        name: &str,
        channels: usize,
        epsilon: f64,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: parts.take(&format!("{name}.weight"), &[channels])?,
            bias: parts.take(&format!("{name}.bias"), &[channels])?,
            channels: channels as i64,
            epsilon,
        })
    }

    pub fn forward(&self, input: &Tensor) -> Result<Tensor, TchError> {
        input.f_layer_norm(
            [self.channels],
            Some(&self.weight),
            Some(&self.bias),
            self.epsilon,
            true,
        )
    }
}

/// The function between the layers of an [`Mlp`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Activation {
    Gelu,
    Relu,
}

impl Activation {
    /// Applies the function in place.
    fn apply(self, mut values: Tensor) -> Result<Tensor, TchError> {
        match self {
            Self::Gelu => gelu(values),
            Self::Relu => values.f_relu_(),
        }
    }
}

/// Applies GELU in place.
pub(super) fn gelu(mut values: Tensor) -> Result<Tensor, TchError> {
    values.f_gelu_("none")
}

/// Linear layers with a function between them.
pub(super) struct Mlp {
    layers: Vec<Linear>,
    activation: Activation,
}

impl Mlp {
    /// Takes the layers `NAME.layers.N` between widths `channels[N]` and `channels[N + 1]`.
    pub fn take(
        parts: &mut Parts<'_, '_>,
        name: &str,
        channels: &[usize],
        activation: Activation,
    ) -> Result<Self, NetworkLoadError> {
        let layers = channels
            .windows(2)
            .enumerate()
            .map(|(index, widths)| match *widths {
                [inputs, outputs] => Linear::take(parts, &format!("{name}.layers.{index}"), inputs, outputs),
                _ => Err(NetworkLoadError::Missing(name.to_owned())),
            });
        Ok(Self {
            layers: layers.collect::<Result<_, _>>()?,
            activation,
        })
    }

    pub fn forward(&self, input: &Tensor) -> Result<Tensor, TchError> {
        let mut values = input.shallow_clone();
        for (index, layer) in self.layers.iter().enumerate() {
            values = layer.forward(&values)?;
            if index + 1 < self.layers.len() {
                values = self.activation.apply(values)?;
            }
        }
        Ok(values)
    }
}

/// Scaled dot-product attention of `[batch, tokens, heads, channels]` tensors. The result has the queries'
/// shape.
pub(super) fn attend(queries: &Tensor, keys: &Tensor, values: &Tensor) -> Result<Tensor, TchError> {
    let by_head = |tensor: &Tensor| tensor.f_transpose(1, 2);
    Tensor::f_scaled_dot_product_attention(
        &by_head(queries)?,
        &by_head(keys)?,
        &by_head(values)?,
        None::<&Tensor>,
        0.0,
        false,
        None,
        false,
    )?
    .f_transpose(1, 2)
}

//! Convolutions whose filters are scaled by a style.

use tch::Tensor;

use super::{Activation, Dense, GAIN, Layers, SLOPE};
use crate::program::{Convolution, Image};
use crate::weights::NetworkLoadError;

/// Avoids a division by zero in the demodulation.
const EPSILON: f64 = 1e-8;

/// Side of the filters of modulated convolutions in pixels.
const KERNEL: usize = 3;

/// Channels of an image: red, green and blue.
const COLOURS: usize = 3;

/// A modulated convolution of 3 x 3 pixels.
pub(crate) struct Modulated {
    /// Filters `[out, in, 3, 3]`.
    pub weight: Tensor,
    /// The layer that maps the style vector to a factor per input channel.
    pub style: Dense,
    /// Biases `[out]` in front of the activation.
    pub bias: Option<Tensor>,
    /// Doubles both sides, with a smoothing filter `[4, 4]`.
    pub doubling: Option<Tensor>,
    /// Largest absolute value behind the activation.
    pub limit: Option<f64>,
}

impl Layers<'_, '_> {
    /// Adds a modulated convolution with demodulation and a leaky `ReLU`. `style`: vectors `[N, styles]`.
    pub fn modulated(
        &mut self,
        input: Image,
        style: Image,
        layer: Modulated,
    ) -> Result<Image, NetworkLoadError> {
        let outputs = layer.weight.size().first().map_or(0, |outputs| *outputs as usize);
        let factors = self.dense(style, layer.style);
        let scaled = self.scaled(input, factors);
        // The norm of a scaled filter: sqrt(sum over i of s_i^2 * sum over k of w_oik^2).
        let squares = layer
            .weight
            .f_square()?
            .f_sum_dim_intlist([2, 3].as_slice(), false, None)?;
        let squares = self.program.constant(squares);
        let norms = self.program.assign(
            outputs,
            &format!("torch.linear(torch.square({factors}), {squares}, None)"),
        );
        let convolved = if let Some(filter) = &layer.doubling {
            let doubled = self.transposed(scaled, &layer.weight.f_transpose(0, 1)?, outputs)?;
            self.smoothed(doubled, filter, 4.0, 1)?
        } else {
            let convolution = Convolution {
                weight: layer.weight,
                bias: None,
                outputs,
                stride: 1,
                padding: KERNEL / 2,
                dilation: 1,
            };
            self.program.convolve(&[scaled], convolution)?
        };
        let demodulation = self.program.assign(
            outputs,
            &format!("(torch.rsqrt({norms} + {EPSILON:?}) * {GAIN:?}).unsqueeze(2).unsqueeze(3)"),
        );
        let mut sum = self
            .program
            .assign(outputs, &format!("{convolved} * {demodulation}"));
        if let Some(bias) = layer.bias {
            let bias = bias.f_mul_scalar(GAIN)?.f_view([1, -1, 1, 1])?;
            let bias = self.program.constant(bias);
            sum = self.program.assign(outputs, &format!("{sum} + {bias}"));
        }
        let activated = self.program.leaky_relu(sum, SLOPE);
        Ok(self.clamped(activated, layer.limit))
    }

    /// Takes and adds the layer `name` that converts features to colours, 1 x 1 pixels, without demodulation
    /// or activation. `weight`: the filters `[3, in, 1, 1]`; `affine`: the name of the layer of the style.
    pub fn colours(
        &mut self,
        input: Image,
        style: Image,
        [weight, affine, bias]: [&str; 3],
        weight_shape: &[usize],
        limit: Option<f64>,
    ) -> Result<Image, NetworkLoadError> {
        let filters = self.weights.take(weight, weight_shape)?;
        let bias = self.weights.take(bias, &[COLOURS])?;
        let style_layer = Dense::take(
            self.weights,
            affine,
            [style.channels, input.channels],
            1.0,
            Activation::Linear,
        )?
        .scaled(1.0 / (input.channels as f64).sqrt())?;
        let factors = self.dense(style, style_layer);
        let scaled = self.scaled(input, factors);
        let shape = [COLOURS as i64, input.channels as i64, 1, 1];
        let convolution = Convolution {
            weight: filters.f_reshape(shape)?,
            bias: Some(bias),
            outputs: COLOURS,
            stride: 1,
            padding: 0,
            dilation: 1,
        };
        let colours = self.program.convolve(&[scaled], convolution)?;
        Ok(self.clamped(colours, limit))
    }

    /// Adds `colours` to an image of half its size, enlarged by `filter`.
    pub fn add_to_enlarged(
        &mut self,
        image: Image,
        filter: &Tensor,
        colours: Image,
    ) -> Result<Image, NetworkLoadError> {
        let doubled = self.doubled(image, filter)?;
        Ok(self.program.add(doubled, colours, 1.0))
    }

    /// Multiplies each channel of an image by the factor `[N, channels]` of its style.
    fn scaled(&mut self, image: Image, factors: Image) -> Image {
        let expression = format!("{image} * {factors}.unsqueeze(2).unsqueeze(3)");
        self.program.assign(image.channels, &expression)
    }
}

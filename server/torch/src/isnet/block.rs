//! Residual U-blocks: small U-shaped networks, whose result is added to their first convolution's.

use crate::program::{Convolution, Image, Program, output_channels};
use crate::weights::{NetworkLoadError, Weights};

/// `torch.nn.BatchNorm2d`'s constant that avoids divisions by zero.
const EPSILON: f64 = 1e-5;

/// Dilations of the encoder of [`Block::Dilated`], in pixels.
const DILATIONS: [usize; 4] = [1, 2, 4, 8];

/// Dilation of the lowest convolution of [`Block::Pooled`], in pixels.
const LOWEST_DILATION: usize = 2;

/// A residual U-block.
#[derive(Clone, Copy)]
pub(super) enum Block {
    /// A block of so many levels (RSU-L), each half as large as the one above; the lowest level has the size
    /// of the level above and a dilated convolution.
    Pooled(usize),
    /// A block of four levels of one size with growing dilations (RSU-4F).
    Dilated,
}

impl Block {
    /// Adds the block `name` on the concatenation of `inputs`.
    pub fn build(
        self,
        weights: &mut Weights<'_>,
        program: &mut Program,
        inputs: &[Image],
        name: &str,
    ) -> Result<Image, NetworkLoadError> {
        let levels = match self {
            Self::Pooled(levels) => levels,
            Self::Dilated => DILATIONS.len(),
        };
        let outputs = output_channels(weights, &format!("{name}.rebnconvin.conv_s1"))?;
        let inner = output_channels(weights, &format!("{name}.rebnconv1.conv_s1"))?;
        let mut layer = |program: &mut Program, inputs: &[Image], layer: &str, outputs, dilation| {
            convolve_and_normalize(
                weights,
                program,
                inputs,
                &format!("{name}.rebnconv{layer}"),
                outputs,
                dilation,
            )
        };
        let first = layer(program, inputs, "in", outputs, 1)?;
        let mut image = first;
        let mut skipped = Vec::new();
        for level in 1..=levels {
            // The two lowest levels have one size.
            if matches!(self, Self::Pooled(_)) && level > 1 && level < levels {
                image = program.max_pool(image);
            }
            image = layer(program, &[image], &level.to_string(), inner, self.dilation(level))?;
            skipped.push(image);
        }
        skipped.pop();
        for level in (1..levels).rev() {
            let Some(skip) = skipped.pop() else { break };
            if matches!(self, Self::Pooled(_)) && level + 1 < levels {
                image = program.resize_like(image, skip);
            }
            let outputs = if level == 1 { outputs } else { inner };
            let dilation = match self {
                Self::Pooled(_) => 1,
                Self::Dilated => self.dilation(level),
            };
            image = layer(program, &[image, skip], &format!("{level}d"), outputs, dilation)?;
        }
        Ok(program.add(image, first, 1.0))
    }

    /// Returns the dilation of the encoder's convolution at a level, counted from 1.
    fn dilation(self, level: usize) -> usize {
        match self {
            Self::Pooled(levels) if level == levels => LOWEST_DILATION,
            Self::Pooled(_) => 1,
            Self::Dilated => DILATIONS.get(level - 1).copied().unwrap_or(1),
        }
    }
}

/// Adds a convolution of 3 x 3 pixels with a batch norm and a `ReLU`.
fn convolve_and_normalize(
    weights: &mut Weights<'_>,
    program: &mut Program,
    inputs: &[Image],
    name: &str,
    outputs: usize,
    dilation: usize,
) -> Result<Image, NetworkLoadError> {
    let channels = inputs.iter().map(|input| input.channels).sum();
    let convolution = Convolution::take(weights, &format!("{name}.conv_s1"), channels, outputs)?;
    let mut norm = |property: &str| weights.take(&format!("{name}.bn_s1.{property}"), &[outputs]);
    let (scale, shift) = (norm("weight")?, norm("bias")?);
    let (mean, variance) = (norm("running_mean")?, norm("running_var")?);
    weights.discard(&format!("{name}.bn_s1.num_batches_tracked"));
    let factor = scale.f_div(&variance.f_add_scalar(EPSILON)?.f_sqrt()?)?;
    let centred = match &convolution.bias {
        Some(bias) => bias.f_sub(&mean)?,
        None => mean.f_neg()?,
    };
    let normalized = Convolution {
        weight: convolution.weight.f_mul(&factor.f_view([-1, 1, 1, 1])?)?,
        bias: Some(centred.f_mul(&factor)?.f_add(&shift)?),
        padding: dilation,
        dilation,
        ..convolution
    };
    let image = program.convolve(inputs, normalized)?;
    Ok(program.relu(image))
}

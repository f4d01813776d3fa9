//! The feature pyramid behind the trunk, with the mask decoder's projections of its two larger levels.

use tch::{Kind, TchError, Tensor};

use super::configuration::{Configuration, STAGES};
use crate::sam::layers::{Linear, sides};
use crate::weights::{NetworkLoadError, Weights};

/// Projections of the trunk's feature maps to the width of the mask decoder.
pub(super) struct Neck {
    /// Of the first stage, with `channels / 8` outputs.
    fine: Linear,
    /// Of the second stage, with `channels / 4` outputs.
    medium: Linear,
    /// Of the third stage.
    third: Linear,
    /// Of the fourth stage.
    fourth: Linear,
    /// Added to the features of an image that belongs to no video, `[1, 1, C]`.
    no_memory: Tensor,
}

/// The features of an image that the mask decoder reads. Pixels of the two finer maps are in the order of the
/// cells of the coarse one, and within a cell in that of blocks of 2 x 2 pixels.
pub(super) struct Features {
    /// `[1, H, W, C]`.
    pub coarse: Tensor,
    /// `[H * W * 4, C / 4]`.
    pub medium: Tensor,
    /// `[H * W * 16, C / 8]`.
    pub fine: Tensor,
}

impl Neck {
    pub fn take(
        weights: &mut Weights<'_>,
        configuration: &Configuration,
        channels: usize,
    ) -> Result<Self, NetworkLoadError> {
        let mut lateral = |stage: usize| {
            // The neck counts from the last stage.
            let name = format!("image_encoder.neck.convs.{}.conv", STAGES - 1 - stage);
            Pointwise::take(weights, &name, configuration.channels(stage), channels)
        };
        let [first, second, third, fourth] = [lateral(0)?, lateral(1)?, lateral(2)?, lateral(3)?];
        let mut projection = |name: &str, outputs| {
            Pointwise::take(weights, &format!("sam_mask_decoder.{name}"), channels, outputs)
        };
        // The two larger levels of the pyramid don't depend on the others, so that two linear maps follow
        // each other.
        let fine = first.then(&projection("conv_s0", channels / 8)?)?;
        let medium = second.then(&projection("conv_s1", channels / 4)?)?;
        Ok(Self {
            fine: fine.into_linear()?,
            medium: medium.into_linear()?,
            third: third.into_linear()?,
            fourth: fourth.into_linear()?,
            no_memory: weights.take("no_mem_embed", &[1, 1, channels])?,
        })
    }

    /// Combines the trunk's feature maps.
    pub fn forward(&self, maps: &[Tensor; STAGES]) -> Result<Features, TchError> {
        let [first, second, third, fourth] = maps;
        let (height, width) = sides(third)?;
        let fine = self
            .fine
            .forward(first)?
            .f_reshape([height, 2, 2, width, 2, 2, -1])?
            .f_permute([0, 3, 1, 4, 2, 5, 6])?
            .f_reshape([height * width * 16, -1])?;
        let medium = self
            .medium
            .forward(second)?
            .f_reshape([height, 2, width, 2, -1])?
            .f_permute([0, 2, 1, 3, 4])?
            .f_reshape([height * width * 4, -1])?;
        // Each pixel of the fourth stage is added to a block of 2 x 2 pixels.
        let fourth = self
            .fourth
            .forward(fourth)?
            .f_reshape([height / 2, 1, width / 2, 1, -1])?;
        let coarse = self
            .third
            .forward(third)?
            .f_reshape([height / 2, 2, width / 2, 2, -1])?
            .f_add(&fourth)?
            .f_reshape([1, height, width, -1])?
            .f_add(&self.no_memory)?;
        Ok(Features { coarse, medium, fine })
    }
}

/// A convolution of 1 x 1 pixels: weights `[outputs, inputs, 1, 1]` and biases.
struct Pointwise {
    weight: Tensor,
    bias: Tensor,
}

impl Pointwise {
    fn take(
        weights: &mut Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: weights.take(&format!("{name}.weight"), &[outputs, inputs, 1, 1])?,
            bias: weights.take(&format!("{name}.bias"), &[outputs])?,
        })
    }

    /// Returns the convolution that equals this one followed by `next`, computed in double precision.
    fn then(&self, next: &Self) -> Result<Self, TchError> {
        let matrix = |tensor: &Tensor| tensor.f_flatten(1, -1)?.f_to_kind(Kind::Double);
        let next_matrix = matrix(&next.weight)?;
        let weight = next_matrix.f_matmul(&matrix(&self.weight)?)?;
        let bias = next_matrix
            .f_mv(&self.bias.f_to_kind(Kind::Double)?)?
            .f_add(&next.bias)?;
        Ok(Self {
            weight: weight.f_to_kind(Kind::Float)?.f_unsqueeze(-1)?,
            bias: bias.f_to_kind(Kind::Float)?,
        })
    }

    fn into_linear(self) -> Result<Linear, TchError> {
        Linear::of_pointwise(&self.weight, Some(self.bias))
    }
}

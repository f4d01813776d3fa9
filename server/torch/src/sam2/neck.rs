//! The feature pyramid behind the trunk, with the mask decoder's projections of its two larger levels.

use tch::{TchError, Tensor};

use super::configuration::{Configuration, STAGES};
use super::layers::{Linear, Parts};
use crate::weights::NetworkLoadError;

/// Projections of the trunk's feature maps to the width of the mask decoder.
pub(super) struct Neck {
    /// Of the first stage, with `channels / 8` outputs.
    fine: Linear,
    /// Of the second stage, with `channels / 4` outputs.
    medium: Linear,
    /// Of the third and the fourth stage, whose sum is the image embedding.
    coarse: [Linear; 2],
    /// Added to the embedding of an image that belongs to no video.
    no_memory: Tensor,
}

/// The features of an image that the mask decoder reads. Pixels of the two finer maps are ordered by the
/// cells of the embedding, and in a cell by blocks of 2 x 2 pixels.
pub(super) struct Features {
    /// `[1, H * W, C]`.
    pub embedding: Tensor,
    /// `[H * W * 4, C / 4]`.
    pub medium: Tensor,
    /// `[H * W * 16, C / 8]`.
    pub fine: Tensor,
}

impl Neck {
    pub fn take(
        parts: &mut Parts<'_, '_>,
        configuration: &Configuration,
        channels: usize,
    ) -> Result<Self, NetworkLoadError> {
        let mut lateral = |stage: usize| {
            // The neck counts from the last stage.
            let name = format!("image_encoder.neck.convs.{}.conv", STAGES - 1 - stage);
            Linear::take_convolution(parts, &name, configuration.channels(stage), channels)
        };
        let [first, second, third, fourth] = [lateral(0)?, lateral(1)?, lateral(2)?, lateral(3)?];
        let mut projection = |name: &str, outputs| {
            Linear::take_convolution(parts, &format!("sam_mask_decoder.{name}"), channels, outputs)
        };
        // Only levels 2 and 3 exchange features, so that two linear layers follow each other on the others.
        let fine = first.then(&projection("conv_s0", channels / 8)?)?;
        let medium = second.then(&projection("conv_s1", channels / 4)?)?;
        Ok(Self {
            fine,
            medium,
            coarse: [third, fourth],
            no_memory: parts.take("no_mem_embed", &[1, 1, channels])?,
        })
    }

    /// Combines the trunk's feature maps.
    pub fn forward(&self, maps: &[Tensor; STAGES]) -> Result<Features, TchError> {
        let [first, second, third, fourth] = maps;
        let (_, height, width, _) = third.size4()?;
        let fine = self.fine.forward(first)?;
        let fine = fine
            .f_reshape([height, 2, 2, width, 2, 2, -1])?
            .f_permute([0, 3, 1, 4, 2, 5, 6])?
            .f_reshape([height * width * 16, -1])?;
        let medium = self.medium.forward(second)?;
        let medium = medium
            .f_reshape([height, 2, width, 2, -1])?
            .f_permute([0, 2, 1, 3, 4])?
            .f_reshape([height * width * 4, -1])?;
        let [from_third, from_fourth] = &self.coarse;
        // Each pixel of the fourth stage is added to a block of 2 x 2 pixels.
        let above = from_fourth
            .forward(fourth)?
            .f_reshape([height / 2, 1, width / 2, 1, -1])?;
        let embedding = from_third
            .forward(third)?
            .f_reshape([height / 2, 2, width / 2, 2, -1])?
            .f_add(&above)?
            .f_reshape([1, height * width, -1])?
            .f_add(&self.no_memory)?;
        Ok(Features {
            embedding,
            medium,
            fine,
        })
    }
}

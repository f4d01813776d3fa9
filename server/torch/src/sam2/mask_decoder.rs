//! The decoder of one mask from an image's features and a prompt.

use tch::{TchError, Tensor};

use super::neck::Features;
use crate::sam::layers::{Doubling, FEATURE_EPSILON, Norm, Perceptron, gelu, sides};
use crate::sam::transformer::TwoWayTransformer;
use crate::weights::{NetworkLoadError, Weights};

const NAME: &str = "sam_mask_decoder";

/// Number of mask tokens: a single mask, and three candidates for ambiguous prompts.
const MASK_TOKENS: usize = 4;

/// Index of the single mask's token, behind those of the object score and of the predicted quality.
const SINGLE_MASK: i64 = 2;

/// The mask decoder.
pub(super) struct MaskDecoder {
    transformer: TwoWayTransformer,
    /// The learned tokens `[1, 6, C]`.
    tokens: Tensor,
    first_doubling: Doubling,
    norm: Norm,
    second_doubling: Doubling,
    /// Computes the factors of the enlarged features from the mask's token.
    mask: Perceptron,
}

impl MaskDecoder {
    pub fn take(weights: &mut Weights<'_>, channels: usize) -> Result<Self, NetworkLoadError> {
        let mut tokens = Vec::new();
        for (name, count) in [
            ("obj_score_token", 1),
            ("iou_token", 1),
            ("mask_tokens", MASK_TOKENS),
        ] {
            tokens.push(weights.take(&format!("{NAME}.{name}.weight"), &[count, channels])?);
        }
        let upscaling = format!("{NAME}.output_upscaling");
        let mask = format!("{NAME}.output_hypernetworks_mlps.0");
        let transformer = format!("{NAME}.transformer");
        Ok(Self {
            transformer: TwoWayTransformer::take(weights, &transformer, channels, ["layers.0", "layers.1"])?,
            tokens: Tensor::f_cat(&tokens, 0)?.f_unsqueeze(0)?,
            first_doubling: Doubling::take(weights, &format!("{upscaling}.0"), channels, channels / 4)?,
            norm: Norm::take(weights, &format!("{upscaling}.1"), channels / 4, FEATURE_EPSILON)?,
            second_doubling: Doubling::take(weights, &format!("{upscaling}.3"), channels / 4, channels / 8)?,
            mask: Perceptron::take(weights, &mask, [channels, channels, channels / 8])?,
        })
    }

    /// Returns the logits `[4 * H, 4 * W]` of the single mask. `positions`: encodings of the positions of the
    /// coarse features; `prompt`: tokens `[1, N, C]`.
    pub fn forward(
        &self,
        features: &Features,
        positions: &Tensor,
        prompt: &Tensor,
    ) -> Result<Tensor, TchError> {
        let (height, width) = sides(&features.coarse)?;
        let tokens = Tensor::f_cat(&[&self.tokens, prompt], 1)?;
        let image = features.coarse.f_flatten(1, 2)?;
        let (tokens, image) = self.transformer.forward(&tokens, &image, positions)?;
        // All layers are pointwise or enlarge a pixel to a block, so that the order of the pixels stays that
        // of the features.
        let pixels = self.first_doubling.blocks(&image)?.f_add_(&features.medium)?;
        let pixels = gelu(self.norm.forward(&pixels)?)?;
        let pixels = gelu(self.second_doubling.blocks(&pixels)?.f_add_(&features.fine)?)?;
        let factors = self.mask.forward(&tokens.f_select(1, SINGLE_MASK)?)?;
        pixels
            .f_mv(&factors.f_flatten(0, 1)?)?
            .f_view([height, width, 2, 2, 2, 2])?
            .f_permute([0, 2, 4, 1, 3, 5])?
            .f_reshape([4 * height, 4 * width])
    }
}

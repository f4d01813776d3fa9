//! The decoder of one mask from an image's features and a prompt.

use tch::{TchError, Tensor};

use super::layers::{Activation, LayerNorm, Linear, Mlp, Parts, gelu};
use super::neck::Features;
use super::transformer::Transformer;
use crate::weights::NetworkLoadError;

const NAME: &str = "sam_mask_decoder";

/// Number of mask tokens: a single mask, and three candidates for ambiguous prompts.
const MASK_TOKENS: usize = 4;

/// Index of the single mask's token, behind those of the object score and of the predicted quality.
const SINGLE_MASK: i64 = 2;

/// Constant under the square root of the layer norm.
const EPSILON: f64 = 1e-6;

/// The mask decoder.
pub(super) struct MaskDecoder {
    transformer: Transformer,
    /// The learned tokens `[1, 6, C]`.
    tokens: Tensor,
    /// Doubles the sides of the image's features.
    enlarge1: Linear,
    norm: LayerNorm,
    enlarge2: Linear,
    /// Computes the weights of the enlarged features from the mask's token.
    hypernetwork: Mlp,
}

impl MaskDecoder {
    pub fn take(parts: &mut Parts<'_, '_>, channels: usize) -> Result<Self, NetworkLoadError> {
        let mut tokens = Vec::new();
        for (name, count) in [
            ("obj_score_token", 1),
            ("iou_token", 1),
            ("mask_tokens", MASK_TOKENS),
        ] {
            tokens.push(parts.take(&format!("{NAME}.{name}.weight"), &[count, channels])?);
        }
        let upscaling = |layer: usize| format!("{NAME}.output_upscaling.{layer}");
        let widths = [channels, channels, channels, channels / 8];
        let hypernetwork = format!("{NAME}.output_hypernetworks_mlps.0");
        Ok(Self {
            transformer: Transformer::take(parts, channels)?,
            tokens: Tensor::f_cat(&tokens, 0)?.f_unsqueeze(0)?,
            enlarge1: Linear::take_enlargement(parts, &upscaling(0), channels, channels / 4)?,
            norm: LayerNorm::take(parts, &upscaling(1), channels / 4, EPSILON)?,
            enlarge2: Linear::take_enlargement(parts, &upscaling(3), channels / 4, channels / 8)?,
            hypernetwork: Mlp::take(parts, &hypernetwork, &widths, Activation::Relu)?,
        })
    }

    /// Returns the logits `[4 * side, 4 * side]` of the single mask. `image`: the embedding with the mask
    /// prompt's added; `positions`: those of its cells; `prompts`: `[1, N, C]`.
    pub fn forward(
        &self,
        image: Tensor,
        features: &Features,
        positions: &Tensor,
        prompts: &Tensor,
        side: i64,
    ) -> Result<Tensor, TchError> {
        let tokens = Tensor::f_cat(&[&self.tokens, prompts], 1)?;
        let (tokens, image) = self.transformer.forward(&tokens, image, positions)?;
        let channels = |features: &Tensor| Ok::<_, TchError>(features.size2()?.1);
        // Pixels stay in the order of the features, so that no layer moves any.
        let mut map = self
            .enlarge1
            .forward(&image)?
            .f_view([-1, channels(&features.medium)?])?;
        map = gelu(self.norm.forward(&map.f_add_(&features.medium)?)?)?;
        map = self
            .enlarge2
            .forward(&map)?
            .f_view([-1, channels(&features.fine)?])?;
        map = gelu(map.f_add_(&features.fine)?)?;
        let mask_token = tokens.f_select(1, SINGLE_MASK)?;
        let weights = self.hypernetwork.forward(&mask_token)?.f_flatten(0, 1)?;
        map.f_mv(&weights)?
            .f_view([side, side, 2, 2, 2, 2])?
            .f_permute([0, 2, 4, 1, 3, 5])?
            .f_reshape([4 * side, 4 * side])
    }
}

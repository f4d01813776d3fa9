//! The mask decoder of SAM (Kirillov et al. 2023, "Segment Anything") and HQ-SAM (Ke et al. 2023, "Segment
//! Anything in High Quality").
//!
//! Of the decoder's masks only the first is computed, that of unambiguous prompts.

use tch::{TchError, Tensor};

use super::layers::{
    Convolution, Doubling, FEATURE_EPSILON, Norm, Perceptron, ProjectedConvolution, gelu, length,
};
use super::transformer::TwoWayTransformer;
use crate::weights::{NetworkLoadError, Weights};

const NAME: &str = "mask_decoder";

pub(super) struct MaskDecoder {
    transformer: TwoWayTransformer,
    /// The tokens of the masks' quality, of the masks, and of HQ-SAM's mask, `[N, C]`.
    tokens: Tensor,
    /// Index of HQ-SAM's token.
    refined_token: i64,
    first_doubling: Doubling,
    norm: Norm,
    second_doubling: Doubling,
    mask: Perceptron,
    refinement: Option<Refinement>,
}

/// The layers that HQ-SAM adds.
struct Refinement {
    mask: Perceptron,
    of_features: FeatureFusion,
    of_early: FeatureFusion,
    first: Convolution,
    norm: Norm,
    second: ProjectedConvolution,
}

/// Two doublings of an image's sides.
struct FeatureFusion {
    first: Doubling,
    norm: Norm,
    second: Doubling,
}

impl MaskDecoder {
    /// Takes the weights named `mask_decoder.*`. `early_channels`: those of the encoder's early tokens, for
    /// HQ-SAM.
    pub fn take(
        weights: &mut Weights<'_>,
        channels: usize,
        early_channels: Option<usize>,
    ) -> Result<Self, NetworkLoadError> {
        let masks = length(weights, &format!("{NAME}.mask_tokens.weight"), 2, 0)?;
        let mut tokens = vec![
            weights.take(&format!("{NAME}.iou_token.weight"), &[1, channels])?,
            weights.take(&format!("{NAME}.mask_tokens.weight"), &[masks, channels])?,
        ];
        let refinement = match early_channels {
            Some(early) => {
                tokens.push(weights.take(&format!("{NAME}.hf_token.weight"), &[1, channels])?);
                Some(Refinement::take(weights, channels, early)?)
            }
            None => None,
        };
        let upscaling = format!("{NAME}.output_upscaling");
        let sizes = [channels, channels, channels / 8];
        let mask = Perceptron::take(weights, &format!("{NAME}.output_hypernetworks_mlps.0"), sizes)?;
        for index in 1..masks {
            skip_perceptron(weights, &format!("output_hypernetworks_mlps.{index}"), sizes)?;
        }
        let hidden = length(
            weights,
            &format!("{NAME}.iou_prediction_head.layers.0.weight"),
            2,
            0,
        )?;
        skip_perceptron(weights, "iou_prediction_head", [channels, hidden, masks])?;
        Ok(Self {
            transformer: TwoWayTransformer::take(
                weights,
                &format!("{NAME}.transformer"),
                channels,
                ["lin1", "lin2"],
            )?,
            tokens: Tensor::f_cat(&tokens, 0)?,
            refined_token: 1 + masks as i64,
            first_doubling: Doubling::take(weights, &format!("{upscaling}.0"), channels, channels / 4)?,
            norm: Norm::take(weights, &format!("{upscaling}.1"), channels / 4, FEATURE_EPSILON)?,
            second_doubling: Doubling::take(weights, &format!("{upscaling}.3"), channels / 4, channels / 8)?,
            mask,
            refinement,
        })
    }

    /// Returns the part of HQ-SAM's features that doesn't depend on the prompt, `[1, 4 * H, 4 * W, C / 8]`;
    /// `None` for other networks. `features` and `early`: the encoder's results.
    pub fn image_features(
        &self,
        features: &Tensor,
        early: Option<&Tensor>,
    ) -> Result<Option<Tensor>, TchError> {
        match (&self.refinement, early) {
            (Some(refinement), Some(early)) => {
                let fused = refinement.of_features.forward(features)?;
                fused.f_add(&refinement.of_early.forward(early)?).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Returns the mask's logits, `[4 * H, 4 * W]`. `features`: `[1, H, W, C]`; `positions`: the encoding of
    /// its positions; `prompt`: tokens `[1, N, C]`; `image_features`: result of the function of this name.
    pub fn forward(
        &self,
        features: &Tensor,
        positions: &Tensor,
        prompt: &Tensor,
        image_features: Option<&Tensor>,
    ) -> Result<Tensor, TchError> {
        let tokens = Tensor::f_cat(&[&self.tokens.f_unsqueeze(0)?, prompt], 1)?;
        let (tokens, image) = self
            .transformer
            .forward(&tokens, &features.f_flatten(1, 2)?, positions)?;
        let image = self
            .first_doubling
            .forward(&image.f_reshape(features.size().as_slice())?)?;
        let image = gelu(self.norm.forward(&image)?)?;
        let image = gelu(self.second_doubling.forward(&image)?)?;
        let mask = product(&image, &self.mask.forward(&tokens.f_select(1, 1)?)?)?;
        match (&self.refinement, image_features) {
            (Some(refinement), Some(image_features)) => {
                let token = tokens.f_select(1, self.refined_token)?;
                let vector = refinement.mask.forward(&token)?;
                mask.f_add(&refinement.product(&image, &vector)?)?
                    .f_add(&product(image_features, &vector)?)
            }
            _ => Ok(mask),
        }
    }
}

/// Returns the products of an image's pixels, `[1, H, W, C]`, with a vector `[1, C]`.
fn product(image: &Tensor, vector: &Tensor) -> Result<Tensor, TchError> {
    image
        .f_matmul(&vector.f_transpose(0, 1)?)?
        .f_flatten(0, 1)?
        .f_squeeze_dim(-1)
}

impl Refinement {
    fn take(
        weights: &mut Weights<'_>,
        channels: usize,
        early_channels: usize,
    ) -> Result<Self, NetworkLoadError> {
        let (few, many) = (channels / 8, channels / 4);
        let name = format!("{NAME}.embedding_maskfeature");
        let mut tensors = |index, inputs, outputs| -> Result<[Tensor; 2], NetworkLoadError> {
            Ok([
                weights.take(&format!("{name}.{index}.weight"), &[outputs, inputs, 3, 3])?,
                weights.take(&format!("{name}.{index}.bias"), &[outputs])?,
            ])
        };
        let ([first, first_bias], [second, second_bias]) = (tensors(0, few, many)?, tensors(3, many, few)?);
        Ok(Self {
            first: Convolution::new(&first, Some(first_bias), 1, 1)?,
            second: ProjectedConvolution::new(&second, &second_bias)?,
            norm: Norm::take(weights, &format!("{name}.1"), many, FEATURE_EPSILON)?,
            mask: Perceptron::take(weights, &format!("{NAME}.hf_mlp"), [channels, channels, few])?,
            of_features: FeatureFusion::take(weights, "embedding_encoder", [channels, many, few])?,
            of_early: FeatureFusion::take(weights, "compress_vit_feat", [early_channels, channels, few])?,
        })
    }

    /// Returns the products of the refined image's pixels with a vector `[1, C / 8]`: `[4 * H, 4 * W]`.
    fn product(&self, image: &Tensor, vector: &Tensor) -> Result<Tensor, TchError> {
        let hidden = gelu(self.norm.forward(&self.first.forward(image)?)?)?;
        self.second.forward(&hidden, vector)
    }
}

impl FeatureFusion {
    fn take(
        weights: &mut Weights<'_>,
        key: &str,
        [inputs, hidden, outputs]: [usize; 3],
    ) -> Result<Self, NetworkLoadError> {
        let name = format!("{NAME}.{key}");
        Ok(Self {
            first: Doubling::take(weights, &format!("{name}.0"), inputs, hidden)?,
            norm: Norm::take(weights, &format!("{name}.1"), hidden, FEATURE_EPSILON)?,
            second: Doubling::take(weights, &format!("{name}.3"), hidden, outputs)?,
        })
    }

    fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        let hidden = gelu(self.norm.forward(&self.first.forward(image)?)?)?;
        self.second.forward(&hidden)
    }
}

/// Checks the shapes of a perceptron that isn't used.
fn skip_perceptron(
    weights: &mut Weights<'_>,
    key: &str,
    [inputs, hidden, outputs]: [usize; 3],
) -> Result<(), NetworkLoadError> {
    for (index, (inputs, outputs)) in [(inputs, hidden), (hidden, hidden), (hidden, outputs)]
        .into_iter()
        .enumerate()
    {
        let name = format!("{NAME}.{key}.layers.{index}");
        weights.skip(&format!("{name}.weight"), &[outputs, inputs])?;
        weights.skip(&format!("{name}.bias"), &[outputs])?;
    }
    Ok(())
}

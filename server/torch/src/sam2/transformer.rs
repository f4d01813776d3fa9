//! The transformer between an image's and a prompt's tokens (Kirillov et al. 2023, "Segment Anything",
//! appendix A). Tokens are `[1, N, C]`.

use tch::{TchError, Tensor};

use super::layers::{Activation, LayerNorm, Linear, Mlp, Parts, attend};
use crate::weights::NetworkLoadError;

const NAME: &str = "sam_mask_decoder.transformer";

/// Number of layers.
const LAYERS: usize = 2;

/// Attention heads.
pub(super) const HEADS: usize = 8;

/// Ratio of the outer width to that of attention between the two kinds of tokens.
pub(super) const CROSS_REDUCTION: usize = 2;

/// Constant under the square root of layer norms.
const EPSILON: f64 = 1e-5;

/// Attention with projections.
struct Attention {
    queries: Linear,
    keys: Linear,
    values: Linear,
    output: Linear,
}

impl Attention {
    fn take(
        parts: &mut Parts<'_, '_>,
        name: &str,
        channels: usize,
        inner: usize,
    ) -> Result<Self, NetworkLoadError> {
        let mut take = |layer: &str, inputs, outputs| {
            Linear::take(parts, &format!("{NAME}.{name}.{layer}"), inputs, outputs)
        };
        Ok(Self {
            queries: take("q_proj", channels, inner)?,
            keys: take("k_proj", channels, inner)?,
            values: take("v_proj", channels, inner)?,
            output: take("out_proj", inner, channels)?,
        })
    }

    fn forward(&self, queries: &Tensor, keys: &Tensor, values: &Tensor) -> Result<Tensor, TchError> {
        let by_head = |tensor: Tensor| {
            let (batch, tokens, channels) = tensor.size3()?;
            tensor.f_view([batch, tokens, HEADS as i64, channels / HEADS as i64])
        };
        let attended = attend(
            &by_head(self.queries.forward(queries)?)?,
            &by_head(self.keys.forward(keys)?)?,
            &by_head(self.values.forward(values)?)?,
        )?;
        self.output.forward(&attended.f_flatten(2, 3)?)
    }
}

struct Layer {
    self_attention: Attention,
    norm1: LayerNorm,
    to_image: Attention,
    norm2: LayerNorm,
    mlp: Mlp,
    norm3: LayerNorm,
    to_prompt: Attention,
    norm4: LayerNorm,
}

impl Layer {
    fn take(parts: &mut Parts<'_, '_>, index: usize, channels: usize) -> Result<Self, NetworkLoadError> {
        let name = format!("layers.{index}");
        let mlp = format!("{NAME}.{name}.mlp");
        let widths = [
            channels,
            parts.length(&format!("{mlp}.layers.0.weight"), 0),
            channels,
        ];
        let mlp = Mlp::take(parts, &mlp, &widths, Activation::Relu)?;
        let mut norm =
            |norm: &str| LayerNorm::take(parts, &format!("{NAME}.{name}.{norm}"), channels, EPSILON);
        let [norm1, norm2, norm3, norm4] = [norm("norm1")?, norm("norm2")?, norm("norm3")?, norm("norm4")?];
        let cross = channels / CROSS_REDUCTION;
        let mut attention =
            |attention: &str, inner| Attention::take(parts, &format!("{name}.{attention}"), channels, inner);
        Ok(Self {
            self_attention: attention("self_attn", channels)?,
            norm1,
            to_image: attention("cross_attn_token_to_image", cross)?,
            norm2,
            mlp,
            norm3,
            to_prompt: attention("cross_attn_image_to_token", cross)?,
            norm4,
        })
    }

    /// Updates the tokens of prompt and image. The first layer adds no positions in the attention among the
    /// prompt's tokens, and replaces the tokens instead of adding to them.
    fn forward(&self, tokens: &mut Tokens<'_>, first: bool) -> Result<(), TchError> {
        let prompt = if first {
            self.self_attention
                .forward(&tokens.prompt, &tokens.prompt, &tokens.prompt)?
        } else {
            let positioned = tokens.prompt.f_add(tokens.prompt_positions)?;
            let attended = self
                .self_attention
                .forward(&positioned, &positioned, &tokens.prompt)?;
            tokens.prompt.f_add(&attended)?
        };
        tokens.prompt = self.norm1.forward(&prompt)?;

        let positioned_image = tokens.image.f_add(tokens.image_positions)?;
        let positioned = tokens.prompt.f_add(tokens.prompt_positions)?;
        let attended = self
            .to_image
            .forward(&positioned, &positioned_image, &tokens.image)?;
        tokens.prompt = self.norm2.forward(&tokens.prompt.f_add(&attended)?)?;
        let expanded = self.mlp.forward(&tokens.prompt)?;
        tokens.prompt = self.norm3.forward(&tokens.prompt.f_add(&expanded)?)?;

        let positioned = tokens.prompt.f_add(tokens.prompt_positions)?;
        let mut attended = self
            .to_prompt
            .forward(&positioned_image, &positioned, &tokens.prompt)?;
        tokens.image = self.norm4.forward(&attended.f_add_(&tokens.image)?)?;
        Ok(())
    }
}

struct Tokens<'a> {
    prompt: Tensor,
    prompt_positions: &'a Tensor,
    image: Tensor,
    image_positions: &'a Tensor,
}

/// The transformer.
pub(super) struct Transformer {
    layers: Vec<Layer>,
    final_attention: Attention,
    final_norm: LayerNorm,
}

impl Transformer {
    pub fn take(parts: &mut Parts<'_, '_>, channels: usize) -> Result<Self, NetworkLoadError> {
        let layers = (0..LAYERS).map(|index| Layer::take(parts, index, channels));
        Ok(Self {
            layers: layers.collect::<Result<_, _>>()?,
            final_attention: Attention::take(
                parts,
                "final_attn_token_to_image",
                channels,
                channels / CROSS_REDUCTION,
            )?,
            final_norm: LayerNorm::take(parts, &format!("{NAME}.norm_final_attn"), channels, EPSILON)?,
        })
    }

    /// Returns the updated tokens of prompt and image. `image_positions` are added to the image's tokens in
    /// attention, and the prompt's own initial values to its tokens.
    pub fn forward(
        &self,
        prompt: &Tensor,
        image: Tensor,
        image_positions: &Tensor,
    ) -> Result<(Tensor, Tensor), TchError> {
        let mut tokens = Tokens {
            prompt: prompt.shallow_clone(),
            prompt_positions: prompt,
            image,
            image_positions,
        };
        for (index, layer) in self.layers.iter().enumerate() {
            layer.forward(&mut tokens, index == 0)?;
        }
        let attended = self.final_attention.forward(
            &tokens.prompt.f_add(prompt)?,
            &tokens.image.f_add(image_positions)?,
            &tokens.image,
        )?;
        let prompt = self.final_norm.forward(&tokens.prompt.f_add(&attended)?)?;
        Ok((prompt, tokens.image))
    }
}

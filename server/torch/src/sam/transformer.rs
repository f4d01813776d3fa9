//! The two-way transformer of the mask decoders of SAM and SAM 2 (Kirillov et al. 2023, "Segment Anything",
//! appendix A).

use tch::{TchError, Tensor};

use super::layers::{Linear, Norm, TOKEN_EPSILON, count, length, shape_error};
use crate::weights::{NetworkLoadError, Weights};

/// Heads of all attentions; no tensor's shape depends on it.
const HEADS: usize = 8;

/// Tokens attend to an image and the image to the tokens.
pub(crate) struct TwoWayTransformer {
    blocks: Vec<Block>,
    last: Attention,
    norm: Norm,
}

struct Block {
    among_tokens: Attention,
    norm1: Norm,
    to_image: Attention,
    norm2: Norm,
    inner: Linear,
    outer: Linear,
    norm3: Norm,
    to_tokens: Attention,
    norm4: Norm,
}

struct Attention {
    queries: Linear,
    keys: Linear,
    values: Linear,
    output: Linear,
}

impl TwoWayTransformer {
    /// Takes the weights named `NAME.*`. `mlp`: names of the two layers of the blocks' perceptrons.
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        channels: usize,
        mlp: [&str; 2],
    ) -> Result<Self, NetworkLoadError> {
        let blocks = (0..count(weights, &format!("{name}.layers")))
            .map(|index| Block::take(weights, &format!("{name}.layers.{index}"), channels, mlp))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            blocks,
            last: Attention::take(weights, &format!("{name}.final_attn_token_to_image"), channels)?,
            norm: Norm::take(
                weights,
                &format!("{name}.norm_final_attn"),
                channels,
                TOKEN_EPSILON,
            )?,
        })
    }

    /// Returns the new `tokens`, `[1, N, C]`, and the new `image`, `[1, H * W, C]`. `positions`: encodings of
    /// the image's positions.
    pub fn forward(
        &self,
        tokens: &Tensor,
        image: &Tensor,
        positions: &Tensor,
    ) -> Result<(Tensor, Tensor), TchError> {
        let encodings = tokens;
        let (mut tokens, mut image) = (tokens.shallow_clone(), image.shallow_clone());
        for (index, block) in self.blocks.iter().enumerate() {
            (tokens, image) = block.forward(&tokens, &image, encodings, positions, index == 0)?;
        }
        let attended = self
            .last
            .forward(&tokens.f_add(encodings)?, &image.f_add(positions)?, &image)?;
        let tokens = self.norm.forward(&tokens.f_add(&attended)?)?;
        Ok((tokens, image))
    }
}

impl Block {
    fn take(
        weights: &mut Weights<'_>,
        name: &str,
        channels: usize,
        mlp: [&str; 2],
    ) -> Result<Self, NetworkLoadError> {
        let [inner, outer] = mlp.map(|layer| format!("{name}.mlp.{layer}"));
        let hidden = length(weights, &format!("{inner}.weight"), 2, 0)?;
        let mut norm = |key: &str| Norm::take(weights, &format!("{name}.{key}"), channels, TOKEN_EPSILON);
        let (norm1, norm2, norm3, norm4) = (norm("norm1")?, norm("norm2")?, norm("norm3")?, norm("norm4")?);
        let mut attention = |key: &str| Attention::take(weights, &format!("{name}.{key}"), channels);
        Ok(Self {
            among_tokens: attention("self_attn")?,
            to_image: attention("cross_attn_token_to_image")?,
            to_tokens: attention("cross_attn_image_to_token")?,
            norm1,
            norm2,
            norm3,
            norm4,
            inner: Linear::take(weights, &inner, channels, hidden)?,
            outer: Linear::take(weights, &outer, hidden, channels)?,
        })
    }

    /// `first`: the first attention's result replaces the tokens, instead of being added to them.
    fn forward(
        &self,
        tokens: &Tensor,
        image: &Tensor,
        encodings: &Tensor,
        positions: &Tensor,
        first: bool,
    ) -> Result<(Tensor, Tensor), TchError> {
        let tokens = if first {
            self.among_tokens.forward(tokens, tokens, tokens)?
        } else {
            let encoded = tokens.f_add(encodings)?;
            tokens.f_add(&self.among_tokens.forward(&encoded, &encoded, tokens)?)?
        };
        let tokens = self.norm1.forward(&tokens)?;
        let encoded_image = image.f_add(positions)?;
        let attended = self
            .to_image
            .forward(&tokens.f_add(encodings)?, &encoded_image, image)?;
        let tokens = self.norm2.forward(&tokens.f_add(&attended)?)?;
        let hidden = self.inner.forward(&tokens)?.f_relu_()?;
        let tokens = self
            .norm3
            .forward(&self.outer.forward(&hidden)?.f_add_(&tokens)?)?;
        let attended = self
            .to_tokens
            .forward(&encoded_image, &tokens.f_add(encodings)?, &tokens)?
            .f_add_(image)?;
        Ok((tokens, self.norm4.forward(&attended)?))
    }
}

impl Attention {
    fn take(weights: &mut Weights<'_>, name: &str, channels: usize) -> Result<Self, NetworkLoadError> {
        let queries = format!("{name}.q_proj.weight");
        let inner = length(weights, &queries, 2, 0)?;
        if !inner.is_multiple_of(HEADS) {
            return Err(shape_error(
                weights,
                &queries,
                format!("a multiple of {HEADS} channels"),
            ));
        }
        let mut projection = |key: &str| Linear::take(weights, &format!("{name}.{key}"), channels, inner);
        Ok(Self {
            queries: projection("q_proj")?,
            keys: projection("k_proj")?,
            values: projection("v_proj")?,
            output: Linear::take(weights, &format!("{name}.out_proj"), inner, channels)?,
        })
    }

    fn forward(&self, queries: &Tensor, keys: &Tensor, values: &Tensor) -> Result<Tensor, TchError> {
        let heads = |tokens: Tensor| -> Result<Tensor, TchError> {
            let shape = tokens.size();
            let (count, channels) = (shape[1], shape[2]);
            let heads = HEADS as i64;
            tokens
                .f_reshape([1, count, heads, channels / heads])?
                .f_transpose(1, 2)
        };
        let attended = Tensor::f_scaled_dot_product_attention(
            &heads(self.queries.forward(queries)?)?,
            &heads(self.keys.forward(keys)?)?,
            &heads(self.values.forward(values)?)?,
            None::<Tensor>,
            0.0,
            false,
            None,
            false,
        )?
        .f_transpose(1, 2)?
        .f_flatten(2, 3)?;
        self.output.forward(&attended)
    }
}

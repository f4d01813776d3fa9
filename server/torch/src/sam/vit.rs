//! SAM's image encoder: a vision transformer with window attention and decomposed relative positions (Li et
//! al. 2022, "Exploring Plain Vision Transformer Backbones for Object Detection"; Li et al. 2022, "MViTv2",
//! section 4.1).

use iopaint_inpaint::{ForwardError, Monitor};
use tch::{TchError, Tensor};

use super::layers::{
    Convolution, FEATURE_EPSILON, Linear, Norm, ResidualPerceptron, count, join_windows, length, shape_error,
    sides, windows,
};
use super::neck::Neck;
use crate::tensor::forward_error;
use crate::weights::{NetworkLoadError, Weights};

/// Largest number of bytes of an attention's biases at a time: those of 2 heads on 64 x 64 tokens.
const MAX_BIAS_BYTES: i64 = 128 << 20;

/// Largest side of the input in pixels; the published networks have 1024.
const MAX_SIDE: usize = 4096;

/// Channels of the input: red, green and blue.
const COLOURS: usize = 3;

/// A vision transformer. Widths, depth, heads, windows and the sides of patches and input follow from the
/// tensors' shapes.
pub(super) struct VisionTransformer {
    patches: Convolution,
    positions: Tensor,
    blocks: Vec<Block>,
    neck: Neck,
    /// Side of the input in pixels.
    pub side: usize,
    /// Side of the grid of tokens.
    pub grid: usize,
    /// Channels of the tokens.
    pub channels: usize,
    /// Channels of the features.
    pub features: usize,
}

/// The features of an image, `[1, H, W, C]`.
pub(super) struct Encoded {
    pub features: Tensor,
    /// The tokens behind the first block with global attention, for HQ-SAM; `None` without such a block.
    pub early: Option<Tensor>,
}

/// A transformer block.
struct Block {
    norm: Norm,
    attention: Attention,
    perceptron: ResidualPerceptron,
    /// Side of the windows in tokens; `None` for attention among all tokens.
    window: Option<i64>,
}

struct Attention {
    queries_keys_values: Linear,
    projection: Linear,
    heads: i64,
    /// Embeddings of the vertical offset of each pair of rows, `[side, side, channels of a head]`.
    vertical: Tensor,
    /// The same of the horizontal offsets.
    horizontal: Tensor,
}

impl VisionTransformer {
    /// Takes the encoder's weights, named `image_encoder.*`.
    pub fn take(weights: &mut Weights<'_>) -> Result<Self, NetworkLoadError> {
        let patch_name = "image_encoder.patch_embed.proj.weight";
        let channels = length(weights, patch_name, 4, 0)?;
        let patch = length(weights, patch_name, 4, 3)?;
        let patches = Convolution::new(
            &weights.take(patch_name, &[channels, COLOURS, patch, patch])?,
            Some(weights.take("image_encoder.patch_embed.proj.bias", &[channels])?),
            patch as i64,
            1,
        )?;
        let grid = length(weights, "image_encoder.pos_embed", 4, 1)?;
        // Bounds the memory of the tables of offsets, which is quadratic in the grid's side.
        let side = grid.saturating_mul(patch);
        if side > MAX_SIDE {
            return Err(shape_error(
                weights,
                "image_encoder.pos_embed",
                format!("a grid for at most {MAX_SIDE} pixels"),
            ));
        }
        let positions = weights.take("image_encoder.pos_embed", &[1, grid, grid, channels])?;
        let depth = count(weights, "image_encoder.blocks");
        let blocks = (0..depth)
            .map(|index| Block::take(weights, &format!("image_encoder.blocks.{index}"), channels, grid))
            .collect::<Result<_, _>>()?;
        let (neck, features) = Neck::take(weights, channels)?;
        Ok(Self {
            patches,
            positions,
            blocks,
            neck,
            side,
            grid,
            channels,
            features,
        })
    }

    /// Encodes a normalized image `[1, side, side, 3]`.
    pub fn forward(&self, image: &Tensor, monitor: &dyn Monitor) -> Result<Encoded, ForwardError> {
        let mut tokens = self
            .patches
            .forward(image)
            .and_then(|tokens| tokens.f_add(&self.positions))
            .map_err(|error| forward_error(&error))?;
        let mut early = None;
        for (index, block) in self.blocks.iter().enumerate() {
            if let std::ops::ControlFlow::Break(stop) = monitor.step(index, self.blocks.len()) {
                return Err(stop.into());
            }
            tokens = block.forward(&tokens).map_err(|error| forward_error(&error))?;
            if block.window.is_none() && early.is_none() {
                early = Some(tokens.shallow_clone());
            }
        }
        let features = self
            .neck
            .forward(&tokens)
            .map_err(|error| forward_error(&error))?;
        Ok(Encoded { features, early })
    }
}

impl Block {
    fn take(
        weights: &mut Weights<'_>,
        name: &str,
        channels: usize,
        grid: usize,
    ) -> Result<Self, NetworkLoadError> {
        let offsets_name = format!("{name}.attn.rel_pos_h");
        let offsets = length(weights, &offsets_name, 2, 0)?;
        // Offsets are -(side - 1) to side - 1, and windows aren't larger than the grid.
        if offsets.is_multiple_of(2) || offsets.div_ceil(2) > grid {
            return Err(shape_error(
                weights,
                &offsets_name,
                format!("an odd number of offsets below {}", 2 * grid),
            ));
        }
        let side = offsets.div_ceil(2);
        let hidden = length(weights, &format!("{name}.mlp.lin1.weight"), 2, 0)?;
        Ok(Self {
            norm: Norm::take(weights, &format!("{name}.norm1"), channels, FEATURE_EPSILON)?,
            attention: Attention::take(weights, &format!("{name}.attn"), channels, side)?,
            perceptron: ResidualPerceptron::take(
                weights,
                (&format!("{name}.norm2"), FEATURE_EPSILON),
                [&format!("{name}.mlp.lin1"), &format!("{name}.mlp.lin2")],
                channels,
                hidden,
            )?,
            window: (side != grid).then_some(side as i64),
        })
    }

    fn forward(&self, tokens: &Tensor) -> Result<Tensor, TchError> {
        let normalized = self.norm.forward(tokens)?;
        let size = sides(tokens)?;
        let attended = if let Some(side) = self.window {
            let windows = windows(&normalized, side)?;
            drop(normalized);
            join_windows(&self.attention.forward(&windows, (side, side))?, side, size)?
        } else {
            let all = normalized.f_flatten(1, 2)?;
            self.attention
                .forward(&all, size)?
                .f_reshape(tokens.size().as_slice())?
        };
        let tokens = tokens.f_add(&attended)?.f_contiguous()?;
        drop(attended);
        self.perceptron.add_to(&tokens)?;
        Ok(tokens)
    }
}

impl Attention {
    /// `side`: rows and columns of the tokens that attend to each other.
    fn take(
        weights: &mut Weights<'_>,
        name: &str,
        channels: usize,
        side: usize,
    ) -> Result<Self, NetworkLoadError> {
        let vertical = format!("{name}.rel_pos_h");
        let per_head = length(weights, &vertical, 2, 1)?;
        if !channels.is_multiple_of(per_head) {
            return Err(shape_error(
                weights,
                &vertical,
                format!("a divisor of {channels} channels"),
            ));
        }
        let mut offsets = |name: String| -> Result<Tensor, NetworkLoadError> {
            let embeddings = weights.take(&name, &[2 * side - 1, per_head])?;
            // The offset of query q and key k has the index q - k + side - 1.
            let index: Vec<i64> = (0..side)
                .flat_map(|query| (0..side).map(move |key| (query + side - 1 - key) as i64))
                .collect();
            let index = Tensor::f_from_slice(&index)?.f_to_device(embeddings.device())?;
            let side = side as i64;
            Ok(embeddings
                .f_index_select(0, &index)?
                .f_view([side, side, per_head as i64])?)
        };
        Ok(Self {
            vertical: offsets(vertical)?,
            horizontal: offsets(format!("{name}.rel_pos_w"))?,
            queries_keys_values: Linear::take(weights, &format!("{name}.qkv"), channels, 3 * channels)?,
            projection: Linear::take(weights, &format!("{name}.proj"), channels, channels)?,
            heads: (channels / per_head) as i64,
        })
    }

    /// Attends within each of N windows of `rows` x `columns` tokens, `[N, rows * columns, C]`.
    fn forward(&self, tokens: &Tensor, (rows, columns): (i64, i64)) -> Result<Tensor, TchError> {
        let &[windows, count, channels] = tokens.size().as_slice() else {
            return Err(TchError::Shape(String::from(
                "attention requires windows of tokens",
            )));
        };
        let per_head = channels / self.heads;
        let heads = windows * self.heads;
        // Per head of a window `[N * heads, tokens, channels]`.
        let all = self
            .queries_keys_values
            .forward(tokens)?
            .f_reshape([windows, count, 3, self.heads, per_head])?
            .f_permute([2, 0, 3, 1, 4])?
            .f_reshape([3, heads, count, per_head])?;
        let (queries, keys, values) = (all.f_select(0, 0)?, all.f_select(0, 1)?, all.f_select(0, 2)?);
        let grid = queries.f_view([heads, rows, columns, per_head])?;
        // Products of queries with the embeddings of offsets, `[N * heads, row, column, row of key]`, and the
        // same with the column of the key.
        let vertical = grid
            .f_permute([1, 0, 2, 3])?
            .f_reshape([rows, heads * columns, per_head])?
            .f_bmm(&self.vertical.f_transpose(1, 2)?)?
            .f_view([rows, heads, columns, rows])?
            .f_permute([1, 0, 2, 3])?
            .f_contiguous()?
            .f_unsqueeze(-1)?;
        let horizontal = grid
            .f_permute([2, 0, 1, 3])?
            .f_reshape([columns, heads * rows, per_head])?
            .f_bmm(&self.horizontal.f_transpose(1, 2)?)?
            .f_view([columns, heads, rows, columns])?
            .f_permute([1, 2, 0, 3])?
            .f_contiguous()?
            .f_unsqueeze(-2)?;
        let mut results = Vec::new();
        let step = (MAX_BIAS_BYTES / (count * count * size_of::<f32>() as i64)).clamp(1, heads);
        let mut start = 0;
        while start < heads {
            let length = step.min(heads - start);
            let part = |tensor: &Tensor| tensor.f_narrow(0, start, length)?.f_unsqueeze(0);
            let bias = vertical
                .f_narrow(0, start, length)?
                .f_add(&horizontal.f_narrow(0, start, length)?)?
                .f_reshape([1, length, count, count])?;
            results.push(Tensor::f_scaled_dot_product_attention(
                &part(&queries)?,
                &part(&keys)?,
                &part(&values)?,
                Some(bias),
                0.0,
                false,
                None,
                false,
            )?);
            start += length;
        }
        let joined = Tensor::f_cat(&results, 1)?
            .f_reshape([windows, self.heads, count, per_head])?
            .f_permute([0, 2, 1, 3])?
            .f_reshape([windows, count, channels])?;
        self.projection.forward(&joined)
    }
}

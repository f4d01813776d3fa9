//! Swin Transformer (Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted
//! Windows"): attention in windows, which every second block shifts by half their side.
//!
//! Feature maps are `[1, H, W, C]`.

use tch::{TchError, Tensor};

use crate::sam::layers::{
    Convolution, Linear, Norm, ResidualPerceptron, TOKEN_EPSILON, count, join_windows, length, shape_error,
    sides, windows,
};
use crate::weights::{NetworkLoadError, Weights};

/// Number of stages. The sides of the feature map are halved from stage to stage, and the number of channels
/// is doubled.
pub(super) const STAGES: usize = 4;

/// Ratio of the sides of the input to those of the first feature map.
const PATCH: usize = 4;

/// Ratio of the hidden to the outer width of a block's perceptron.
const MLP_RATIO: usize = 4;

/// Largest side of a window in pixels; the published networks have 7 and 12.
const MAX_WINDOW: usize = 64;

/// Added to the attention between pixels that only the cyclic shift brought into one window.
const MASKED: f32 = -100.0;

/// The transformer.
pub(super) struct Swin {
    patches: Convolution,
    norm: Norm,
    stages: Vec<Stage>,
    /// Channels of the first feature map.
    channels: usize,
}

impl Swin {
    /// Takes the weights named `name.*`. Channels, blocks, heads and windows follow from the tensors' shapes.
    pub fn take(weights: &mut Weights<'_>, name: &str) -> Result<Self, NetworkLoadError> {
        let patches = format!("{name}.patch_embed.proj");
        let channels = length(weights, &format!("{patches}.weight"), 4, 0)?;
        let kernel = [channels, 3, PATCH, PATCH];
        Ok(Self {
            patches: Convolution::new(
                &weights.take(&format!("{patches}.weight"), &kernel)?,
                Some(weights.take(&format!("{patches}.bias"), &[channels])?),
                PATCH as i64,
                1,
            )?,
            norm: Norm::take(
                weights,
                &format!("{name}.patch_embed.norm"),
                channels,
                TOKEN_EPSILON,
            )?,
            stages: (0..STAGES)
                .map(|stage| Stage::take(weights, name, stage, channels << stage))
                .collect::<Result<_, _>>()?,
            channels,
        })
    }

    /// Returns the channels of the feature maps.
    pub fn channels(&self) -> [usize; STAGES] {
        std::array::from_fn(|stage| self.channels << stage)
    }

    /// Returns the feature maps of an image `[1, H, W, 3]`, largest first; H and W are multiples of 32.
    pub fn forward(&self, image: &Tensor) -> Result<Vec<Tensor>, TchError> {
        let mut map = self.norm.forward(&self.patches.forward(image)?)?;
        let mut maps = Vec::with_capacity(STAGES);
        for stage in &self.stages {
            if let Some(merging) = &stage.merging {
                map = merging.forward(&map)?;
            }
            for block in &stage.blocks {
                map = block.forward(&map)?;
            }
            maps.push(stage.norm.forward(&map)?);
        }
        Ok(maps)
    }
}

/// Blocks on feature maps of one size.
struct Stage {
    /// Halves the sides of the map of the stage before.
    merging: Option<Merging>,
    blocks: Vec<Block>,
    /// Normalizes the stage's result, but not the next stage's input.
    norm: Norm,
}

impl Stage {
    fn take(
        weights: &mut Weights<'_>,
        name: &str,
        stage: usize,
        channels: usize,
    ) -> Result<Self, NetworkLoadError> {
        let merging = stage.checked_sub(1).map(|before| {
            let name = format!("{name}.layers.{before}.downsample");
            Merging::take(weights, &name, channels / 2)
        });
        let merging = merging.transpose()?;
        let blocks = format!("{name}.layers.{stage}.blocks");
        Ok(Self {
            merging,
            blocks: (0..count(weights, &blocks))
                .map(|block| Block::take(weights, &format!("{blocks}.{block}"), channels, block % 2 == 1))
                .collect::<Result<_, _>>()?,
            norm: Norm::take(weights, &format!("{name}.norm{stage}"), channels, TOKEN_EPSILON)?,
        })
    }
}

/// Joins 2 x 2 pixels to one of twice the channels.
struct Merging {
    norm: Norm,
    reduction: Linear,
}

impl Merging {
    fn take(weights: &mut Weights<'_>, name: &str, channels: usize) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            norm: Norm::take(weights, &format!("{name}.norm"), 4 * channels, TOKEN_EPSILON)?,
            reduction: Linear::without_bias(
                weights,
                &format!("{name}.reduction"),
                4 * channels,
                2 * channels,
            )?,
        })
    }

    fn forward(&self, map: &Tensor) -> Result<Tensor, TchError> {
        let (height, width) = sides(map)?;
        // Column, row and channel of the 2 x 2 pixels.
        let joined = map
            .f_view([height / 2, 2, width / 2, 2, -1])?
            .f_permute([0, 2, 3, 1, 4])?
            .f_reshape([1, height / 2, width / 2, -1])?;
        self.reduction.forward(&self.norm.forward(&joined)?)
    }
}

/// A transformer block.
struct Block {
    norm: Norm,
    attention: Attention,
    perceptron: ResidualPerceptron,
}

impl Block {
    fn take(
        weights: &mut Weights<'_>,
        name: &str,
        channels: usize,
        shifts: bool,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            norm: Norm::take(weights, &format!("{name}.norm1"), channels, TOKEN_EPSILON)?,
            attention: Attention::take(weights, &format!("{name}.attn"), channels, shifts)?,
            perceptron: ResidualPerceptron::take(
                weights,
                (&format!("{name}.norm2"), TOKEN_EPSILON),
                [&format!("{name}.mlp.fc1"), &format!("{name}.mlp.fc2")],
                channels,
                MLP_RATIO * channels,
            )?,
        })
    }

    fn forward(&self, map: &Tensor) -> Result<Tensor, TchError> {
        let attended = self.attention.forward(&self.norm.forward(map)?)?;
        let map = map.f_add(&attended)?.f_contiguous()?;
        self.perceptron.add_to(&map)?;
        Ok(map)
    }
}

/// Attention within windows.
struct Attention {
    queries_keys_values: Linear,
    projection: Linear,
    /// Added to the attention between two pixels of a window, by their relative position:
    /// `[1, heads, side * side, side * side]`.
    bias: Tensor,
    heads: i64,
    /// Side of the windows in pixels.
    side: i64,
    /// Distance of the shift in pixels; 0 for none.
    shift: i64,
}

impl Attention {
    fn take(
        weights: &mut Weights<'_>,
        name: &str,
        channels: usize,
        shifts: bool,
    ) -> Result<Self, NetworkLoadError> {
        let table = format!("{name}.relative_position_bias_table");
        let (positions, heads) = (length(weights, &table, 2, 0)?, length(weights, &table, 2, 1)?);
        let side = (1..=MAX_WINDOW)
            .find(|side| (2 * side - 1).pow(2) == positions)
            .ok_or_else(|| shape_error(weights, &table, "the square of an odd number of positions"))?;
        if !channels.is_multiple_of(heads) {
            let expected = format!("heads that divide {channels} channels");
            return Err(shape_error(weights, &table, expected));
        }
        let bias = position_bias(&weights.take(&table, &[positions, heads])?, side)?;
        // The indices that `position_bias` computes.
        weights.discard(&format!("{name}.relative_position_index"));
        Ok(Self {
            queries_keys_values: Linear::take(weights, &format!("{name}.qkv"), channels, 3 * channels)?,
            projection: Linear::take(weights, &format!("{name}.proj"), channels, channels)?,
            bias,
            heads: heads as i64,
            side: side as i64,
            shift: if shifts { side as i64 / 2 } else { 0 },
        })
    }

    /// Attends within the windows of a map. The map is padded by zeros, and shifted cyclically.
    fn forward(&self, map: &Tensor) -> Result<Tensor, TchError> {
        let (height, width) = sides(map)?;
        let full = |length: i64| length.unsigned_abs().next_multiple_of(self.side.unsigned_abs()) as i64;
        let (right, bottom) = (full(width) - width, full(height) - height);
        let mut map = if right > 0 || bottom > 0 {
            map.f_constant_pad_nd([0, 0, 0, right, 0, bottom])?
        } else {
            map.shallow_clone()
        };
        let shift = [self.shift, self.shift];
        if self.shift > 0 {
            map = map.f_roll(shift.map(|distance| -distance), [1, 2])?;
        }
        // One row of windows at a time, which bounds the memory of queries and masks.
        let strips = map.f_split(self.side, 1)?;
        let columns = full(width) / self.side;
        let [bias, last_bias] = if self.shift > 0 {
            [
                self.masked_bias(columns, false)?,
                self.masked_bias(columns, true)?,
            ]
        } else {
            [self.bias.shallow_clone(), self.bias.shallow_clone()]
        };
        let attended = strips
            .iter()
            .enumerate()
            .map(|(row, strip)| {
                let bias = if row + 1 == strips.len() {
                    &last_bias
                } else {
                    &bias
                };
                let attended = self.attend(&windows(strip, self.side)?, bias)?;
                join_windows(&attended, self.side, (self.side, full(width)))
            })
            .collect::<Result<Vec<_>, TchError>>()?;
        let mut map = Tensor::f_cat(&attended, 1)?;
        if self.shift > 0 {
            map = map.f_roll(shift, [1, 2])?;
        }
        map.f_narrow(1, 0, height)?.f_narrow(2, 0, width)
    }

    /// Attends within N windows, `[N, side * side, C]`; `bias`: `[N or 1, heads, side * side, side * side]`.
    fn attend(&self, windows: &Tensor, bias: &Tensor) -> Result<Tensor, TchError> {
        let (count, pixels, channels) = windows.size3()?;
        let by_head = self
            .queries_keys_values
            .forward(windows)?
            .f_view([count, pixels, 3, self.heads, channels / self.heads])?
            .f_permute([2, 0, 3, 1, 4])?;
        let attended = Tensor::f_scaled_dot_product_attention(
            &by_head.f_select(0, 0)?,
            &by_head.f_select(0, 1)?,
            &by_head.f_select(0, 2)?,
            Some(bias),
            0.0,
            false,
            None,
            false,
        )?;
        self.projection
            .forward(&attended.f_transpose(1, 2)?.f_flatten(2, 3)?)
    }

    /// Returns the bias of a row of `columns` windows, `[columns, heads, side * side, side * side]`. In the
    /// last column and row, the shift brought pixels of opposite borders into one window.
    fn masked_bias(&self, columns: i64, is_last_row: bool) -> Result<Tensor, TchError> {
        let pixels = self.side * self.side;
        let mut mask = Vec::with_capacity((columns * pixels * pixels) as usize);
        for column in 0..columns {
            let border = |pixel: i64| {
                let crosses = |at: i64, is_last: bool| is_last && at >= self.side - self.shift;
                (
                    crosses(pixel / self.side, is_last_row),
                    crosses(pixel % self.side, column + 1 == columns),
                )
            };
            for query in 0..pixels {
                let of_query = border(query);
                mask.extend((0..pixels).map(|key| if border(key) == of_query { 0.0 } else { MASKED }));
            }
        }
        Tensor::f_from_slice(&mask)?
            .f_view([columns, 1, pixels, pixels])?
            .f_to_device(self.bias.device())?
            .f_add(&self.bias)
    }
}

/// Returns the biases of all pairs of pixels of a window, `[1, heads, side * side, side * side]`, from those
/// of relative positions, `[(2 * side - 1)^2, heads]`.
fn position_bias(table: &Tensor, side: usize) -> Result<Tensor, TchError> {
    let span = 2 * side - 1;
    let pixels = side * side;
    let mut indices = Vec::with_capacity(pixels * pixels);
    for query in 0..pixels {
        for key in 0..pixels {
            let down = query / side + side - 1 - key / side;
            let across = query % side + side - 1 - key % side;
            indices.push((down * span + across) as i64);
        }
    }
    let indices = Tensor::f_from_slice(&indices)?.f_to_device(table.device())?;
    let pixels = pixels as i64;
    table
        .f_index_select(0, &indices)?
        .f_view([1, pixels, pixels, -1])?
        .f_permute([0, 3, 1, 2])?
        .f_contiguous()
}

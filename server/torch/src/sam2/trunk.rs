//! Hiera: a hierarchical vision transformer with attention in windows (Ryali et al. 2023, "Hiera: A
//! Hierarchical Vision Transformer without the Bells-and-Whistles"; windows and position embeddings as in
//! Ravi et al. 2024, "SAM 2: Segment Anything in Images and Videos", and Bolya et al. 2023, "Window Attention
//! is Bugged").
//!
//! Feature maps are `[1, H, W, C]`.

use tch::{TchError, Tensor};

use super::configuration::{Configuration, PATCH, STAGES, block_name};
use super::layers::{Activation, LayerNorm, Linear, Mlp, Parts, attend};
use crate::weights::NetworkLoadError;

const NAME: &str = "image_encoder.trunk";

/// Side of the kernel that embeds patches, in pixels.
const PATCH_KERNEL: usize = 7;

/// Ratio of the hidden to the outer width of a block's MLP.
const MLP_RATIO: usize = 4;

/// Tokens that an MLP processes at a time on the CPU. The hidden values of the whole first stage take 100 to
/// 151 MB; parts that stay in the caches are faster too: 65 instead of 110 ms for that block of the tiny trunk,
/// on two threads (parts of 1024 and 4096 tokens: 72 and 68 ms).
const MLP_TOKENS: i64 = 2048;

/// Constant under the square root of layer norms.
const EPSILON: f64 = 1e-6;

/// The image encoder without its neck.
pub(super) struct Trunk {
    patch_weight: Tensor,
    patch_bias: Tensor,
    /// Position embedding of the first stage.
    position: Tensor,
    stages: [Vec<Block>; STAGES],
}

impl Trunk {
    pub fn take(parts: &mut Parts<'_, '_>, configuration: &Configuration) -> Result<Self, NetworkLoadError> {
        let channels = configuration.channels;
        let kernel = [channels, 3, PATCH_KERNEL, PATCH_KERNEL];
        let mut trunk = Self {
            patch_weight: parts.take(&format!("{NAME}.patch_embed.proj.weight"), &kernel)?,
            patch_bias: parts.take(&format!("{NAME}.patch_embed.proj.bias"), &[channels])?,
            position: position_embedding(parts, configuration)?,
            stages: Default::default(),
        };
        for block in 0..configuration.depth() {
            let (stage, _) = configuration.stage(block);
            if let Some(blocks) = trunk.stages.get_mut(stage) {
                blocks.push(Block::take(parts, configuration, block)?);
            }
        }
        Ok(trunk)
    }

    /// Returns the feature maps of all stages of an image `[1, 3, H, W]`, largest first.
    pub fn forward(&self, image: &Tensor) -> Result<[Tensor; STAGES], TchError> {
        let stride = PATCH as i64;
        let padding = (PATCH_KERNEL / 2) as i64;
        let patches = image.f_conv2d(
            &self.patch_weight,
            Some(&self.patch_bias),
            [stride, stride],
            [padding, padding],
            [1, 1],
            1,
        )?;
        let mut map = patches.f_permute([0, 2, 3, 1])?.f_add(&self.position)?;
        let mut run = |blocks: &[Block]| -> Result<Tensor, TchError> {
            for block in blocks {
                map = block.forward(&map)?;
            }
            Ok(map.shallow_clone())
        };
        let [first, second, third, fourth] = &self.stages;
        Ok([run(first)?, run(second)?, run(third)?, run(fourth)?])
    }
}

/// Returns the position embedding `[1, H, W, C]`: one of the whole map, enlarged, and one of a window,
/// repeated.
fn position_embedding(
    parts: &mut Parts<'_, '_>,
    configuration: &Configuration,
) -> Result<Tensor, NetworkLoadError> {
    let channels = configuration.channels;
    let [window, ..] = configuration.windows;
    let name = format!("{NAME}.pos_embed");
    let shape = [1, channels, parts.length(&name, 2), parts.length(&name, 3)];
    let global = parts.take(&name, &shape)?;
    let local = parts.take(
        &format!("{NAME}.pos_embed_window"),
        &[1, channels, window, window],
    )?;
    let side = configuration.image_side / PATCH;
    let repeats = (side / window) as i64;
    let global = global.f_upsample_bicubic2d([side as i64, side as i64], false, None, None)?;
    let sum = global.f_add(&local.f_repeat([1, 1, repeats, repeats])?)?;
    Ok(sum.f_permute([0, 2, 3, 1])?.f_contiguous()?)
}

/// A transformer block. The first block of a stage halves the sides of the map and doubles its channels.
struct Block {
    norm1: LayerNorm,
    /// Doubles the channels of the residual connection, in the first block of a stage.
    projection: Option<Linear>,
    qkv: Linear,
    attention_projection: Linear,
    norm2: LayerNorm,
    mlp: Mlp,
    heads: i64,
    /// Side of the attention windows; `None` for global attention.
    window: Option<i64>,
}

impl Block {
    fn take(
        parts: &mut Parts<'_, '_>,
        configuration: &Configuration,
        block: usize,
    ) -> Result<Self, NetworkLoadError> {
        let name = block_name(block);
        let (stage, starts) = configuration.stage(block);
        let outputs = configuration.channels(stage);
        let inputs = if starts { outputs / 2 } else { outputs };
        let projection = starts
            .then(|| Linear::take(parts, &format!("{name}.proj"), inputs, outputs))
            .transpose()?;
        let widths = [outputs, MLP_RATIO * outputs, outputs];
        Ok(Self {
            norm1: LayerNorm::take(parts, &format!("{name}.norm1"), inputs, EPSILON)?,
            projection,
            qkv: Linear::take(parts, &format!("{name}.attn.qkv"), inputs, 3 * outputs)?,
            attention_projection: Linear::take(parts, &format!("{name}.attn.proj"), outputs, outputs)?,
            norm2: LayerNorm::take(parts, &format!("{name}.norm2"), outputs, EPSILON)?,
            mlp: Mlp::take(parts, &format!("{name}.mlp"), &widths, Activation::Gelu)?,
            heads: (configuration.heads << stage) as i64,
            window: configuration.window(block).map(|window| window as i64),
        })
    }

    fn forward(&self, map: &Tensor) -> Result<Tensor, TchError> {
        let normalized = self.norm1.forward(map)?;
        let shortcut = match &self.projection {
            Some(projection) => pool(&projection.forward(&normalized)?)?,
            None => map.shallow_clone(),
        };
        let (_, height, width, _) = shortcut.size4()?;
        let attended = match self.window {
            Some(window) => {
                let windows = split(&normalized, window)?;
                let window = if self.projection.is_some() {
                    window / 2
                } else {
                    window
                };
                join(&self.attention(&windows)?, window, height, width)?
            }
            None => self.attention(&normalized)?,
        };
        let map = shortcut.f_add(&attended)?.f_contiguous()?;
        let tokens = map.f_view([height * width, -1])?;
        let part = if map.device().is_cuda() {
            height * width
        } else {
            MLP_TOKENS
        };
        for mut tokens in tokens.f_split(part, 0)? {
            let expanded = self.mlp.forward(&self.norm2.forward(&tokens)?)?;
            let _ = tokens.f_add_(&expanded)?;
        }
        Ok(map)
    }

    /// Attends within each map of `[N, H, W, C]`. The first block of a stage pools its queries.
    fn attention(&self, windows: &Tensor) -> Result<Tensor, TchError> {
        let (count, height, width, _) = windows.size4()?;
        let tokens = |tensor: &Tensor| tensor.f_reshape([count, -1, self.heads, self.head_channels(tensor)?]);
        let parts = self.qkv.forward(windows)?.f_chunk(3, -1)?;
        let [queries, keys, values] = parts.as_slice() else {
            return Err(TchError::Shape(String::from(
                "attention has no queries, keys and values",
            )));
        };
        let (pooled, height, width) = match self.projection {
            Some(_) => (Some(pool(queries)?), height / 2, width / 2),
            None => (None, height, width),
        };
        let queries = pooled.as_ref().unwrap_or(queries);
        let attended = attend(&tokens(queries)?, &tokens(keys)?, &tokens(values)?)?;
        let attended = attended.f_reshape([count, height, width, -1])?;
        self.attention_projection.forward(&attended)
    }

    /// Returns the number of channels of a head.
    fn head_channels(&self, tensor: &Tensor) -> Result<i64, TchError> {
        Ok(tensor.size4()?.3 / self.heads)
    }
}

/// Takes the maxima of 2 x 2 pixels of `[N, H, W, C]`.
fn pool(map: &Tensor) -> Result<Tensor, TchError> {
    map.f_permute([0, 3, 1, 2])?
        .f_max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false)?
        .f_permute([0, 2, 3, 1])
}

/// Splits `[1, H, W, C]` into windows `[N, window, window, C]`. Zeros are added on the right and at the bottom.
fn split(map: &Tensor, window: i64) -> Result<Tensor, TchError> {
    let (_, height, width, channels) = map.size4()?;
    let (rows, columns) = (ceil_div(height, window), ceil_div(width, window));
    let padded = if (rows * window, columns * window) == (height, width) {
        map.shallow_clone()
    } else {
        map.f_constant_pad_nd([0, 0, 0, columns * window - width, 0, rows * window - height])?
    };
    padded
        .f_reshape([rows, window, columns, window, channels])?
        .f_permute([0, 2, 1, 3, 4])?
        .f_reshape([rows * columns, window, window, channels])
}

/// Joins windows to `[1, height, width, C]`, without the pixels that were added.
fn join(windows: &Tensor, window: i64, height: i64, width: i64) -> Result<Tensor, TchError> {
    let (rows, columns) = (ceil_div(height, window), ceil_div(width, window));
    windows
        .f_reshape([rows, columns, window, window, -1])?
        .f_permute([0, 2, 1, 3, 4])?
        .f_reshape([1, rows * window, columns * window, -1])?
        .f_narrow(1, 0, height)?
        .f_narrow(2, 0, width)
}

fn ceil_div(dividend: i64, divisor: i64) -> i64 {
    (dividend + divisor - 1) / divisor
}

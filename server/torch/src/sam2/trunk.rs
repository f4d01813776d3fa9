//! Hiera: a hierarchical vision transformer with attention in windows (Ryali et al. 2023, "Hiera: A
//! Hierarchical Vision Transformer without the Bells-and-Whistles"; windows and position embeddings as in
//! Ravi et al. 2024, "SAM 2: Segment Anything in Images and Videos", and Bolya et al. 2023, "Window Attention
//! is Bugged").
//!
//! Feature maps are `[1, H, W, C]`.

use std::ops::ControlFlow;

use iopaint_inpaint::{ForwardError, Monitor};
use tch::{TchError, Tensor};

use super::configuration::{Configuration, PATCH, STAGES, block_name};
use crate::sam::layers::{
    Convolution, FEATURE_EPSILON, Linear, Norm, ResidualPerceptron, join_windows, length, shape_error, sides,
    windows,
};
use crate::tensor::forward_error;
use crate::weights::{NetworkLoadError, Weights};

const NAME: &str = "image_encoder.trunk";

/// Side of the kernel that embeds patches, in pixels.
const PATCH_KERNEL: usize = 7;

/// Ratio of the hidden to the outer width of a block's MLP.
const MLP_RATIO: usize = 4;

/// Channels of the input: red, green and blue.
const COLOURS: usize = 3;

/// Largest side of the position embedding of the whole map; the published networks have 7 and 14.
const MAX_POSITIONS: usize = 256;

/// The image encoder without its neck.
pub(super) struct Trunk {
    patches: Convolution,
    /// Position embedding of the first stage.
    positions: Tensor,
    stages: [Vec<Block>; STAGES],
    /// Number of blocks.
    depth: usize,
}

impl Trunk {
    /// Takes the weights named `image_encoder.trunk.*`.
    pub fn take(weights: &mut Weights<'_>, configuration: &Configuration) -> Result<Self, NetworkLoadError> {
        let channels = configuration.channels;
        let kernel = [channels, COLOURS, PATCH_KERNEL, PATCH_KERNEL];
        let patches = Convolution::new(
            &weights.take(&format!("{NAME}.patch_embed.proj.weight"), &kernel)?,
            Some(weights.take(&format!("{NAME}.patch_embed.proj.bias"), &[channels])?),
            PATCH as i64,
            1,
        )?;
        let positions = position_embedding(weights, configuration)?;
        let mut stages: [Vec<Block>; STAGES] = Default::default();
        for block in 0..configuration.depth() {
            let (stage, _) = configuration.stage(block);
            if let Some(blocks) = stages.get_mut(stage) {
                blocks.push(Block::take(weights, configuration, block)?);
            }
        }
        Ok(Self {
            patches,
            positions,
            stages,
            depth: configuration.depth(),
        })
    }

    /// Returns the feature maps of all stages of a normalized image `[1, side, side, 3]`, largest first.
    pub fn forward(&self, image: &Tensor, monitor: &dyn Monitor) -> Result<[Tensor; STAGES], ForwardError> {
        let mut map = self
            .patches
            .forward(image)
            .and_then(|map| map.f_add(&self.positions))
            .map_err(|error| forward_error(&error))?;
        let mut done = 0;
        let mut run = |blocks: &[Block]| {
            for block in blocks {
                if let ControlFlow::Break(stop) = monitor.step(done, self.depth) {
                    return Err(ForwardError::from(stop));
                }
                map = block.forward(&map).map_err(|error| forward_error(&error))?;
                done += 1;
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
    weights: &mut Weights<'_>,
    configuration: &Configuration,
) -> Result<Tensor, NetworkLoadError> {
    let channels = configuration.channels;
    let [window, ..] = configuration.windows;
    let name = format!("{NAME}.pos_embed");
    let (height, width) = (length(weights, &name, 4, 2)?, length(weights, &name, 4, 3)?);
    if height.max(width) > MAX_POSITIONS {
        return Err(shape_error(
            weights,
            &name,
            format!("sides of at most {MAX_POSITIONS}"),
        ));
    }
    let global = weights.take(&name, &[1, channels, height, width])?;
    let local = weights.take(
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
    norm: Norm,
    attention: Attention,
    /// Doubles the channels of the shortcut, in the first block of a stage.
    doubling: Option<Linear>,
    perceptron: ResidualPerceptron,
    /// Side of the attention windows; `None` for attention among all tokens.
    window: Option<i64>,
}

impl Block {
    fn take(
        weights: &mut Weights<'_>,
        configuration: &Configuration,
        block: usize,
    ) -> Result<Self, NetworkLoadError> {
        let name = block_name(block);
        let (stage, starts) = configuration.stage(block);
        let outputs = configuration.channels(stage);
        let inputs = if starts { outputs / 2 } else { outputs };
        let doubling = starts
            .then(|| Linear::take(weights, &format!("{name}.proj"), inputs, outputs))
            .transpose()?;
        Ok(Self {
            norm: Norm::take(weights, &format!("{name}.norm1"), inputs, FEATURE_EPSILON)?,
            attention: Attention {
                queries_keys_values: Linear::take(weights, &format!("{name}.attn.qkv"), inputs, 3 * outputs)?,
                projection: Linear::take(weights, &format!("{name}.attn.proj"), outputs, outputs)?,
                heads: (configuration.heads << stage) as i64,
                pools: starts,
            },
            doubling,
            perceptron: ResidualPerceptron::take(
                weights,
                (&format!("{name}.norm2"), FEATURE_EPSILON),
                [&format!("{name}.mlp.layers.0"), &format!("{name}.mlp.layers.1")],
                outputs,
                MLP_RATIO * outputs,
            )?,
            window: configuration.window(block).map(|window| window as i64),
        })
    }

    fn forward(&self, map: &Tensor) -> Result<Tensor, TchError> {
        let normalized = self.norm.forward(map)?;
        let shortcut = match &self.doubling {
            Some(doubling) => pool(&doubling.forward(&normalized)?)?,
            None => map.shallow_clone(),
        };
        let (height, width) = sides(&shortcut)?;
        let attended = if let Some(side) = self.window {
            let attended = self
                .attention
                .forward(&windows(&normalized, side)?, (side, side))?;
            let side = if self.attention.pools { side / 2 } else { side };
            join_windows(&attended, side, (height, width))?
        } else {
            let tokens = normalized.f_flatten(1, 2)?;
            let attended = self.attention.forward(&tokens, sides(&normalized)?)?;
            attended.f_reshape([1, height, width, -1])?
        };
        let map = shortcut.f_add(&attended)?.f_contiguous()?;
        self.perceptron.add_to(&map)?;
        Ok(map)
    }
}

struct Attention {
    queries_keys_values: Linear,
    projection: Linear,
    heads: i64,
    /// Takes the maxima of the queries of 2 x 2 tokens.
    pools: bool,
}

impl Attention {
    /// Attends within each of N windows of `rows` x `columns` tokens, `[N, rows * columns, C]`.
    fn forward(&self, tokens: &Tensor, (rows, columns): (i64, i64)) -> Result<Tensor, TchError> {
        let all = self.queries_keys_values.forward(tokens)?.f_chunk(3, -1)?;
        let [queries, keys, values] = all.as_slice() else {
            return Err(TchError::Shape(String::from(
                "attention requires queries, keys and values",
            )));
        };
        let (count, _, channels) = queries.size3()?;
        let queries = if self.pools {
            pool(&queries.f_reshape([count, rows, columns, channels])?)?
        } else {
            queries.shallow_clone()
        };
        let by_head = |tensor: &Tensor| {
            tensor
                .f_reshape([count, -1, self.heads, channels / self.heads])?
                .f_transpose(1, 2)
        };
        let attended = Tensor::f_scaled_dot_product_attention(
            &by_head(&queries)?,
            &by_head(keys)?,
            &by_head(values)?,
            None::<Tensor>,
            0.0,
            false,
            None,
            false,
        )?;
        self.projection
            .forward(&attended.f_transpose(1, 2)?.f_flatten(2, 3)?)
    }
}

/// Takes the maxima of 2 x 2 pixels of `[N, H, W, C]`.
fn pool(map: &Tensor) -> Result<Tensor, TchError> {
    map.f_permute([0, 3, 1, 2])?
        .f_max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false)?
        .f_permute([0, 2, 3, 1])
}

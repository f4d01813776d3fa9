//! MobileSAM's image encoder (Zhang et al. 2023, "Faster Segment Anything"): `TinyViT` (Wu et al. 2022,
//! "TinyViT: Fast Pretraining Distillation for Small Vision Transformers"), a stage of inverted residual
//! blocks and stages of window attention.

use std::ops::ControlFlow;

use iopaint_inpaint::{ForwardError, Monitor};
use tch::{TchError, Tensor};

use super::layers::{
    Convolution, Linear, Norm, TOKEN_EPSILON, count, gelu, join_windows, length, shape_error, sides, windows,
};
use super::neck::Neck;
use super::vit::Encoded;
use crate::tensor::forward_error;
use crate::weights::{NetworkLoadError, Weights};

/// Side of the input in pixels; no tensor's shape depends on it.
pub(super) const SIDE: usize = 1024;

/// Widths of the stages before which the image isn't halved, in the published networks of SAM.
const UNHALVED_WIDTHS: [usize; 3] = [320, 448, 576];

/// Largest side of a window in tokens; the published networks have 7 and 14. Bounds the memory of the biases
/// of pairs, which grows with the side to the power of 4.
const MAX_WINDOW: usize = 32;

/// Epsilon of the batch normalizations.
const BATCH_EPSILON: f64 = 1e-5;

/// Channels of the input: red, green and blue.
const COLOURS: usize = 3;

/// An encoder of the architecture `TinyViT`. Widths, depths, heads and windows follow from the tensors'
/// shapes.
pub(super) struct TinyVit {
    stem: [Convolution; 2],
    stages: Vec<Stage>,
    neck: Neck,
    /// Channels of the features.
    pub features: usize,
    /// Side of the grid of features.
    pub grid: usize,
}

struct Stage {
    blocks: Vec<Block>,
    merging: Option<Merging>,
}

enum Block {
    Residual(InvertedResidual),
    Attention(Box<WindowBlock>),
}

/// Pointwise, depthwise and pointwise convolutions and a shortcut.
struct InvertedResidual {
    expansion: Linear,
    depthwise: Convolution,
    projection: Linear,
}

/// The convolutions between two stages.
struct Merging {
    expansion: Linear,
    depthwise: Convolution,
    projection: Linear,
}

/// Window attention, a depthwise convolution and a perceptron.
struct WindowBlock {
    norm: Norm,
    queries_keys_values: Linear,
    projection: Linear,
    heads: i64,
    /// Per head the bias of each pair of tokens, `[1, heads, side * side, side * side]`.
    bias: Tensor,
    /// Side of the windows in tokens.
    side: i64,
    local: Convolution,
    inner_norm: Norm,
    inner: Linear,
    outer: Linear,
}

impl TinyVit {
    /// Takes the encoder's weights, named `image_encoder.*`.
    pub fn take(weights: &mut Weights<'_>) -> Result<Self, NetworkLoadError> {
        let root = "image_encoder";
        let mut width = length(weights, &format!("{root}.patch_embed.seq.2.c.weight"), 4, 0)?;
        let half = length(weights, &format!("{root}.patch_embed.seq.0.c.weight"), 4, 0)?;
        let stem = [
            convolution(
                weights,
                &format!("{root}.patch_embed.seq.0"),
                [COLOURS, half],
                2,
                false,
            )?,
            convolution(
                weights,
                &format!("{root}.patch_embed.seq.2"),
                [half, width],
                2,
                false,
            )?,
        ];
        let mut grid = SIDE / 4;
        let mut stages = Vec::new();
        for index in 0..count(weights, &format!("{root}.layers")) {
            let name = format!("{root}.layers.{index}");
            let blocks = (0..count(weights, &format!("{name}.blocks")))
                .map(|block| Block::take(weights, &format!("{name}.blocks.{block}"), width))
                .collect::<Result<_, _>>()?;
            let mut stage = Stage {
                blocks,
                merging: None,
            };
            let merging = format!("{name}.downsample");
            if weights.shape(&format!("{merging}.conv1.c.weight")).is_some() {
                let next = length(weights, &format!("{merging}.conv1.c.weight"), 4, 0)?;
                let stride = if UNHALVED_WIDTHS.contains(&next) { 1 } else { 2 };
                stage.merging = Some(Merging {
                    expansion: pointwise(weights, &format!("{merging}.conv1"), width, next)?,
                    depthwise: convolution(weights, &format!("{merging}.conv2"), [next, next], stride, true)?,
                    projection: pointwise(weights, &format!("{merging}.conv3"), next, next)?,
                });
                grid = grid.div_ceil(stride as usize);
                width = next;
            }
            stages.push(stage);
        }
        let (neck, features) = Neck::take(weights, width)?;
        skip_classifier(weights, width)?;
        Ok(Self {
            stem,
            stages,
            neck,
            features,
            grid,
        })
    }

    /// Encodes a normalized image `[1, 1024, 1024, 3]`.
    pub fn forward(&self, image: &Tensor, monitor: &dyn Monitor) -> Result<Encoded, ForwardError> {
        let [first, second] = &self.stem;
        let mut image = first
            .forward(image)
            .and_then(gelu)
            .and_then(|image| second.forward(&image))
            .map_err(|error| forward_error(&error))?;
        for (index, stage) in self.stages.iter().enumerate() {
            if let ControlFlow::Break(stop) = monitor.step(index, self.stages.len()) {
                return Err(stop.into());
            }
            image = stage.forward(image).map_err(|error| forward_error(&error))?;
        }
        let features = self.neck.forward(&image).map_err(|error| forward_error(&error))?;
        Ok(Encoded {
            features,
            early: None,
        })
    }
}

/// The classifier is a part of the files, but not of the encoder.
fn skip_classifier(weights: &mut Weights<'_>, width: usize) -> Result<(), NetworkLoadError> {
    weights.skip("image_encoder.norm_head.weight", &[width])?;
    weights.skip("image_encoder.norm_head.bias", &[width])?;
    if weights.shape("image_encoder.head.weight").is_some() {
        let classes = length(weights, "image_encoder.head.weight", 2, 0)?;
        weights.skip("image_encoder.head.weight", &[classes, width])?;
        weights.skip("image_encoder.head.bias", &[classes])?;
    }
    Ok(())
}

impl Stage {
    fn forward(&self, mut image: Tensor) -> Result<Tensor, TchError> {
        for block in &self.blocks {
            image = match block {
                Block::Residual(block) => block.forward(&image)?,
                Block::Attention(block) => block.forward(&image)?,
            };
        }
        match &self.merging {
            Some(merging) => {
                let image = gelu(merging.expansion.forward(&image)?)?;
                merging
                    .projection
                    .forward(&gelu(merging.depthwise.forward(&image)?)?)
            }
            None => Ok(image),
        }
    }
}

impl Block {
    fn take(weights: &mut Weights<'_>, name: &str, width: usize) -> Result<Self, NetworkLoadError> {
        if weights.shape(&format!("{name}.conv1.c.weight")).is_none() {
            return WindowBlock::take(weights, name, width).map(|block| Self::Attention(Box::new(block)));
        }
        let hidden = length(weights, &format!("{name}.conv1.c.weight"), 4, 0)?;
        Ok(Self::Residual(InvertedResidual {
            expansion: pointwise(weights, &format!("{name}.conv1"), width, hidden)?,
            depthwise: convolution(weights, &format!("{name}.conv2"), [hidden, hidden], 1, true)?,
            projection: pointwise(weights, &format!("{name}.conv3"), hidden, width)?,
        }))
    }
}

impl InvertedResidual {
    fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        let hidden = gelu(self.expansion.forward(image)?)?;
        let hidden = gelu(self.depthwise.forward(&hidden)?)?;
        gelu(self.projection.forward(&hidden)?.f_add_(image)?)
    }
}

impl WindowBlock {
    fn take(weights: &mut Weights<'_>, name: &str, width: usize) -> Result<Self, NetworkLoadError> {
        let biases_name = format!("{name}.attn.attention_biases");
        let heads = length(weights, &biases_name, 2, 0)?;
        let distances = length(weights, &biases_name, 2, 1)?;
        let side = distances.isqrt();
        if side * side != distances || side > MAX_WINDOW || !width.is_multiple_of(heads) {
            return Err(shape_error(
                weights,
                &biases_name,
                format!("heads that divide {width}, and the square of at most {MAX_WINDOW}"),
            ));
        }
        let biases = weights.take(&biases_name, &[heads, distances])?;
        let hidden = length(weights, &format!("{name}.mlp.fc1.weight"), 2, 0)?;
        Ok(Self {
            norm: Norm::take(weights, &format!("{name}.attn.norm"), width, TOKEN_EPSILON)?,
            queries_keys_values: Linear::take(weights, &format!("{name}.attn.qkv"), width, 3 * width)?,
            projection: Linear::take(weights, &format!("{name}.attn.proj"), width, width)?,
            heads: heads as i64,
            bias: pair_biases(&biases, side)?,
            side: side as i64,
            local: convolution(weights, &format!("{name}.local_conv"), [width, width], 1, true)?,
            inner_norm: Norm::take(weights, &format!("{name}.mlp.norm"), width, TOKEN_EPSILON)?,
            inner: Linear::take(weights, &format!("{name}.mlp.fc1"), width, hidden)?,
            outer: Linear::take(weights, &format!("{name}.mlp.fc2"), hidden, width)?,
        })
    }

    fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        let size = sides(image)?;
        let attended = self.attend(&windows(image, self.side)?)?;
        let image = join_windows(&attended, self.side, size)?.f_add(image)?;
        let image = self.local.forward(&image)?;
        let hidden = gelu(self.inner.forward(&self.inner_norm.forward(&image)?)?)?;
        self.outer.forward(&hidden)?.f_add_(&image)
    }

    /// Attends within windows `[N, tokens, C]`. The padding takes part, as tokens of zeros before the
    /// normalization.
    fn attend(&self, windows: &Tensor) -> Result<Tensor, TchError> {
        let &[number, tokens, width] = windows.size().as_slice() else {
            return Err(TchError::Shape(String::from(
                "attention requires windows of tokens",
            )));
        };
        let per_head = width / self.heads;
        let all = self
            .queries_keys_values
            .forward(&self.norm.forward(windows)?)?
            .f_reshape([number, tokens, self.heads, 3 * per_head])?
            .f_transpose(1, 2)?;
        let part = |index: i64| all.f_narrow(3, index * per_head, per_head);
        let result = Tensor::f_scaled_dot_product_attention(
            &part(0)?,
            &part(1)?,
            &part(2)?,
            Some(self.bias.f_expand([number, -1, -1, -1], false)?),
            0.0,
            false,
            None,
            false,
        )?
        .f_transpose(1, 2)?
        .f_reshape([number, tokens, width])?;
        self.projection.forward(&result)
    }
}

/// Returns the bias of each pair of tokens of a window from those of their vertical and horizontal distances,
/// `[heads, side * side]`.
fn pair_biases(biases: &Tensor, side: usize) -> Result<Tensor, TchError> {
    let tokens = side * side;
    let index: Vec<i64> = (0..tokens * tokens)
        .map(|pair| {
            let (one, other) = (pair / tokens, pair % tokens);
            let vertical = (one / side).abs_diff(other / side);
            let horizontal = (one % side).abs_diff(other % side);
            (vertical * side + horizontal) as i64
        })
        .collect();
    let index = Tensor::f_from_slice(&index)?.f_to_device(biases.device())?;
    let tokens = tokens as i64;
    biases.f_index_select(1, &index)?.f_view([1, -1, tokens, tokens])
}

/// Takes a convolution and its batch normalization, which is folded into it. `depthwise`: one filter per
/// channel.
fn convolution(
    weights: &mut Weights<'_>,
    name: &str,
    [inputs, outputs]: [usize; 2],
    stride: i64,
    depthwise: bool,
) -> Result<Convolution, NetworkLoadError> {
    let (inputs, groups) = if depthwise {
        (1, outputs as i64)
    } else {
        (inputs, 1)
    };
    let (weight, bias) = folded(weights, name, &[outputs, inputs, 3, 3])?;
    Ok(Convolution::new(&weight, Some(bias), stride, groups)?)
}

/// As [`convolution`], for kernels of one pixel.
fn pointwise(
    weights: &mut Weights<'_>,
    name: &str,
    inputs: usize,
    outputs: usize,
) -> Result<Linear, NetworkLoadError> {
    let (weight, bias) = folded(weights, name, &[outputs, inputs, 1, 1])?;
    Ok(Linear::of_pointwise(&weight, Some(bias))?)
}

/// Takes the filters `NAME.c` of shape `shape` and the batch normalization `NAME.bn`. Returns filters and
/// biases with the same result.
fn folded(
    weights: &mut Weights<'_>,
    name: &str,
    shape: &[usize; 4],
) -> Result<(Tensor, Tensor), NetworkLoadError> {
    let outputs = shape[0];
    let filters = weights.take(&format!("{name}.c.weight"), shape)?;
    let mut statistic = |key: &str| weights.take(&format!("{name}.bn.{key}"), &[outputs]);
    let (factor, offset) = (statistic("weight")?, statistic("bias")?);
    let (mean, variance) = (statistic("running_mean")?, statistic("running_var")?);
    weights.skip(&format!("{name}.bn.num_batches_tracked"), &[])?;
    let factor = factor.f_div(&variance.f_add_scalar(BATCH_EPSILON)?.f_sqrt()?)?;
    let bias = offset.f_sub(&mean.f_mul(&factor)?)?;
    let filters = filters.f_mul(&factor.f_view([-1, 1, 1, 1])?)?;
    Ok((filters, bias))
}

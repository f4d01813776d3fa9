//! The decoder: blocks at the sizes of the encoder's feature maps, smallest first. Each sees the map of the
//! block before, the encoder's map of its size and patches of the image.
//!
//! Feature maps are `[1, H, W, C]`.

use tch::{TchError, Tensor};

use super::batch_norm::BatchNorm;
use super::deformable::DeformableConvolution;
use super::swin::STAGES;
use crate::sam::layers::{Convolution, Linear, count, length, sides};
use crate::weights::{NetworkLoadError, Weights};

/// Takes the convolution `name` of 3 x 3 pixels with biases, and the batch norm after it.
fn convolve_and_normalize(
    weights: &mut Weights<'_>,
    name: &str,
    norm: &str,
    [inputs, outputs]: [usize; 2],
) -> Result<Convolution, NetworkLoadError> {
    let weight = weights.take(&format!("{name}.weight"), &[outputs, inputs, 3, 3])?;
    let bias = weights.take(&format!("{name}.bias"), &[outputs])?;
    let norm = BatchNorm::take(weights, norm, outputs)?;
    Ok(Convolution::new(
        &norm.scaled(&weight)?,
        Some(norm.shifted(&bias)?),
        1,
        1,
    )?)
}

/// Takes the convolution `name` of `side` x `side` pixels with biases. Returns weights and biases.
fn convolution_weights(
    weights: &mut Weights<'_>,
    name: &str,
    [inputs, outputs]: [usize; 2],
    side: usize,
) -> Result<[Tensor; 2], NetworkLoadError> {
    Ok([
        weights.take(&format!("{name}.weight"), &[outputs, inputs, side, side])?,
        weights.take(&format!("{name}.bias"), &[outputs])?,
    ])
}

/// Returns the number of outputs of the convolution `name`.
fn outputs(weights: &Weights<'_>, name: &str) -> Result<usize, NetworkLoadError> {
    length(weights, &format!("{name}.weight"), 4, 0)
}

/// Resizes a map bilinearly to `size`, height and width; the corners' centres stay where they are.
pub(super) fn resize(map: &Tensor, size: (i64, i64)) -> Result<Tensor, TchError> {
    if sides(map)? == size {
        return Ok(map.shallow_clone());
    }
    map.f_permute([0, 3, 1, 2])?
        .f_upsample_bilinear2d([size.0, size.1], true, None, None)?
        .f_permute([0, 2, 3, 1])
}

/// Atrous spatial pyramid pooling with deformable convolutions: kernels of several sizes and the map's mean,
/// each normalized, then mixed.
struct DeformablePyramid {
    /// The kernels, and the part of the mixing convolution for each.
    branches: Vec<(DeformableConvolution, Linear)>,
    mean: Linear,
    mean_part: Linear,
}

impl DeformablePyramid {
    /// Takes the weights of a pyramid that keeps the number of channels.
    fn take(weights: &mut Weights<'_>, name: &str, channels: usize) -> Result<Self, NetworkLoadError> {
        let parallel = format!("{name}.aspp_deforms");
        let names = (0..count(weights, &parallel)).map(|index| format!("{parallel}.{index}"));
        let convolutions = std::iter::once(format!("{name}.aspp1"))
            .chain(names)
            .map(|name| {
                let (convolution, norm) = (format!("{name}.atrous_conv"), format!("{name}.bn"));
                DeformableConvolution::take(weights, &convolution, &norm, channels)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let pooled = format!("{name}.global_avg_pool");
        let of_mean = outputs(weights, &format!("{pooled}.1"))?;
        let weight = weights.take(&format!("{pooled}.1.weight"), &[of_mean, channels, 1, 1])?;
        let norm = BatchNorm::take(weights, &format!("{pooled}.2"), of_mean)?;
        let mean = Linear::of_pointwise(&norm.scaled(&weight)?, Some(norm.shift))?;

        let joined = convolutions
            .iter()
            .map(DeformableConvolution::outputs)
            .sum::<usize>()
            + of_mean;
        let weight = weights.take(&format!("{name}.conv1.weight"), &[channels, joined, 1, 1])?;
        let norm = BatchNorm::take(weights, &format!("{name}.bn1"), channels)?;
        let weight = norm.scaled(&weight)?;
        let mut first = 0;
        let mut part = |outputs: usize, bias| -> Result<Linear, TchError> {
            let part = weight.f_narrow(1, first, outputs as i64)?.f_contiguous()?;
            first += outputs as i64;
            Linear::of_pointwise(&part, bias)
        };
        let branches = convolutions
            .into_iter()
            .map(|convolution| {
                let part = part(convolution.outputs(), None)?;
                Ok((convolution, part))
            })
            .collect::<Result<Vec<_>, TchError>>()?;
        Ok(Self {
            branches,
            mean,
            mean_part: part(of_mean, Some(norm.shift))?,
        })
    }

    fn forward(&self, map: &Tensor) -> Result<Tensor, TchError> {
        let mean = map.f_mean_dim([1, 2].as_slice(), true, tch::Kind::Float)?;
        // The mean is the same everywhere.
        let mut sum = self.mean_part.forward(&self.mean.forward(&mean)?.f_relu_()?)?;
        for (convolution, part) in &self.branches {
            let term = part.forward(&convolution.forward(map)?.f_relu_()?)?;
            sum = sum.f_add(&term)?;
        }
        sum.f_relu_()
    }
}

/// A block: two convolutions around a [`DeformablePyramid`].
pub(super) struct Block {
    inner: Convolution,
    pyramid: DeformablePyramid,
    outer: Convolution,
}

impl Block {
    /// Takes the weights named `name.*`. Returns the number of outputs too.
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        inputs: usize,
    ) -> Result<(Self, usize), NetworkLoadError> {
        let (first, last) = (format!("{name}.conv_in"), format!("{name}.conv_out"));
        let (hidden, outputs) = (outputs(weights, &first)?, outputs(weights, &last)?);
        let block = Self {
            inner: convolve_and_normalize(weights, &first, &format!("{name}.bn_in"), [inputs, hidden])?,
            pyramid: DeformablePyramid::take(weights, &format!("{name}.dec_att"), hidden)?,
            outer: convolve_and_normalize(weights, &last, &format!("{name}.bn_out"), [hidden, outputs])?,
        };
        Ok((block, outputs))
    }

    pub fn forward(&self, map: &Tensor) -> Result<Tensor, TchError> {
        let inner = self.inner.forward(map)?.f_relu_()?;
        self.outer.forward(&self.pyramid.forward(&inner)?)
    }
}

/// Two convolutions on the patches of the image.
struct ImagePatches {
    first: Convolution,
    second: Convolution,
}

impl ImagePatches {
    /// Takes the weights for an image of `grid` x `grid` patches. Returns the number of outputs too.
    fn take(weights: &mut Weights<'_>, name: &str, grid: usize) -> Result<(Self, usize), NetworkLoadError> {
        let (first, second) = (format!("{name}.conv1"), format!("{name}.conv_out"));
        let (hidden, outputs) = (outputs(weights, &first)?, outputs(weights, &second)?);
        let mut take = |name: &str, channels| -> Result<Convolution, NetworkLoadError> {
            let [weight, bias] = convolution_weights(weights, name, channels, 3)?;
            Ok(Convolution::new(&weight, Some(bias), 1, 1)?)
        };
        let patches = Self {
            first: take(&first, [3 * grid * grid, hidden])?,
            second: take(&second, [hidden, outputs])?,
        };
        Ok((patches, outputs))
    }

    /// Returns features of `size`, height and width, which divide the sides of the image `[1, H, W, 3]`.
    fn forward(&self, image: &Tensor, size: (i64, i64)) -> Result<Tensor, TchError> {
        // All patches lie on top of each other. Their order is by column, then by row.
        let patches = image
            .f_reshape([-1, size.0, sides(image)?.1 / size.1, size.1, 3])?
            .f_permute([1, 3, 2, 0, 4])?
            .f_reshape([1, size.0, size.1, -1])?;
        self.second.forward(&self.first.forward(&patches)?)
    }
}

/// Emphasizes the pixels where the map suggests edges ("gradient attention").
struct EdgeAttention {
    features: Convolution,
    logit: Linear,
}

impl EdgeAttention {
    fn take(weights: &mut Weights<'_>, level: usize, channels: usize) -> Result<Self, NetworkLoadError> {
        let features = format!("decoder.gdt_convs_{level}");
        let hidden = outputs(weights, &format!("{features}.0"))?;
        let logit = format!("decoder.gdt_convs_attn_{level}.0");
        Ok(Self {
            features: convolve_and_normalize(
                weights,
                &format!("{features}.0"),
                &format!("{features}.1"),
                [channels, hidden],
            )?,
            logit: pointwise(weights, &logit, [hidden, 1])?,
        })
    }

    fn forward(&self, map: &Tensor) -> Result<Tensor, TchError> {
        let features = self.features.forward(map)?.f_relu_()?;
        map.f_mul(&self.logit.forward(&features)?.f_sigmoid()?)
    }
}

/// Takes the convolution `name` of single pixels.
fn pointwise(
    weights: &mut Weights<'_>,
    name: &str,
    channels: [usize; 2],
) -> Result<Linear, NetworkLoadError> {
    let [weight, bias] = convolution_weights(weights, name, channels, 1)?;
    Ok(Linear::of_pointwise(&weight, Some(bias))?)
}

/// A level of the decoder.
struct Level {
    patches: ImagePatches,
    block: Block,
    /// Attention after the block, and the convolution of the encoder's map of the next level; `None` for the
    /// last level.
    transition: Option<(EdgeAttention, Linear)>,
}

/// The last layers: a convolution of single pixels on the last level's map, enlarged, and on features of the
/// whole image.
struct Output {
    features: Convolution,
    /// The convolution to the image's features and the last one, in one.
    of_image: Convolution,
    /// The last convolution of the map. It commutes with the enlargement, which takes 1 channel so instead of
    /// 192, 768 MiB at 1024 x 1024 pixels.
    of_map: Linear,
}

impl Output {
    fn take(weights: &mut Weights<'_>, channels: usize) -> Result<Self, NetworkLoadError> {
        let (first, second) = ("decoder.ipt_blk1.conv1", "decoder.ipt_blk1.conv_out");
        let (hidden, features) = (outputs(weights, first)?, outputs(weights, second)?);
        let [first_weight, first_bias] = convolution_weights(weights, first, [3, hidden], 3)?;
        let [weight, bias] = convolution_weights(weights, second, [hidden, features], 3)?;
        let name = "decoder.conv_out1.0";
        let [last, last_bias] = convolution_weights(weights, name, [channels + features, 1], 1)?;
        let of_features = last
            .f_narrow(1, channels as i64, features as i64)?
            .f_reshape([1, -1])?;
        let weight = of_features
            .f_matmul(&weight.f_flatten(1, 3)?)?
            .f_view([1, hidden as i64, 3, 3])?;
        let bias = of_features.f_mv(&bias)?.f_add(&last_bias)?;
        Ok(Self {
            features: Convolution::new(&first_weight, Some(first_bias), 1, 1)?,
            of_image: Convolution::new(&weight, Some(bias), 1, 1)?,
            of_map: Linear::of_pointwise(&last.f_narrow(1, 0, channels as i64)?.f_contiguous()?, None)?,
        })
    }

    fn forward(&self, map: &Tensor, image: &Tensor) -> Result<Tensor, TchError> {
        let of_map = resize(&self.of_map.forward(map)?, sides(image)?)?;
        self.of_image
            .forward(&self.features.forward(image)?)?
            .f_add(&of_map)
    }
}

/// The decoder.
pub(super) struct Decoder {
    levels: Vec<Level>,
    output: Output,
}

impl Decoder {
    /// Takes the weights named `decoder.*`. `channels`: those of the encoder's maps, largest map first.
    pub fn take(weights: &mut Weights<'_>, channels: [usize; STAGES]) -> Result<Self, NetworkLoadError> {
        let mut inputs = channels.last().copied().unwrap_or_default();
        let mut levels = Vec::with_capacity(STAGES);
        for level in (1..=STAGES).rev() {
            // The largest map has a quarter of the image's sides.
            let grid = 2 << level;
            let (patches, features) =
                ImagePatches::take(weights, &format!("decoder.ipt_blk{}", level + 1), grid)?;
            let name = format!("decoder.decoder_block{level}");
            let (block, outputs) = Block::take(weights, &name, inputs + features)?;
            let next = level.checked_sub(2).and_then(|next| channels.get(next));
            let transition = next
                .map(|next| -> Result<_, NetworkLoadError> {
                    let lateral = format!("decoder.lateral_block{level}.conv");
                    Ok((
                        EdgeAttention::take(weights, level, outputs)?,
                        pointwise(weights, &lateral, [*next, outputs])?,
                    ))
                })
                .transpose()?;
            levels.push(Level {
                patches,
                block,
                transition,
            });
            inputs = outputs;
        }
        Ok(Self {
            levels,
            output: Output::take(weights, inputs)?,
        })
    }

    /// Returns the logits `[1, H, W, 1]` of an image `[1, H, W, 3]`. `smallest`: the first level's input;
    /// `maps`: the encoder's maps, largest first.
    pub fn forward(&self, image: &Tensor, smallest: Tensor, maps: &[Tensor]) -> Result<Tensor, TchError> {
        let mut map = smallest;
        // The first level has no map of the encoder: `smallest` is made of it.
        let mut next_maps = maps.iter().rev().skip(1);
        for level in &self.levels {
            let features = level.patches.forward(image, sides(&map)?)?;
            map = level.block.forward(&Tensor::f_cat(&[map, features], 3)?)?;
            if let (Some((attention, lateral)), Some(next)) = (&level.transition, next_maps.next()) {
                map = resize(&attention.forward(&map)?, sides(next)?)?.f_add(&lateral.forward(next)?)?;
            }
        }
        self.output.forward(&map, image)
    }
}

//! Modulated deformable convolution (Zhu et al. 2019, "Deformable `ConvNets` v2: More Deformable, Better
//! Results"): each tap of the kernel reads the input at an offset, bilinearly, with a factor, both of which a
//! convolution computes per pixel.

use tch::{Kind, TchError, Tensor};

use super::batch_norm::BatchNorm;
use crate::sam::layers::{Convolution, length, shape_error, sides};
use crate::weights::{NetworkLoadError, Weights};

/// Largest side of a kernel; the published networks have 1, 3 and 7.
const MAX_SIDE: usize = 15;

/// Largest number of values that are sampled before they are multiplied with the weights: 16 MiB. All samples
/// of a kernel of 7 x 7 take 784 MiB for 64 channels of 256 x 256 pixels.
const MAX_SAMPLES: i64 = 1 << 22;

/// As [`MAX_SAMPLES`], on a GPU.
const MAX_SAMPLES_GPU: i64 = 1 << 26;

/// Number of pixels that a sample is interpolated from.
const NEIGHBOURS: i64 = 4;

/// Mode of `embedding_bag` that adds up rows.
const SUM: i64 = 0;

/// A deformable convolution that keeps the size of the image, and the batch norm after it.
pub(super) struct DeformableConvolution {
    /// The convolution to the vertical offset, the horizontal offset and the logit of the factor of all taps.
    shape: Convolution,
    /// Row and column of each tap of the undeformed kernel, relative to the centre.
    rows: Tensor,
    columns: Tensor,
    /// `[outputs, taps * inputs]`.
    weight: Tensor,
    bias: Tensor,
    taps: i64,
    outputs: usize,
}

impl DeformableConvolution {
    /// Takes the weights of `convolution` and those of the batch norm `norm`.
    pub fn take(
        weights: &mut Weights<'_>,
        convolution: &str,
        norm: &str,
        inputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        let name = format!("{convolution}.regular_conv.weight");
        let (outputs, side) = (length(weights, &name, 4, 0)?, length(weights, &name, 4, 3)?);
        if side % 2 == 0 || side > MAX_SIDE {
            let expected = format!("an odd kernel of at most {MAX_SIDE} x {MAX_SIDE}");
            return Err(shape_error(weights, &name, expected));
        }
        let weight = weights.take(&name, &[outputs, inputs, side, side])?;
        let norm = BatchNorm::take(weights, norm, outputs)?;
        let taps = side * side;
        let mut part = |part: &str, values: usize| -> Result<[Tensor; 2], NetworkLoadError> {
            let name = format!("{convolution}.{part}");
            Ok([
                weights.take(&format!("{name}.weight"), &[values * taps, inputs, side, side])?,
                weights.take(&format!("{name}.bias"), &[values * taps])?,
            ])
        };
        let [offset_weight, offset_bias] = part("offset_conv", 2)?;
        let [factor_weight, factor_bias] = part("modulator_conv", 1)?;
        // Vertical and horizontal offsets alternate.
        let separated = |tensor: &Tensor| tensor.f_unflatten(0, [-1, 2])?.f_transpose(0, 1)?.f_flatten(0, 1);
        let shape = Convolution::new(
            &Tensor::f_cat(&[separated(&offset_weight)?, factor_weight], 0)?,
            Some(Tensor::f_cat(&[separated(&offset_bias)?, factor_bias], 0)?),
            1,
            1,
        )?;
        let device = weight.device();
        let positions = |position: &dyn Fn(usize) -> usize| {
            let values: Vec<f32> = (0..taps)
                .map(|tap| position(tap) as f32 - (side / 2) as f32)
                .collect();
            Tensor::f_from_slice(&values)?.f_to_device(device)
        };
        Ok(Self {
            shape,
            rows: positions(&|tap| tap / side)?,
            columns: positions(&|tap| tap % side)?,
            weight: norm
                .scaled(&weight)?
                .f_permute([0, 2, 3, 1])?
                .f_flatten(1, 3)?
                .f_contiguous()?,
            bias: norm.shift,
            taps: taps as i64,
            outputs,
        })
    }

    /// Returns the number of channels of the result.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Convolves an image `[1, H, W, inputs]`.
    pub fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        let limit = if image.device().is_cuda() {
            MAX_SAMPLES_GPU
        } else {
            MAX_SAMPLES
        };
        self.forward_in_parts(image, limit)
    }

    /// As [`forward`](Self::forward), with at most `limit` samples at a time, but at least one row.
    pub(super) fn forward_in_parts(&self, image: &Tensor, limit: i64) -> Result<Tensor, TchError> {
        let (height, width) = sides(image)?;
        let shape = self
            .shape
            .forward(image)?
            .f_reshape([height, width, 3, self.taps])?;
        let pixels = image.f_reshape([height * width, -1])?;
        let (_, channels) = pixels.size2()?;
        let rows = (limit / (width * self.taps * channels).max(1)).max(1);
        let mut parts = Vec::new();
        for (part, shape) in shape.f_split(rows, 0)?.iter().enumerate() {
            let samples = self.sample(&pixels, shape, part as i64 * rows, (height, width))?;
            parts.push(samples.f_linear(&self.weight, Some(&self.bias))?);
        }
        Tensor::f_cat(&parts, 0)?.f_view([1, height, width, -1])
    }

    /// Returns the input of all taps, `[rows * W, taps * inputs]`, for the rows of the image from `first`.
    /// `pixels`: the image, `[H * W, inputs]`; `shape`: offsets and logits of the rows, `[rows, W, 3, taps]`.
    fn sample(
        &self,
        pixels: &Tensor,
        shape: &Tensor,
        first: i64,
        (height, width): (i64, i64),
    ) -> Result<Tensor, TchError> {
        let (rows, ..) = shape.size4()?;
        let line = |start: i64, count: i64| {
            Tensor::f_arange_start(start, start + count, (Kind::Float, pixels.device()))
        };
        let y = shape
            .f_select(2, 0)?
            .f_add(&self.rows)?
            .f_add(&line(first, rows)?.f_view([-1, 1, 1])?)?;
        let x = shape
            .f_select(2, 1)?
            .f_add(&self.columns)?
            .f_add(&line(0, width)?.f_view([1, -1, 1])?)?;
        let factor = shape.f_select(2, 2)?.f_sigmoid()?.f_mul_scalar(2.0)?;
        let [above, below] = neighbours(&y, height)?;
        let [left, right] = neighbours(&x, width)?;
        let (mut indices, mut factors) = (Vec::new(), Vec::new());
        for row in [&above, &below] {
            let row_factor = row.factor.f_mul(&factor)?;
            for column in [&left, &right] {
                indices.push(row.index.f_mul_scalar(width)?.f_add(&column.index)?);
                factors.push(row_factor.f_mul(&column.factor)?);
            }
        }
        let indices = Tensor::f_stack(&indices, -1)?.f_flatten(0, -1)?;
        let factors = Tensor::f_stack(&factors, -1)?.f_flatten(0, -1)?;
        let starts =
            Tensor::f_arange_start_step(0, indices.size1()?, NEIGHBOURS, (Kind::Int64, pixels.device()))?;
        // Weighted sums of the four neighbours' channels.
        let (samples, ..) = Tensor::f_embedding_bag(
            pixels,
            &indices,
            &starts,
            false,
            SUM,
            false,
            Some(&factors),
            false,
        )?;
        samples.f_view([rows * width, -1])
    }
}

/// The pixels beside positions along one axis.
struct Neighbour {
    /// Their indices, within the image.
    index: Tensor,
    /// Their shares of the interpolated values; 0 outside the image.
    factor: Tensor,
}

/// Returns the pixels before and after positions along an axis of `length` pixels.
fn neighbours(positions: &Tensor, length: i64) -> Result<[Neighbour; 2], TchError> {
    // Positions further outside are equal to these: all their neighbours are outside.
    let positions = positions
        .f_nan_to_num(0.0, None, None)?
        .f_clamp(-2.0, (length + 1) as f64)?;
    let before = positions.f_floor()?;
    let fraction = positions.f_sub(&before)?;
    let neighbour = |at: &Tensor, share: &Tensor| -> Result<Neighbour, TchError> {
        let index = at.f_clamp(0.0, (length - 1) as f64)?;
        let is_inside = index.f_eq_tensor(at)?;
        Ok(Neighbour {
            index: index.f_to_kind(Kind::Int64)?,
            factor: share.f_mul(&is_inside)?,
        })
    };
    Ok([
        neighbour(&before, &fraction.f_neg()?.f_add_scalar(1.0)?)?,
        neighbour(&before.f_add_scalar(1.0)?, &fraction)?,
    ])
}

//! Layers of networks with transformers: SAM, SAM 2 and `BiRefNet`. Images are `[1, H, W, C]` (channels
//! last), tokens `[1, N, C]`.

use tch::{TchError, Tensor};

use crate::weights::{NetworkLoadError, Weights};

/// Epsilon of the layer normalizations of image features.
pub(crate) const FEATURE_EPSILON: f64 = 1e-6;

/// Epsilon of the layer normalizations of tokens: `PyTorch`'s default.
pub(crate) const TOKEN_EPSILON: f64 = 1e-5;

/// An affine map of the last dimension.
pub(crate) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// Takes the weights `[outputs, inputs]` and biases of `name`.
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            bias: Some(weights.take(&format!("{name}.bias"), &[outputs])?),
            ..Self::without_bias(weights, name, inputs, outputs)?
        })
    }

    /// Takes the weights `[outputs, inputs]` of `name`, which has no biases.
    pub fn without_bias(
        weights: &mut Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: weights.take(&format!("{name}.weight"), &[outputs, inputs])?,
            bias: None,
        })
    }

    /// Converts a convolution of 1 x 1 pixels; `weight`: `[outputs, inputs, 1, 1]`.
    pub fn of_pointwise(weight: &Tensor, bias: Option<Tensor>) -> Result<Self, TchError> {
        Ok(Self {
            weight: weight.f_flatten(1, -1)?,
            bias,
        })
    }

    pub fn forward(&self, input: &Tensor) -> Result<Tensor, TchError> {
        input.f_linear(&self.weight, self.bias.as_ref())
    }
}

/// A layer normalization over the last dimension.
pub(crate) struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl Norm {
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        channels: usize,
        epsilon: f64,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            weight: weights.take(&format!("{name}.weight"), &[channels])?,
            bias: weights.take(&format!("{name}.bias"), &[channels])?,
            epsilon,
        })
    }

    pub fn forward(&self, input: &Tensor) -> Result<Tensor, TchError> {
        input.f_layer_norm(
            self.weight.size().as_slice(),
            Some(&self.weight),
            Some(&self.bias),
            self.epsilon,
            false,
        )
    }
}

/// A convolution of channels-last images.
pub(crate) struct Convolution {
    weight: Tensor,
    bias: Option<Tensor>,
    stride: i64,
    padding: i64,
    groups: i64,
}

impl Convolution {
    /// Creates a convolution; `weight`: `[outputs, inputs / groups, side, side]`. Images are padded by half
    /// the kernel's side, unless the kernels are adjacent.
    pub fn new(weight: &Tensor, bias: Option<Tensor>, stride: i64, groups: i64) -> Result<Self, TchError> {
        let side = weight.size().last().copied().unwrap_or(1);
        Ok(Self {
            // Channels last, as the images.
            weight: weight
                .f_permute([0, 2, 3, 1])?
                .f_contiguous()?
                .f_permute([0, 3, 1, 2])?,
            bias,
            stride,
            padding: if stride == side { 0 } else { side / 2 },
            groups,
        })
    }

    pub fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        image
            .f_permute([0, 3, 1, 2])?
            .f_conv2d(
                &self.weight,
                self.bias.as_ref(),
                [self.stride, self.stride],
                [self.padding, self.padding],
                [1, 1],
                self.groups,
            )?
            .f_permute([0, 2, 3, 1])
    }
}

/// A convolution of 3 x 3 pixels whose results are only multiplied with a vector. Both together are a
/// convolution with a single output, so that the results themselves aren't computed.
pub(crate) struct ProjectedConvolution {
    /// `[outputs, inputs * 9]`.
    weight: Tensor,
    /// `[outputs, 1]`.
    bias: Tensor,
}

impl ProjectedConvolution {
    /// Side of the kernel.
    const SIDE: i64 = 3;

    /// Creates a convolution; `weight`: `[outputs, inputs, 3, 3]`, `bias`: `[outputs]`.
    pub fn new(weight: &Tensor, bias: &Tensor) -> Result<Self, TchError> {
        Ok(Self {
            weight: weight.f_flatten(1, -1)?,
            bias: bias.f_unsqueeze(1)?,
        })
    }

    /// Returns the products of the convolved pixels with `vector`, `[1, outputs]`: `[H, W]`.
    pub fn forward(&self, image: &Tensor, vector: &Tensor) -> Result<Tensor, TchError> {
        let (height, width) = sides(image)?;
        let kernel = vector
            .f_matmul(&self.weight)?
            .f_view([-1, Self::SIDE * Self::SIDE])?;
        // The share of each pixel in the outputs around it, with a border of zeros.
        let shares = image.f_matmul(&kernel)?.f_constant_pad_nd([0, 0, 1, 1, 1, 1])?;
        let mut sum = vector.f_matmul(&self.bias)?;
        for tap in 0..Self::SIDE * Self::SIDE {
            let share = shares
                .f_select(3, tap)?
                .f_narrow(1, tap / Self::SIDE, height)?
                .f_narrow(2, tap % Self::SIDE, width)?;
            sum = sum.f_add(&share)?;
        }
        sum.f_squeeze_dim(0)
    }
}

/// A transposed convolution that doubles the sides of an image: every pixel becomes 2 x 2 pixels of its own,
/// so that it is a product with a matrix.
pub(crate) struct Doubling {
    matrix: Linear,
    outputs: i64,
}

impl Doubling {
    /// Takes the weights `[inputs, outputs, 2, 2]` and biases of `name`.
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, NetworkLoadError> {
        let weight = weights.take(&format!("{name}.weight"), &[inputs, outputs, 2, 2])?;
        let bias = weights.take(&format!("{name}.bias"), &[outputs])?;
        // Rows: y, x and channel of the 2 x 2 pixels.
        let weight = weight.f_permute([2, 3, 1, 0])?.f_flatten(0, 2)?.f_contiguous()?;
        Ok(Self {
            matrix: Linear {
                weight,
                bias: Some(bias.f_repeat([4])?),
            },
            outputs: outputs as i64,
        })
    }

    /// Returns the 2 x 2 pixels of each of N pixels `[..., C]`, one after the other: `[4 * N, outputs]`.
    pub fn blocks(&self, pixels: &Tensor) -> Result<Tensor, TchError> {
        self.matrix.forward(pixels)?.f_view([-1, self.outputs])
    }

    pub fn forward(&self, image: &Tensor) -> Result<Tensor, TchError> {
        let (height, width) = sides(image)?;
        self.blocks(image)?
            .f_reshape([height, width, 2, 2, self.outputs])?
            .f_permute([0, 2, 1, 3, 4])?
            .f_reshape([1, 2 * height, 2 * width, self.outputs])
    }
}

/// A perceptron with three layers and `ReLU` functions between them.
pub(crate) struct Perceptron([Linear; 3]);

impl Perceptron {
    pub fn take(
        weights: &mut Weights<'_>,
        name: &str,
        [inputs, hidden, outputs]: [usize; 3],
    ) -> Result<Self, NetworkLoadError> {
        let mut layer = |index, inputs, outputs| {
            Linear::take(weights, &format!("{name}.layers.{index}"), inputs, outputs)
        };
        Ok(Self([
            layer(0, inputs, hidden)?,
            layer(1, hidden, hidden)?,
            layer(2, hidden, outputs)?,
        ]))
    }

    pub fn forward(&self, input: &Tensor) -> Result<Tensor, TchError> {
        let [first, second, last] = &self.0;
        let hidden = second.forward(&first.forward(input)?.f_relu_()?)?;
        last.forward(&{ hidden }.f_relu_()?)
    }
}

/// Tokens that a residual perceptron processes at a time on the CPU. The hidden values of the whole first
/// stage of SAM 2's trunks take 100 to 151 MB; parts that stay in the caches are faster too: 65 instead of
/// 110 ms for that block of the tiny trunk, on two threads (parts of 1024 and 4096 tokens: 72 and 68 ms).
const PERCEPTRON_TOKENS: i64 = 2048;

/// The perceptron of a transformer block: a normalization and two layers with a `GELU` function between them,
/// whose result is added to their input.
pub(crate) struct ResidualPerceptron {
    norm: Norm,
    inner: Linear,
    outer: Linear,
}

impl ResidualPerceptron {
    /// Takes the normalization `norm` and the layers `inner` and `outer`, with `hidden` values between them.
    pub fn take(
        weights: &mut Weights<'_>,
        (norm, epsilon): (&str, f64),
        [inner, outer]: [&str; 2],
        channels: usize,
        hidden: usize,
    ) -> Result<Self, NetworkLoadError> {
        Ok(Self {
            norm: Norm::take(weights, norm, channels, epsilon)?,
            inner: Linear::take(weights, inner, channels, hidden)?,
            outer: Linear::take(weights, outer, hidden, channels)?,
        })
    }

    /// Adds the result to a contiguous feature map `[1, H, W, C]`, in place.
    pub fn add_to(&self, map: &Tensor) -> Result<(), TchError> {
        let (height, width) = sides(map)?;
        let count = height * width;
        let part = if map.device().is_cuda() {
            count
        } else {
            PERCEPTRON_TOKENS
        };
        for mut tokens in map.f_view([count, -1])?.f_split(part, 0)? {
            let hidden = gelu(self.inner.forward(&self.norm.forward(&tokens)?)?)?;
            let _ = tokens.f_add_(&self.outer.forward(&hidden)?)?;
        }
        Ok(())
    }
}

/// Applies the exact `GELU` function in place.
pub(crate) fn gelu(mut values: Tensor) -> Result<Tensor, TchError> {
    values.f_gelu_("none")
}

/// Returns height and width of a channels-last image.
pub(crate) fn sides(image: &Tensor) -> Result<(i64, i64), TchError> {
    match image.size().as_slice() {
        &[1, height, width, _] => Ok((height, width)),
        shape => Err(TchError::Shape(format!("{shape:?} is not an image"))),
    }
}

/// The windows of an image, `[N, side * side, C]`; the image is padded by zeros at the right and the bottom.
pub(crate) fn windows(image: &Tensor, side: i64) -> Result<Tensor, TchError> {
    let (height, width) = sides(image)?;
    let (rows, columns) = (
        height.unsigned_abs().div_ceil(side.unsigned_abs()) as i64,
        width.unsigned_abs().div_ceil(side.unsigned_abs()) as i64,
    );
    let padded = if rows * side > height || columns * side > width {
        image.f_constant_pad_nd([0, 0, 0, columns * side - width, 0, rows * side - height])?
    } else {
        image.shallow_clone()
    };
    padded
        .f_reshape([rows, side, columns, side, -1])?
        .f_permute([0, 2, 1, 3, 4])?
        .f_reshape([rows * columns, side * side, -1])
}

/// Joins windows, `[N, side * side, C]`, to an image of `height` x `width` pixels, without the padding.
pub(crate) fn join_windows(
    windows: &Tensor,
    side: i64,
    (height, width): (i64, i64),
) -> Result<Tensor, TchError> {
    let columns = width.unsigned_abs().div_ceil(side.unsigned_abs()) as i64;
    let rows = height.unsigned_abs().div_ceil(side.unsigned_abs()) as i64;
    windows
        .f_reshape([rows, columns, side, side, -1])?
        .f_permute([0, 2, 1, 3, 4])?
        .f_reshape([1, rows * side, columns * side, -1])?
        .f_narrow(1, 0, height)?
        .f_narrow(2, 0, width)
}

/// Returns the length of dimension `dimension` of a tensor that wasn't taken yet, if it has `rank` dimensions
/// and none of them is 0.
pub(crate) fn length(
    weights: &Weights<'_>,
    name: &str,
    rank: usize,
    dimension: usize,
) -> Result<usize, NetworkLoadError> {
    let shape = weights
        .shape(name)
        .ok_or_else(|| NetworkLoadError::Missing(name.to_owned()))?;
    match shape.get(dimension) {
        Some(length) if shape.len() == rank && shape.iter().all(|side| *side > 0) => Ok(*length),
        _ => Err(shape_error(weights, name, format!("{rank} dimensions above 0"))),
    }
}

/// Returns the error of a tensor's shape.
pub(crate) fn shape_error(
    weights: &Weights<'_>,
    name: &str,
    expected: impl Into<String>,
) -> NetworkLoadError {
    NetworkLoadError::Shape {
        name: name.to_owned(),
        found: weights.shape(name).unwrap_or_default().to_vec(),
        expected: expected.into(),
    }
}

/// Returns 1 plus the largest N of the names `PREFIX.N.*` that weren't taken yet; 0 without such names.
pub(crate) fn count(weights: &Weights<'_>, prefix: &str) -> usize {
    let index = |name: &str| {
        let rest = name.strip_prefix(prefix)?.strip_prefix('.')?;
        rest.split_once('.')?.0.parse::<usize>().ok()
    };
    let last = weights.names().filter_map(index).max();
    last.map_or(0, |last| last.saturating_add(1))
}

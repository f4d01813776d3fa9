//! MAT's generator from its state dict ("MAT: Mask-Aware Transformer for Large Hole Image Inpainting", Li et
//! al. 2022): a transformer fills the hole, and a convolutional network refines the result. Both are
//! modulated by a style.
//!
//! The style's latent vector is a constant, as in `IOPaint`. Both stages replace half of their smallest
//! features at random by features of the style; the caller seeds the generator of these random numbers.

mod first_stage;
mod latent;
mod second_stage;
#[cfg(test)]
mod tests;
mod transformer;

use tch::Tensor;

use crate::module::{Loading, Module};
use crate::program::{Image, Program};
use crate::stylegan::{Activation, Dense, Generator, Layers, Modulated, map_constant};
use crate::weights::{NetworkLoadError, Weights};

/// Channels of images: red, green and blue.
const COLOURS: usize = 3;

/// Number of values that a style replaces features by: a square of 16 x 16.
const SQUARE: usize = 256;

/// Added to the mean square of the latent vector: the distance of 1 to the next number of single precision.
const EPSILON: f64 = f32::EPSILON as f64;

/// The generator.
const GENERATOR: Generator = Generator {
    architecture: "MAT",
    inputs: 2,
    powers: 4..=12,
    weight: |side| format!("synthesis.enc.EncConv_Block_{side}x{side}.conv0.weight"),
    build,
};

/// Compiles the generator of a state dict: `forward(image [1, 3, S, S], known [1, 1, S, S]) -> [1, 3, S, S]`,
/// images in -1..1, 1 in `known` outside the hole. S is a multiple of the side for which the network was
/// trained.
pub(crate) fn load(file: &[u8], loading: Loading) -> Result<Module, NetworkLoadError> {
    GENERATOR.load(file, loading)
}

/// Adds all layers for feature maps of `sides`, ascending.
fn build(layers: &mut Layers<'_, '_>, sides: &[usize]) -> Result<Image, NetworkLoadError> {
    let inputs = Inputs {
        image: Program::argument(0, COLOURS),
        known: Program::argument(1, 1),
    };
    let style = style(layers)?;
    let coarse = first_stage::build(layers, inputs, &style)?;
    let coarse = inputs.compose(layers, coarse);
    let refined = second_stage::build(layers, inputs, coarse, &style, sides)?;
    Ok(inputs.compose(layers, refined))
}

/// The network's arguments.
#[derive(Clone, Copy)]
struct Inputs {
    image: Image,
    known: Image,
}

impl Inputs {
    /// Returns the image with the hole's pixels of `fill`.
    fn compose(self, layers: &mut Layers<'_, '_>, fill: Image) -> Image {
        let Self { image, known } = self;
        layers
            .program
            .assign(COLOURS, &format!("{fill} * (1.0 - {known}) + {image} * {known}"))
    }

    /// Returns the mask in -0.5..0.5, and the image without the hole.
    fn masked(self, layers: &mut Layers<'_, '_>) -> (Image, Image) {
        let Self { image, known } = self;
        let centred = layers.program.assign(1, &format!("{known} - 0.5"));
        let erased = layers.program.assign(COLOURS, &format!("{image} * {known}"));
        (centred, erased)
    }
}

/// Returns the mapping network's result `[1, styles]` for the constant latent vector.
fn style(layers: &mut Layers<'_, '_>) -> Result<Tensor, NetworkLoadError> {
    let style = map_constant(layers.weights, normalized_latent)?;
    // The style's mean over the training, for truncation, which IOPaint doesn't use.
    let _mean = layers.weights.take("mapping.w_avg", &[style.numel()])?;
    Ok(style)
}

/// Returns the latent vector `[1, count]`, divided by the square root of its mean square.
fn normalized_latent(count: usize) -> Result<Tensor, NetworkLoadError> {
    let latent = Tensor::f_from_slice(&latent::latent(count))?.f_view([1, -1])?;
    let square = latent.f_square()?.f_mean(tch::Kind::Float)?;
    Ok(latent.f_mul(&square.f_add_scalar(EPSILON)?.f_rsqrt()?)?)
}

/// Takes and adds the modulated convolution `name`.
fn styled(
    layers: &mut Layers<'_, '_>,
    input: Image,
    style: Image,
    name: &str,
    outputs: usize,
    doubles: bool,
) -> Result<Image, NetworkLoadError> {
    let filter = layers.take_filter(&format!("{name}.conv"))?;
    let shape = [1, outputs, input.channels, 3, 3];
    let weight = layers
        .weights
        .take(&format!("{name}.conv.weight"), &shape)?
        .f_squeeze_dim(0)?
        .f_div_scalar(((input.channels * 9) as f64).sqrt())?;
    let affine = Dense::take(
        layers.weights,
        &format!("{name}.conv.affine"),
        [style.channels, input.channels],
        1.0,
        Activation::Linear,
    )?;
    let layer = Modulated {
        // A transposed convolution applies the filters mirrored.
        weight: if doubles { weight.f_flip([2, 3])? } else { weight },
        style: affine,
        bias: Some(layers.weights.take(&format!("{name}.bias"), &[outputs])?),
        doubling: doubles.then_some(filter),
        limit: None,
    };
    layers.modulated(input, style, layer)
}

/// Takes and adds the layer `name` that converts features to colours, added to the enlarged colours of the
/// layer before.
fn colours(
    layers: &mut Layers<'_, '_>,
    input: Image,
    style: Image,
    name: &str,
    before: Option<Image>,
) -> Result<Image, NetworkLoadError> {
    let [weight, affine, bias] = ["conv.weight", "conv.affine", "bias"].map(|part| format!("{name}.{part}"));
    let shape = [1, COLOURS, input.channels, 1, 1];
    let colours = layers.colours(input, style, [&weight, &affine, &bias], &shape, None)?;
    let _unused = layers.take_filter(&format!("{name}.conv"))?;
    let filter = layers.take_filter(name)?;
    match before {
        Some(before) => layers.add_to_enlarged(before, &filter, colours),
        None => Ok(colours),
    }
}

/// Returns 0 or 1 at random for each value of a contiguous image.
fn coin_flips(layers: &mut Layers<'_, '_>, image: Image) -> Image {
    let expression = format!("torch.dropout(torch.ones_like({image}.contiguous()) * 0.5, 0.5, True)");
    layers.program.assign(image.channels, &expression)
}

/// Returns the number of outputs of a layer that wasn't taken yet; the first dimension of its weights, or the
/// second of a modulated convolution's.
fn outputs(weights: &Weights<'_>, name: &str) -> Result<usize, NetworkLoadError> {
    let name = format!("{name}.weight");
    match weights.shape(&name) {
        Some([1, outputs, _, _, _] | [outputs, ..]) => Ok(*outputs),
        _ => Err(NetworkLoadError::Missing(name)),
    }
}

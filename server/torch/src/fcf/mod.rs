//! `FcF`'s generator from its state dict ("Keys to Better Image Inpainting: Structure and Texture Go Hand in
//! Hand", Jain et al. 2023): an encoder, a style from its smallest feature map, and a synthesis network whose
//! skip connections pass through fast Fourier convolutions (Chi et al. 2020).
//!
//! Its latent vector is zero, and so the mapping network's result is a constant.

mod fourier;
#[cfg(test)]
mod tests;

use tch::{Device, Kind, Tensor};

use crate::module::{Loading, Module};
use crate::program::{Image, Program};
use crate::stylegan::{Activation, Dense, Generator, Layers, Modulated, Resampling, map_constant};
use crate::weights::{NetworkLoadError, Weights};

/// Channels of the input: 0.5 minus the mask, and the colours outside the hole.
const INPUTS: usize = 4;

/// Channels of the output.
const COLOURS: usize = 3;

/// Largest absolute value behind most activations, a constant of the training.
const LIMIT: f64 = 256.0;

/// Side of the smallest feature map, in pixels.
const SMALLEST: usize = 4;

/// Weight of the mapping network's result against its mean over the training.
const TRUNCATION: f64 = 0.1;

/// Standard deviation over a batch of one image, sqrt(1e-8): an input of the encoder's last layer.
const BATCH_DEVIATION: f64 = 1e-4;

/// Smallest feature map with a fast Fourier convolution, in pixels.
const SMALLEST_FOURIER: usize = 32;

/// The generator.
const GENERATOR: Generator = Generator {
    architecture: "FcF",
    inputs: 1,
    powers: 3..=12,
    weight: |side| format!("encoder.b{side}.conv0.weight"),
    build,
};

/// Compiles the generator of a state dict: `forward(cat(0.5 - mask, image * (1 - mask)) [1, 4, S, S]) ->
/// [1, 3, S, S]`, images in -1..1. S is the side for which the network was trained.
pub(crate) fn load(file: &[u8], loading: Loading) -> Result<Module, NetworkLoadError> {
    GENERATOR.load(file, loading)
}

/// Adds all layers for feature maps of `sides`, ascending.
fn build(layers: &mut Layers<'_, '_>, sides: &[usize]) -> Result<Image, NetworkLoadError> {
    let (features, smallest, code) = encoder(layers, sides)?;
    let style = style(layers, code)?;
    let mut image = smallest;
    let dense = "synthesis.foreword.fc";
    let expanded = image.channels * SMALLEST * SMALLEST;
    let expanded = layers.take_dense(code, dense, expanded, Activation::LeakyRelu)?;
    image = layers.program.assign(
        image.channels,
        &format!(
            "{expanded}.view([-1, {}, {SMALLEST}, {SMALLEST}]) + {smallest}",
            image.channels
        ),
    );
    image = synthesis_layer(
        layers,
        image,
        style,
        "synthesis.foreword.conv",
        image.channels,
        false,
        None,
    )?;
    let mut colours = colours(layers, image, style, "synthesis.foreword.torgb", None)?;
    for (&side, skip) in sides.iter().zip(features.into_iter().rev()) {
        let name = format!("synthesis.b{side}");
        let first = format!("{name}.conv0");
        image = synthesis_layer(layers, image, style, &first, skip.channels, true, Some(LIMIT))?;
        let mut joined = layers.program.add(image, skip, 1.0);
        if side >= SMALLEST_FOURIER {
            joined = fourier::skip_layer(layers, joined, &format!("{name}.ffc_skip.0.ffc_act.ffc_block"))?;
            joined = layers.program.add(image, joined, 1.0);
        }
        let second = format!("{name}.conv1");
        image = synthesis_layer(layers, joined, style, &second, skip.channels, false, Some(LIMIT))?;
        let filter = layers.take_filter(&name)?;
        let added = self::colours(layers, image, style, &format!("{name}.torgb"), Some(LIMIT))?;
        colours = layers.add_to_enlarged(colours, &filter, added)?;
    }
    Ok(colours)
}

/// Adds the encoder for the feature maps of `sides`, ascending. Returns the feature maps from the largest to
/// the second smallest, the smallest, and the code `[1, codes]`.
fn encoder(
    layers: &mut Layers<'_, '_>,
    sides: &[usize],
) -> Result<(Vec<Image>, Image, Image), NetworkLoadError> {
    let largest = sides.last().copied().unwrap_or(SMALLEST);
    let mut image = Program::argument(0, INPUTS);
    let mut features = Vec::new();
    for &side in sides.iter().rev() {
        let name = format!("encoder.b{side}");
        layers.weights.discard(&format!("{name}.resample_filter"));
        let [inner, outputs] =
            ["conv0", "conv1"].map(|layer| outputs(layers.weights, &format!("{name}.{layer}")));
        let (inner, outputs) = (inner?, outputs?);
        if side == largest {
            let shape = [1, inner];
            image = layers.convolution(
                image,
                &format!("{name}.fromrgb"),
                shape,
                Resampling::Keep,
                Some(LIMIT),
            )?;
        }
        image = layers.convolution(
            image,
            &format!("{name}.conv0"),
            [3, inner],
            Resampling::Keep,
            Some(LIMIT),
        )?;
        features.push(image);
        image = layers.convolution(
            image,
            &format!("{name}.conv1"),
            [3, outputs],
            Resampling::Halve,
            Some(LIMIT),
        )?;
    }
    let channels = image.channels;
    let deviation = format!("torch.full_like(torch.narrow({image}, 1, 0, 1), {BATCH_DEVIATION:?})");
    let deviation = layers.program.assign(1, &deviation);
    image = layers.concatenate(image, deviation);
    image = layers.convolution(
        image,
        "encoder.b4.conv",
        [3, channels],
        Resampling::Keep,
        Some(LIMIT),
    )?;
    let flat = layers.program.assign(
        channels * SMALLEST * SMALLEST,
        &format!("{image}.contiguous().flatten(1, -1)"),
    );
    let codes = outputs(layers.weights, "encoder.b4.fc")?;
    let code = layers.take_dense(flat, "encoder.b4.fc", codes, Activation::LeakyRelu)?;
    Ok((features, image, code))
}

/// Returns the style vector: the mapping network's result for a latent vector of zeros, and the code.
fn style(layers: &mut Layers<'_, '_>, code: Image) -> Result<Image, NetworkLoadError> {
    let zeros = |count| Ok(Tensor::f_zeros([1, count as i64], (Kind::Float, Device::Cpu))?);
    let style = map_constant(layers.weights, zeros)?;
    let width = style.numel();
    let mean = layers.weights.take("mapping.w_avg", &[width])?;
    let truncated = mean.f_lerp(&style, TRUNCATION)?;
    let constant = layers.program.constant(truncated);
    let constant = layers.program.assign(width, &constant);
    Ok(layers.concatenate(constant, code))
}

/// Adds a modulated convolution. Its stored noise and biases are not used.
fn synthesis_layer(
    layers: &mut Layers<'_, '_>,
    input: Image,
    style: Image,
    name: &str,
    outputs: usize,
    doubles: bool,
    limit: Option<f64>,
) -> Result<Image, NetworkLoadError> {
    for unused in ["noise_const", "noise_strength", "bias"] {
        layers.weights.discard(&format!("{name}.{unused}"));
    }
    let filter = layers.take_filter(name)?;
    let weight = layers
        .weights
        .take(&format!("{name}.weight"), &[outputs, input.channels, 3, 3])?;
    let affine = Dense::take(
        layers.weights,
        &format!("{name}.affine"),
        [style.channels, input.channels],
        1.0,
        Activation::Linear,
    )?;
    let layer = Modulated {
        weight,
        style: affine,
        bias: None,
        doubling: doubles.then_some(filter),
        limit,
    };
    layers.modulated(input, style, layer)
}

/// Adds the layer `name` that converts features to colours.
fn colours(
    layers: &mut Layers<'_, '_>,
    input: Image,
    style: Image,
    name: &str,
    limit: Option<f64>,
) -> Result<Image, NetworkLoadError> {
    let [weight, affine, bias] = ["weight", "affine", "bias"].map(|part| format!("{name}.{part}"));
    let shape = [COLOURS, input.channels, 1, 1];
    layers.colours(input, style, [&weight, &affine, &bias], &shape, limit)
}

/// Returns the number of outputs of a layer that wasn't taken yet.
fn outputs(weights: &Weights<'_>, name: &str) -> Result<usize, NetworkLoadError> {
    let name = format!("{name}.weight");
    let outputs = weights.shape(&name).and_then(|shape| shape.first().copied());
    outputs.ok_or(NetworkLoadError::Missing(name))
}

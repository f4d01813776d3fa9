//! `RRDBNet`: residual-in-residual dense blocks, then two enlargements by 2 (Wang et al. 2018, "ESRGAN:
//! Enhanced Super-Resolution Generative Adversarial Networks"; for scales 1 and 2 the input is unshuffled
//! first, as in Real-ESRGAN).

use super::architecture::{Architecture, COLOURS};
use crate::program::{Convolution, Image, Program, output_channels};
use crate::weights::{NetworkLoadError, Weights};

/// Slope of all leaky `ReLU` functions for negative values.
const SLOPE: f64 = 0.2;

/// Factor of every residual.
const RESIDUAL: f64 = 0.2;

/// Scale of the network behind the unshuffled input: two enlargements by 2.
const ENLARGEMENT: u32 = 4;

/// Adds the network to `program` and returns its result.
pub(super) fn build(
    weights: &mut Weights<'_>,
    program: &mut Program,
) -> Result<(Architecture, Image), NetworkLoadError> {
    let features = output_channels(weights, "conv_first")?;
    let growth = output_channels(weights, "body.0.rdb1.conv1")?;
    let first = weights.shape("conv_first.weight").unwrap_or_default().to_vec();
    // Sides of the squares of pixels that become channels.
    let unshuffle = [1_u32, 2, 4]
        .into_iter()
        .find(|side| first.get(1) == Some(&(COLOURS * (side * side) as usize)))
        .ok_or_else(|| NetworkLoadError::Shape {
            name: String::from("conv_first.weight"),
            found: first.clone(),
            expected: String::from("[features, 3, 12 or 48, 3, 3]"),
        })?;
    let blocks = weights
        .names()
        .filter_map(block_index)
        .max()
        .map_or(0, |last| last + 1);

    let mut input = Program::argument(0, COLOURS);
    if unshuffle > 1 {
        input = program.pixel_unshuffle(input, unshuffle);
    }
    let convolution = Convolution::take(weights, "conv_first", input.channels, features)?;
    let first = program.convolve(&[input], convolution)?;
    let mut image = first;
    for block in 0..blocks {
        let start = image;
        for dense in 1..=3 {
            image = dense_block(
                weights,
                program,
                image,
                &format!("body.{block}.rdb{dense}"),
                growth,
            )?;
        }
        image = program.add(start, image, RESIDUAL);
    }
    let convolution = Convolution::take(weights, "conv_body", features, features)?;
    image = program.convolve(&[image], convolution)?;
    image = program.add(first, image, 1.0);
    for name in ["conv_up1", "conv_up2"] {
        image = program.enlarge(image, 2);
        image = activated(weights, program, image, name)?;
    }
    image = activated(weights, program, image, "conv_hr")?;
    let convolution = Convolution::take(weights, "conv_last", features, COLOURS)?;
    image = program.convolve(&[image], convolution)?;
    let architecture = Architecture {
        name: "RRDBNet",
        scale: ENLARGEMENT / unshuffle,
        feature_scale: ENLARGEMENT / unshuffle,
        multiple: unshuffle,
        parameters: 0,
    };
    Ok((architecture, image))
}

/// Adds a residual dense block: each convolution reads the results of all previous ones.
fn dense_block(
    weights: &mut Weights<'_>,
    program: &mut Program,
    input: Image,
    name: &str,
    growth: usize,
) -> Result<Image, NetworkLoadError> {
    let features = input.channels;
    let mut images = vec![input];
    let mut channels = features;
    for layer in 1..=4 {
        let convolution = Convolution::take(weights, &format!("{name}.conv{layer}"), channels, growth)?;
        let sum = program.convolve(&images, convolution)?;
        images.push(program.leaky_relu(sum, SLOPE));
        channels += growth;
    }
    let convolution = Convolution::take(weights, &format!("{name}.conv5"), channels, features)?;
    // The factor is folded into the weights.
    let result = program.convolve(&images, convolution.scaled(RESIDUAL)?)?;
    Ok(program.add(input, result, 1.0))
}

/// Adds a convolution with a leaky `ReLU`.
fn activated(
    weights: &mut Weights<'_>,
    program: &mut Program,
    image: Image,
    name: &str,
) -> Result<Image, NetworkLoadError> {
    let convolution = Convolution::take(weights, name, image.channels, image.channels)?;
    let sum = program.convolve(&[image], convolution)?;
    Ok(program.leaky_relu(sum, SLOPE))
}

/// Returns N of `body.N.rdb...`.
fn block_index(name: &str) -> Option<usize> {
    name.strip_prefix("body.")?.split_once(".rdb")?.0.parse().ok()
}

//! `SRVGGNetCompact`: convolutions with `PReLU` functions at the input's size, then a pixel shuffle, added to
//! the input enlarged by nearest neighbour (Real-ESRGAN 0.2.5).

use super::architecture::{Architecture, COLOURS};
use crate::program::{Convolution, Image, Program, output_channels};
use crate::weights::{NetworkLoadError, Weights};

/// Adds the network to `program` and returns its result. Names: `body.N.weight` with even N for convolutions,
/// odd N for slopes.
pub(super) fn build(
    weights: &mut Weights<'_>,
    program: &mut Program,
) -> Result<(Architecture, Image), NetworkLoadError> {
    let features = output_channels(weights, "body.0")?;
    let last = weights.names().filter_map(layer_index).max().unwrap_or(0);
    let last_name = format!("body.{last}");
    let outputs = output_channels(weights, &last_name)?;
    let scale = (1..=MAX_SCALE)
        .find(|scale| COLOURS * (scale * scale) as usize == outputs)
        .ok_or_else(|| NetworkLoadError::Shape {
            name: format!("{last_name}.weight"),
            found: weights
                .shape(&format!("{last_name}.weight"))
                .unwrap_or_default()
                .to_vec(),
            expected: String::from("3 * scale * scale outputs"),
        })?;

    let input = Program::argument(0, COLOURS);
    let mut image = input;
    for index in (0..last).step_by(2) {
        let convolution = Convolution::take(weights, &format!("body.{index}"), image.channels, features)?;
        image = program.convolve(&[image], convolution)?;
        let slopes = weights.take(&format!("body.{}.weight", index + 1), &[features])?;
        image = program.prelu(image, slopes);
    }
    let convolution = Convolution::take(weights, &last_name, image.channels, outputs)?;
    image = program.convolve(&[image], convolution)?;
    image = program.pixel_shuffle(image, scale);
    let base = program.enlarge(input, scale);
    image = program.add(image, base, 1.0);
    let architecture = Architecture {
        name: "SRVGGNetCompact",
        scale,
        feature_scale: 1,
        multiple: 1,
        parameters: 0,
    };
    Ok((architecture, image))
}

/// Largest scale that is recognized. Published networks have 1, 2, 3 and 4.
const MAX_SCALE: u32 = 8;

/// Returns N of `body.N.weight`.
fn layer_index(name: &str) -> Option<usize> {
    name.strip_prefix("body.")?.strip_suffix(".weight")?.parse().ok()
}

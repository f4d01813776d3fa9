//! `SRVGGNetCompact`: convolutions with `PReLU` functions at the input's size, then a pixel shuffle, added to
//! the input enlarged by nearest neighbour (Real-ESRGAN 0.2.5).

use super::architecture::{Architecture, COLOURS};
use super::error::UpscalerLoadError;
use super::program::Program;
use super::weights::Weights;

/// Adds the network to `program`. Names: `body.N.weight` with even N for convolutions, odd N for slopes.
pub(super) fn build(
    weights: &mut Weights<'_>,
    program: &mut Program,
) -> Result<Architecture, UpscalerLoadError> {
    let features = weights.outputs("body.0")?;
    let last = weights.names().filter_map(layer_index).max().unwrap_or(0);
    let last_name = format!("body.{last}");
    let outputs = weights.outputs(&last_name)?;
    let scale = (1..=MAX_SCALE)
        .find(|scale| COLOURS * (scale * scale) as usize == outputs)
        .ok_or_else(|| UpscalerLoadError::Shape {
            name: format!("{last_name}.weight"),
            found: weights
                .shape(&format!("{last_name}.weight"))
                .unwrap_or_default()
                .to_vec(),
            expected: String::from("3 * scale * scale outputs"),
        })?;

    let input = Program::argument(COLOURS);
    let mut image = input;
    for index in (0..last).step_by(2) {
        let convolution = weights.convolution(&format!("body.{index}"), image.channels, features)?;
        image = program.convolve(&[image], convolution)?;
        let slopes = weights.take(&format!("body.{}.weight", index + 1), &[features])?;
        image = program.prelu(image, slopes);
    }
    let convolution = weights.convolution(&last_name, image.channels, outputs)?;
    image = program.convolve(&[image], convolution)?;
    image = program.pixel_shuffle(image, scale);
    let base = program.enlarge(input, scale);
    image = program.add(image, base, 1.0);
    program.return_image(image);
    Ok(Architecture {
        name: "SRVGGNetCompact",
        scale,
        feature_scale: 1,
        multiple: 1,
        parameters: 0,
    })
}

/// Largest scale that is recognized. Published networks have 1, 2, 3 and 4.
const MAX_SCALE: u32 = 8;

/// Returns N of `body.N.weight`.
fn layer_index(name: &str) -> Option<usize> {
    name.strip_prefix("body.")?.strip_suffix(".weight")?.parse().ok()
}

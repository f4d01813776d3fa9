//! Fast Fourier convolutions in skip connections ("Fast Fourier Convolution", Chi et al. 2020). Three
//! quarters of the channels are global: convolved in the frequency domain.

use crate::program::{Convolution, Image};
use crate::stylegan::Layers;
use crate::weights::NetworkLoadError;

/// Adds two fast Fourier convolutions, whose result is added to three times the input.
pub(super) fn skip_layer(
    layers: &mut Layers<'_, '_>,
    input: Image,
    name: &str,
) -> Result<Image, NetworkLoadError> {
    let global_channels = input.channels * 3 / 4;
    let local_channels = input.channels - global_channels;
    let mut part = |start: usize, channels: usize| {
        let expression = format!("torch.narrow({input}, 1, {start}, {channels})");
        layers.program.assign(channels, &expression)
    };
    let mut local = part(0, local_channels);
    let mut global = part(local_channels, global_channels);
    for convolution in ["conv1", "conv2"] {
        (local, global) = convolve(layers, local, global, &format!("{name}.{convolution}.ffc"))?;
    }
    let joined = layers.concatenate(local, global);
    // The block, its caller and the layer around them each add the input.
    Ok(layers.program.add(joined, input, 3.0))
}

/// Adds a fast Fourier convolution with `ReLU`: each part of the result depends on both parts of the input.
fn convolve(
    layers: &mut Layers<'_, '_>,
    local: Image,
    global: Image,
    name: &str,
) -> Result<(Image, Image), NetworkLoadError> {
    let [padded_local, padded_global] = [local, global].map(|image| {
        let expression = format!("torch.reflection_pad2d({image}, [1, 1, 1, 1])");
        layers.program.assign(image.channels, &expression)
    });
    let mut spatial = |path: &str, input: Image, outputs: usize| -> Result<Image, NetworkLoadError> {
        let name = format!("{name}.{path}");
        let filters = Convolution::take_filters(layers.weights, &name, input.channels, outputs, 3)?;
        let unpadded = Convolution {
            padding: 0,
            ..filters
        };
        Ok(layers.program.convolve(&[input], unpadded)?)
    };
    let local_of_local = spatial("convl2l", padded_local, local.channels)?;
    let local_of_global = spatial("convg2l", padded_global, local.channels)?;
    let global_of_local = spatial("convl2g", padded_local, global.channels)?;
    let global_of_global = spectral(layers, global, &format!("{name}.convg2g"))?;
    let [local, global] = [
        (local_of_local, local_of_global),
        (global_of_local, global_of_global),
    ]
    .map(|(one, other)| {
        let sum = layers.program.add(one, other, 1.0);
        layers.program.relu(sum)
    });
    Ok((local, global))
}

/// Adds a spectral transform: Fourier units on the whole image and on its four quarters.
fn spectral(layers: &mut Layers<'_, '_>, input: Image, name: &str) -> Result<Image, NetworkLoadError> {
    let channels = input.channels / 2;
    let reduced = pointwise(layers, input, &format!("{name}.conv1.0"), channels)?;
    let image = layers.program.relu(reduced);
    let whole = fourier_unit(layers, image, &format!("{name}.fu"))?;
    let quarters = quarters_as_channels(layers, image);
    let quarters = fourier_unit(layers, quarters, &format!("{name}.lfu"))?;
    let tiled = layers
        .program
        .assign(quarters.channels, &format!("{quarters}.repeat([1, 1, 2, 2])"));
    let sum = layers.program.add(image, whole, 1.0);
    let sum = layers.program.add(sum, tiled, 1.0);
    pointwise(layers, sum, &format!("{name}.conv2"), input.channels)
}

/// Returns the quarters of the first quarter of the channels: top left, bottom left, top right, bottom right.
fn quarters_as_channels(layers: &mut Layers<'_, '_>, image: Image) -> Image {
    let channels = image.channels / 4;
    let mut quarters = layers
        .program
        .assign(channels, &format!("torch.narrow({image}, 1, 0, {channels})"));
    for dimension in [2, 3] {
        let half = format!("{image}.size({dimension}) // 2");
        let [first, second] = ["0", &half].map(|start| {
            let expression = format!("torch.narrow({quarters}, {dimension}, {start}, {half})");
            layers.program.assign(quarters.channels, &expression)
        });
        quarters = layers.concatenate(first, second);
    }
    quarters
}

/// Adds a Fourier unit: a convolution of 1 x 1 frequencies with `ReLU` between a Fourier transform and its
/// inverse.
fn fourier_unit(layers: &mut Layers<'_, '_>, input: Image, name: &str) -> Result<Image, NetworkLoadError> {
    let channels = input.channels;
    let program = &mut *layers.program;
    let spectrum = program.assign(
        channels,
        &format!("torch.fft_rfftn({input}, None, [-2, -1], \"ortho\")"),
    );
    let parts = program.assign(
        channels,
        &format!("torch.view_as_real({spectrum}).permute([0, 1, 4, 2, 3]).contiguous()"),
    );
    let size = format!("{input}.size(2), {input}.size(3) // 2 + 1");
    let flat = program.assign(
        2 * channels,
        &format!("{parts}.view([{input}.size(0), {}, {size}])", 2 * channels),
    );
    let convolved = pointwise(layers, flat, &format!("{name}.conv_layer"), 2 * channels)?;
    let program = &mut *layers.program;
    let activated = program.relu(convolved);
    let parts = program.assign(
        channels,
        &format!(
            "{activated}.view([{input}.size(0), {channels}, 2, {size}]).permute([0, 1, 3, 4, 2]).contiguous()"
        ),
    );
    let expression = format!(
        "torch.fft_irfftn(torch.view_as_complex({parts}), [{input}.size(2), {input}.size(3)], [-2, -1], \"ortho\")"
    );
    Ok(program.assign(channels, &expression))
}

/// Takes and adds a convolution of 1 x 1 pixels without biases.
fn pointwise(
    layers: &mut Layers<'_, '_>,
    input: Image,
    name: &str,
    outputs: usize,
) -> Result<Image, NetworkLoadError> {
    let filters = Convolution::take_filters(layers.weights, name, input.channels, outputs, 1)?;
    Ok(layers.program.convolve(&[input], filters)?)
}

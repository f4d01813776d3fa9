//! GFP-GAN (Wang et al. 2021, "Towards Real-World Blind Face Restoration with Generative Facial Prior"), the
//! version without custom operations: a U-Net whose features modulate a generator of `StyleGAN2` (Karras et
//! al. 2020).
//!
//! Modulated convolutions scale their inputs and outputs instead of the filters, which is equal and keeps the
//! filters constant. The noise is that of the file, so that results are reproducible.

use tch::Tensor;

use super::layers::{Builder, Kernel, Map};
use crate::script::Variable;
use crate::weights::NetworkLoadError;

/// Slope of all leaky `ReLU` functions for negative values.
const SLOPE: f64 = 0.2;

/// Added to the squared norms of filters.
const EPSILON: f64 = 1e-8;

/// Layers of the original that a restoration doesn't use: intermediate images, and the mapping of random
/// styles.
const UNUSED: [&str; 2] = ["toRGB.", "stylegan_decoder.style_mlp."];

/// Largest number of levels of the U-Net: an image of 2^12 pixels per side.
const MAX_LEVELS: usize = 10;

/// Adds the network; returns the image.
pub(super) fn build(builder: &mut Builder<'_, '_>) -> Result<Variable, NetworkLoadError> {
    for prefix in UNUSED {
        builder.weights.skip_all(prefix);
    }
    let levels = (0..=MAX_LEVELS)
        .find(|level| {
            let name = format!("conv_body_down.{level}.conv1.weight");
            builder.weights.shape(&name).is_none()
        })
        .filter(|levels| *levels > 0)
        .ok_or_else(architecture)?;
    let (conditions, styles) = encoder(builder, levels)?;
    generator(builder, &conditions, &styles)
}

/// Scale and shift of the generator's features at a level.
struct Condition {
    scale: Map,
    shift: Map,
}

/// The styles of the generator's layers: a variable `[1, layers * length]`.
struct Styles {
    variable: Variable,
    length: usize,
}

/// Adds the U-Net.
fn encoder(
    builder: &mut Builder<'_, '_>,
    levels: usize,
) -> Result<(Vec<Condition>, Styles), NetworkLoadError> {
    let map = builder.convolve(Builder::input(), "conv_body_first", Kernel::same(1))?;
    let mut map = builder.leaky_relu(map, SLOPE);
    let mut skips = Vec::with_capacity(levels);
    for level in 0..levels {
        map = residual_block(builder, map, &format!("conv_body_down.{level}"), 0.5)?;
        skips.push(map);
    }
    map = builder.convolve(map, "final_conv", Kernel::same(3))?;
    map = builder.leaky_relu(map, SLOPE);
    let styles = styles(builder, map, levels)?;

    let mut conditions = Vec::with_capacity(levels);
    for level in 0..levels {
        let skip = skips.pop().filter(|skip| skip.channels == map.channels);
        map = builder.add(map, skip.ok_or_else(architecture)?);
        map = residual_block(builder, map, &format!("conv_body_up.{level}"), 2.0)?;
        let mut condition = |key: &str| -> Result<Map, NetworkLoadError> {
            let hidden = builder.convolve(map, &format!("{key}.{level}.0"), Kernel::same(3))?;
            let hidden = builder.leaky_relu(hidden, SLOPE);
            builder.convolve(hidden, &format!("{key}.{level}.2"), Kernel::same(3))
        };
        conditions.push(Condition {
            scale: condition("condition_scale")?,
            shift: condition("condition_shift")?,
        });
    }
    Ok((conditions, styles))
}

/// Adds the linear map from the U-Net's deepest features, of 4 x 4 pixels, to the styles.
fn styles(builder: &mut Builder<'_, '_>, map: Map, levels: usize) -> Result<Styles, NetworkLoadError> {
    let layers = 2 * levels + 2;
    let weight = builder.weights.shape("final_linear.weight");
    let outputs = weight
        .and_then(|shape| shape.first())
        .copied()
        .unwrap_or_default();
    if outputs == 0 || !outputs.is_multiple_of(layers) {
        return Err(architecture());
    }
    let weight = builder
        .weights
        .take("final_linear.weight", &[outputs, 16 * map.channels])?
        .f_tr()?;
    let bias = builder.weights.take("final_linear.bias", &[outputs])?;
    let (weight, bias) = (builder.script.constant(weight), builder.script.constant(bias));
    let variable = builder.script.assign(&format!(
        "torch.addmm({bias}, torch.reshape({}, [1, -1]), {weight})",
        map.variable
    ));
    Ok(Styles {
        variable,
        length: outputs / layers,
    })
}

/// Adds a residual block that scales the sides of its input by `factor`.
fn residual_block(
    builder: &mut Builder<'_, '_>,
    input: Map,
    name: &str,
    factor: f64,
) -> Result<Map, NetworkLoadError> {
    let map = builder.convolve(input, &format!("{name}.conv1"), Kernel::same(3))?;
    let map = builder.leaky_relu(map, SLOPE);
    let map = builder.resize(map, factor);
    let map = builder.convolve(map, &format!("{name}.conv2"), Kernel::same(3))?;
    let map = builder.leaky_relu(map, SLOPE);
    let shortcut = builder.resize(input, factor);
    let shortcut = builder.convolve_unbiased(shortcut, &format!("{name}.skip"), Kernel::same(1))?;
    if shortcut.channels != map.channels {
        return Err(architecture());
    }
    Ok(builder.add(map, shortcut))
}

/// Adds the generator.
fn generator(
    builder: &mut Builder<'_, '_>,
    conditions: &[Condition],
    styles: &Styles,
) -> Result<Variable, NetworkLoadError> {
    let name = "stylegan_decoder";
    let constant = format!("{name}.constant_input.weight");
    let channels = builder
        .weights
        .shape(&constant)
        .and_then(|shape| shape.get(1))
        .copied();
    let channels = channels.ok_or_else(architecture)?;
    let constant = builder.weights.take(&constant, &[1, channels, 4, 4])?;
    let constant = builder.script.constant(constant);
    let map = builder.assign(channels, &constant);
    let mut map = style_layer(builder, map, &format!("{name}.style_conv1"), styles, 0, 4)?;
    let mut image = to_rgb(builder, map, &format!("{name}.to_rgb1"), styles, 1)?;
    let mut side = 4;
    for (level, condition) in conditions.iter().enumerate() {
        let layer = 2 * level;
        side *= 2;
        let first = format!("{name}.style_convs.{layer}");
        // Bilinear scaling before a convolution with scaled inputs equals that before the original's.
        map = builder.resize(map, 2.0);
        map = style_layer(builder, map, &first, styles, layer + 1, side)?;
        map = conditioned(builder, map, condition)?;
        let second = format!("{name}.style_convs.{}", layer + 1);
        map = style_layer(builder, map, &second, styles, layer + 2, side)?;
        let colours = to_rgb(
            builder,
            map,
            &format!("{name}.to_rgbs.{level}"),
            styles,
            layer + 3,
        )?;
        image = builder.resize(image, 2.0);
        image = builder.add(colours, image);
    }
    Ok(image.variable)
}

/// Scales and shifts the second half of the channels.
fn conditioned(
    builder: &mut Builder<'_, '_>,
    map: Map,
    condition: &Condition,
) -> Result<Map, NetworkLoadError> {
    let half = map.channels / 2;
    if 2 * half != map.channels || condition.scale.channels != half || condition.shift.channels != half {
        return Err(architecture());
    }
    let kept = builder.assign(half, &format!("torch.narrow({}, 1, 0, {half})", map.variable));
    let changed = format!("torch.narrow({}, 1, {half}, {half})", map.variable);
    let changed = builder.assign(
        half,
        &format!("torch.mul({changed}, {})", condition.scale.variable),
    );
    let changed = builder.add(changed, condition.shift);
    Ok(builder.concatenate(&[kept, changed]))
}

/// Adds the style of layer `layer` for a convolution of `channels` inputs, `[1, channels]`.
fn modulation(
    builder: &mut Builder<'_, '_>,
    name: &str,
    channels: usize,
    styles: &Styles,
    layer: usize,
) -> Result<Variable, NetworkLoadError> {
    let length = styles.length;
    let weight = builder
        .weights
        .take(&format!("{name}.modulation.weight"), &[channels, length])?
        .f_tr()?;
    let bias = builder
        .weights
        .take(&format!("{name}.modulation.bias"), &[channels])?;
    let (weight, bias) = (builder.script.constant(weight), builder.script.constant(bias));
    Ok(builder.script.assign(&format!(
        "torch.addmm({bias}, torch.narrow({}, 1, {}, {length}), {weight})",
        styles.variable,
        layer * length
    )))
}

/// Takes the filters of a modulated convolution as `[outputs, inputs, side, side]`.
fn take_filters(
    builder: &mut Builder<'_, '_>,
    name: &str,
    inputs: usize,
    side: usize,
) -> Result<Tensor, NetworkLoadError> {
    let name = format!("{name}.weight");
    let outputs = builder
        .weights
        .shape(&name)
        .and_then(|shape| shape.get(1))
        .copied();
    let outputs = outputs.filter(|outputs| *outputs > 0).ok_or_else(architecture)?;
    let weight = builder.weights.take(&name, &[1, outputs, inputs, side, side])?;
    Ok(weight.f_squeeze_dim(0)?)
}

/// Multiplies each channel by a factor of `factors`, `[1, channels]`.
fn scaled(builder: &mut Builder<'_, '_>, map: Map, factors: Variable) -> Map {
    builder.assign(
        map.channels,
        &format!(
            "torch.mul({}, torch.reshape({factors}, [1, -1, 1, 1]))",
            map.variable
        ),
    )
}

/// Adds a modulated convolution of 3 x 3 pixels with unit norms, noise, biases and activation function. The
/// result has `side` x `side` pixels.
fn style_layer(
    builder: &mut Builder<'_, '_>,
    input: Map,
    name: &str,
    styles: &Styles,
    layer: usize,
    side: usize,
) -> Result<Map, NetworkLoadError> {
    let convolution = format!("{name}.modulated_conv");
    let style = modulation(builder, &convolution, input.channels, styles, layer)?;
    let filters = take_filters(builder, &convolution, input.channels, 3)?;
    let norms = filters
        .f_square()?
        .f_sum_dim_intlist([2_i64, 3].as_slice(), false, None)?
        .f_tr()?
        .f_contiguous()?;
    let norms = builder.script.constant(norms);
    let norms = builder.script.assign(&format!(
        "torch.rsqrt(torch.add(torch.mm(torch.mul({style}, {style}), {norms}), {EPSILON:e}))"
    ));
    let map = scaled(builder, input, style);
    // The generator's gain, sqrt(2).
    let filters = filters.f_mul_scalar(std::f64::consts::SQRT_2)?;
    let map = builder.convolve_with(map, filters, None, Kernel::same(3));
    let map = scaled(builder, map, norms);

    let noise = format!("stylegan_decoder.noises.noise{layer}");
    let noise = builder.weights.take(&noise, &[1, 1, side, side])?;
    let strength = builder.weights.take(&format!("{name}.weight"), &[1])?;
    let bias = builder
        .weights
        .take(&format!("{name}.bias"), &[1, map.channels, 1, 1])?;
    let (noise, bias) = (
        builder.script.constant(noise.f_mul(&strength)?),
        builder.script.constant(bias),
    );
    let map = builder.assign(
        map.channels,
        &format!("torch.add(torch.add({}, {noise}), {bias})", map.variable),
    );
    Ok(builder.leaky_relu(map, SLOPE))
}

/// Adds the modulated convolution to colours.
fn to_rgb(
    builder: &mut Builder<'_, '_>,
    input: Map,
    name: &str,
    styles: &Styles,
    layer: usize,
) -> Result<Map, NetworkLoadError> {
    let convolution = format!("{name}.modulated_conv");
    let style = modulation(builder, &convolution, input.channels, styles, layer)?;
    let filters = take_filters(builder, &convolution, input.channels, 1)?;
    let bias = builder.weights.take(&format!("{name}.bias"), &[1, 3, 1, 1])?;
    if filters.size().first() != Some(&3) {
        return Err(architecture());
    }
    let map = scaled(builder, input, style);
    Ok(builder.convolve_with(map, filters, Some(bias.f_flatten(0, -1)?), Kernel::same(1)))
}

fn architecture() -> NetworkLoadError {
    NetworkLoadError::Architecture { expected: "GFPGAN" }
}

//! The first stage: convolutions, a transformer on a sixteenth to an eighth of the sides, and modulated
//! convolutions. Convolutions and attention before the smallest features take part only of known pixels.

use tch::Tensor;

use super::transformer::{Attention, block};
use super::{Inputs, SQUARE, coin_flips, colours, outputs, styled};
use crate::program::Image;
use crate::stylegan::{Activation, Dense, Layers, Resampling};
use crate::weights::NetworkLoadError;

/// A group of transformer blocks.
struct Group {
    /// The change of the size in front of the group.
    resampling: Resampling,
    blocks: usize,
    /// Side of the windows of attention, in features.
    window: usize,
    /// True if the windows of every other block are shifted by half a window. They aren't where a window
    /// covers the whole feature map of an image of the training's size.
    shifts: bool,
}

const GROUPS: [Group; 5] = [
    Group {
        resampling: Resampling::Keep,
        blocks: 2,
        window: 8,
        shifts: true,
    },
    Group {
        resampling: Resampling::Halve,
        blocks: 3,
        window: 16,
        shifts: true,
    },
    Group {
        resampling: Resampling::Halve,
        blocks: 4,
        window: 16,
        shifts: false,
    },
    Group {
        resampling: Resampling::Double,
        blocks: 3,
        window: 16,
        shifts: true,
    },
    Group {
        resampling: Resampling::Double,
        blocks: 2,
        window: 8,
        shifts: true,
    },
];

/// Index of the group with the smallest features.
const MIDDLE: usize = 2;

/// Largest number of convolutions that halve the image in front of the transformer; MAT has 3.
const MAX_REDUCTIONS: usize = 8;

/// Convolutions that reduce the smallest features to a style.
const STYLE_CONVOLUTIONS: usize = 4;

/// Avoids a division by zero where a convolution sees no known pixel.
const EPSILON: f64 = 1e-8;

/// Features; 1 in `known` marks those that depend on known pixels.
#[derive(Clone, Copy)]
struct Masked {
    features: Image,
    known: Option<Image>,
}

/// Adds the stage; returns its colours.
pub(super) fn build(
    layers: &mut Layers<'_, '_>,
    inputs: Inputs,
    style: &Tensor,
) -> Result<Image, NetworkLoadError> {
    let prefix = "synthesis.first_stage";
    let (centred, erased) = inputs.masked(layers);
    let mut masked = Masked {
        features: layers.concatenate(centred, erased),
        known: Some(inputs.known),
    };
    let dimension = outputs(layers.weights, &format!("{prefix}.conv_first.conv"))?;
    masked = convolve(
        layers,
        masked,
        &format!("{prefix}.conv_first"),
        dimension,
        Resampling::Keep,
    )?;
    let mut skips = vec![masked.features];
    let reductions = (0..MAX_REDUCTIONS)
        .take_while(|index| {
            let name = format!("{prefix}.enc_conv.{index}.conv.weight");
            layers.weights.shape(&name).is_some()
        })
        .count();
    for index in 0..reductions {
        masked = convolve(
            layers,
            masked,
            &format!("{prefix}.enc_conv.{index}"),
            dimension,
            Resampling::Halve,
        )?;
        if index + 1 < reductions {
            skips.push(masked.features);
        }
    }
    let mut shallow = Vec::new();
    let mut styles = None;
    for (index, group) in GROUPS.into_iter().enumerate() {
        if index >= MIDDLE {
            masked.known = None;
        }
        masked = transform(
            layers,
            masked,
            &group,
            &format!("{prefix}.tran.{index}"),
            dimension,
        )?;
        if index < MIDDLE {
            shallow.push(masked.features);
        } else if index == MIDDLE {
            let (mixed, all_styles) = mixed_with_style(layers, masked.features, style, prefix)?;
            masked.features = mixed;
            styles = Some(all_styles);
        } else if let Some(skip) = shallow.pop() {
            masked.features = layers.program.add(masked.features, skip, 1.0);
        }
    }
    let mut image = masked.features;
    let mut sum = None;
    if let Some(style) = styles {
        for (index, skip) in skips.into_iter().rev().enumerate() {
            let name = format!("{prefix}.dec_conv.{index}");
            image = styled(layers, image, style, &format!("{name}.conv0"), dimension, true)?;
            image = layers.program.add(image, skip, 1.0);
            image = styled(layers, image, style, &format!("{name}.conv1"), dimension, false)?;
            sum = Some(colours(layers, image, style, &format!("{name}.toRGB"), sum)?);
        }
    }
    Ok(sum.unwrap_or(image))
}

/// Adds a convolution of 3 x 3 pixels. With a mask, it is a partial convolution ("Image Inpainting for
/// Irregular Holes Using Partial Convolutions", Liu et al. 2018): results are scaled by the ratio of all
/// pixels to the known ones.
fn convolve(
    layers: &mut Layers<'_, '_>,
    input: Masked,
    name: &str,
    outputs: usize,
    resampling: Resampling,
) -> Result<Masked, NetworkLoadError> {
    let name = format!("{name}.conv");
    let features = layers.convolution(input.features, &name, [3, outputs], resampling, None)?;
    let Some(known) = input.known else {
        return Ok(Masked {
            features,
            known: None,
        });
    };
    let stride = if resampling == Resampling::Halve { 2 } else { 1 };
    // The sum of 3 x 3 pixels, exact for zeros and ones.
    let sums = layers.program.assign(
        1,
        &format!("torch.avg_pool2d({known}, [3, 3], [{stride}, {stride}], [1, 1], False, True, 1)"),
    );
    let known = layers
        .program
        .assign(1, &format!("torch.clamp({sums}, 0.0, 1.0)"));
    let ratio = layers
        .program
        .assign(1, &format!("9.0 / ({sums} + {EPSILON:?}) * {known}"));
    Ok(Masked {
        features: layers.program.assign(outputs, &format!("{features} * {ratio}")),
        known: Some(known),
    })
}

/// Adds a group of transformer blocks between convolutions.
fn transform(
    layers: &mut Layers<'_, '_>,
    mut masked: Masked,
    group: &Group,
    name: &str,
    dimension: usize,
) -> Result<Masked, NetworkLoadError> {
    if group.resampling != Resampling::Keep {
        masked = convolve(
            layers,
            masked,
            &format!("{name}.downsample.conv"),
            dimension,
            group.resampling,
        )?;
    }
    let identity = masked.features;
    let to_tokens = |layers: &mut Layers<'_, '_>, image: Image| {
        let expression = format!("{image}.permute([0, 2, 3, 1])");
        layers.program.assign(image.channels, &expression)
    };
    let to_image = |layers: &mut Layers<'_, '_>, tokens: Image| {
        let expression = format!("{tokens}.permute([0, 3, 1, 2])");
        layers.program.assign(tokens.channels, &expression)
    };
    let mut tokens = to_tokens(layers, masked.features);
    let mut known = masked.known.map(|known| to_tokens(layers, known));
    for index in 0..group.blocks {
        let name = format!("{name}.blocks.{index}");
        let shifted = group.shifts && index % 2 == 1;
        if shifted {
            // A constant for images of the training's size, computed for any size here.
            layers.weights.discard(&format!("{name}.attn_mask"));
        }
        let attention = Attention {
            window: group.window,
            shift: if shifted { group.window / 2 } else { 0 },
        };
        (tokens, known) = block(layers, tokens, known, attention, &name)?;
    }
    masked = Masked {
        features: to_image(layers, tokens),
        known: known.map(|known| to_image(layers, known)),
    };
    masked = convolve(
        layers,
        masked,
        &format!("{name}.conv"),
        dimension,
        Resampling::Keep,
    )?;
    masked.features = layers.program.add(masked.features, identity, 1.0);
    Ok(masked)
}

/// Replaces half of the smallest features at random by values that the style gives. Returns them and the
/// style vector of the modulated convolutions.
fn mixed_with_style(
    layers: &mut Layers<'_, '_>,
    image: Image,
    style: &Tensor,
    prefix: &str,
) -> Result<(Image, Image), NetworkLoadError> {
    let dimension = image.channels;
    let take = |layers: &mut Layers<'_, '_>, name: &str, shape: [usize; 2]| {
        Dense::take(
            layers.weights,
            &format!("{prefix}.{name}"),
            shape,
            1.0,
            Activation::LeakyRelu,
        )
    };
    let style = take(layers, "ws_style", [style.numel(), dimension])?.of_constant(style)?;
    let square = take(layers, "to_square", [dimension, SQUARE])?.of_constant(&style)?;
    let square = layers.program.constant(square.f_view([1, 1, -1])?);
    // A value per feature in row-major order.
    let size = format!("{image}.size(2), {image}.size(3)");
    let square = layers.program.assign(
        1,
        &format!("torch.upsample_linear1d({square}, [{image}.size(2) * {image}.size(3)], False).view([1, 1, {size}])"),
    );
    let tokens = layers
        .program
        .assign(dimension, &format!("{image}.flatten(2, 3).transpose(1, 2)"));
    let kept = coin_flips(layers, tokens);
    let kept = layers.program.assign(
        dimension,
        &format!("{kept}.transpose(1, 2).reshape([-1, {dimension}, {size}])"),
    );
    let mixed = layers.program.assign(
        dimension,
        &format!("{image} * {kept} + {square} * (1.0 - {kept})"),
    );
    let mut global = mixed;
    for index in 0..STYLE_CONVOLUTIONS {
        let name = format!("{prefix}.down_conv.{index}");
        global = layers.convolution(global, &name, [3, dimension], Resampling::Halve, None)?;
    }
    let mean = layers
        .program
        .assign(dimension, &format!("torch.mean({global}, [2, 3])"));
    let name = format!("{prefix}.to_style");
    let global = layers.take_dense(mean, &name, 2 * dimension, Activation::LeakyRelu)?;
    let constant = layers.program.constant(style);
    let constant = layers.program.assign(dimension, &constant);
    Ok((mixed, layers.concatenate(global, constant)))
}

//! The second stage: a U-shaped convolutional network that refines the first stage's result.

use tch::Tensor;

use super::{Inputs, SQUARE, coin_flips, colours, outputs, styled};
use crate::program::Image;
use crate::stylegan::{Activation, Dense, Layers, Resampling};
use crate::weights::NetworkLoadError;

/// Convolutions that reduce the smallest features before their mean becomes a style.
const STYLE_CONVOLUTIONS: usize = 3;

/// Adds the stage on the image whose hole `coarse` fills. `sides`: those of the feature maps for an image of
/// the training's size, ascending.
pub(super) fn build(
    layers: &mut Layers<'_, '_>,
    inputs: Inputs,
    coarse: Image,
    style: &Tensor,
    sides: &[usize],
) -> Result<Image, NetworkLoadError> {
    let (centred, erased) = inputs.masked(layers);
    let mut image = layers.program.concatenate(&[centred, coarse, erased]);
    let mut features = Vec::new();
    for (depth, side) in sides.iter().rev().enumerate() {
        let name = format!("synthesis.enc.EncConv_Block_{side}x{side}");
        let channels = outputs(layers.weights, &format!("{name}.conv0"))?;
        let (kernel, resampling) = if depth == 0 {
            (1, Resampling::Keep)
        } else {
            (3, Resampling::Halve)
        };
        image = layers.convolution(
            image,
            &format!("{name}.conv0"),
            [kernel, channels],
            resampling,
            None,
        )?;
        image = layers.convolution(
            image,
            &format!("{name}.conv1"),
            [3, channels],
            Resampling::Keep,
            None,
        )?;
        features.push(image);
    }
    features.pop();
    let smallest = mixed_with_style(layers, image, style)?;
    let mut global = smallest;
    for index in 0..STYLE_CONVOLUTIONS {
        let name = format!("synthesis.to_style.conv.{index}");
        global = layers.convolution(global, &name, [3, image.channels], Resampling::Halve, None)?;
    }
    let mean = layers
        .program
        .assign(global.channels, &format!("torch.mean({global}, [2, 3])"));
    let name = "synthesis.to_style.fc";
    let styles = outputs(layers.weights, name)?;
    let global = layers.take_dense(mean, name, styles, Activation::LeakyRelu)?;
    let constant = layers.program.constant(style.shallow_clone());
    let constant = layers.program.assign(style.numel(), &constant);
    let style = layers.concatenate(constant, global);

    let mut sum: Option<Image> = None;
    let mut image = smallest;
    let mut skips = features.into_iter().rev();
    for (depth, side) in sides.iter().enumerate() {
        let name = format!("synthesis.dec.Dec_{side}x{side}");
        let skip = if depth == 0 {
            let first = format!("{name}.conv0");
            image = layers.convolution(image, &first, [3, image.channels], Resampling::Keep, None)?;
            smallest
        } else {
            let channels = outputs(layers.weights, &format!("{name}.conv0.conv"))?;
            image = styled(layers, image, style, &format!("{name}.conv0"), channels, true)?;
            skips.next().unwrap_or(image)
        };
        image = layers.program.add(image, skip, 1.0);
        image = styled(
            layers,
            image,
            style,
            &format!("{name}.conv1"),
            skip.channels,
            false,
        )?;
        sum = Some(colours(layers, image, style, &format!("{name}.toRGB"), sum)?);
    }
    Ok(sum.unwrap_or(image))
}

/// Replaces half of the values at random by those of a square that the style gives.
fn mixed_with_style(
    layers: &mut Layers<'_, '_>,
    image: Image,
    style: &Tensor,
) -> Result<Image, NetworkLoadError> {
    let shape = [style.numel(), SQUARE];
    let square = Dense::take(
        layers.weights,
        "synthesis.to_square",
        shape,
        1.0,
        Activation::LeakyRelu,
    )?
    .of_constant(style)?
    .f_view([1, 1, 16, 16])?;
    let square = layers.program.constant(square);
    let square = layers.program.assign(
        1,
        &format!("torch.upsample_bilinear2d({square}, [{image}.size(2), {image}.size(3)], False)"),
    );
    let kept = coin_flips(layers, image);
    Ok(layers.program.assign(
        image.channels,
        &format!("{image} * {kept} + {square} * (1.0 - {kept})"),
    ))
}

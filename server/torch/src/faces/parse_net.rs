//! `ParseNet` of facexlib: an encoder, residual blocks and a decoder, with reflected borders.

use super::layers::{Builder, Kernel, Map};
use crate::script::Variable;
use crate::weights::NetworkLoadError;

/// Slope of the `ReLU` functions for negative values.
const SLOPE: f64 = 0.2;

/// The part of the network for an image, which the mask doesn't need.
const UNUSED: &str = "out_img_conv.";

/// Change of the sides of a block's result.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    Half,
    Same,
    Double,
}

/// Adds the network; returns the logits of the classes, `[1, classes, H, W]`.
pub(super) fn build(builder: &mut Builder<'_, '_>) -> Result<Variable, NetworkLoadError> {
    builder.weights.skip_all(UNUSED);
    let mut map = padded(builder, Builder::input(), Scale::Same);
    map = builder.convolve(map, "encoder.0.conv2d", unpadded(Scale::Same))?;
    map = blocks(builder, map, "encoder", 1, Scale::Half)?;
    let body = blocks(builder, map, "body", 0, Scale::Same)?;
    if body.channels != map.channels {
        return Err(architecture());
    }
    map = builder.add(map, body);
    map = blocks(builder, map, "decoder", 0, Scale::Double)?;
    map = padded(builder, map, Scale::Same);
    let logits = builder.convolve(map, "out_mask_conv.conv2d", unpadded(Scale::Same))?;
    Ok(logits.variable)
}

/// Adds the residual blocks of a part.
fn blocks(
    builder: &mut Builder<'_, '_>,
    mut map: Map,
    part: &str,
    first: usize,
    scale: Scale,
) -> Result<Map, NetworkLoadError> {
    let mut index = first;
    loop {
        let name = format!("{part}.{index}");
        if builder
            .weights
            .shape(&format!("{name}.conv1.conv2d.weight"))
            .is_none()
        {
            return Ok(map);
        }
        map = block(builder, map, &name, scale)?;
        index += 1;
    }
}

/// Adds a residual block. Its first convolution enlarges, its second one reduces.
fn block(
    builder: &mut Builder<'_, '_>,
    input: Map,
    name: &str,
    scale: Scale,
) -> Result<Map, NetworkLoadError> {
    let outputs = builder.outputs(&format!("{name}.conv1.conv2d"))?;
    let shortcut = if scale == Scale::Same && outputs == input.channels {
        input
    } else {
        let map = padded(builder, input, scale);
        builder.convolve(map, &format!("{name}.shortcut_func.conv2d"), unpadded(scale))?
    };
    let (first, second) = match scale {
        Scale::Half => (Scale::Same, Scale::Half),
        scale => (scale, Scale::Same),
    };
    let mut map = input;
    for (layer, scale) in [("conv1", first), ("conv2", second)] {
        let (layer, norm) = (
            format!("{name}.{layer}.conv2d"),
            format!("{name}.{layer}.norm.norm"),
        );
        map = padded(builder, map, scale);
        map = builder.convolve_normalized(map, &layer, &norm, unpadded(scale))?;
        if layer.ends_with("conv1.conv2d") {
            map = builder.leaky_relu(map, SLOPE);
        }
    }
    if shortcut.channels != map.channels {
        return Err(architecture());
    }
    Ok(builder.add(shortcut, map))
}

/// Enlarges the map if `scale` does, and reflects one pixel at its borders.
fn padded(builder: &mut Builder<'_, '_>, map: Map, scale: Scale) -> Map {
    let enlarged = match scale {
        Scale::Double => format!("torch.upsample_nearest2d({}, None, [2.0, 2.0])", map.variable),
        Scale::Half | Scale::Same => map.variable.to_string(),
    };
    builder.assign(
        map.channels,
        &format!("torch.reflection_pad2d({enlarged}, [1, 1, 1, 1])"),
    )
}

/// Returns the kernel of a convolution whose input is padded.
fn unpadded(scale: Scale) -> Kernel {
    let stride = if scale == Scale::Half { 2 } else { 1 };
    Kernel::same(3).strided(stride).unpadded()
}

fn architecture() -> NetworkLoadError {
    NetworkLoadError::Architecture { expected: "ParseNet" }
}

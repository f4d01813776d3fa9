//! `RetinaFace` (Deng et al. 2019, "RetinaFace: Single-stage Dense Face Localisation in the Wild") on a
//! `ResNet` with bottlenecks.

use super::layers::{Builder, Kernel, Map};
use crate::script::Variable;
use crate::weights::NetworkLoadError;

/// Number of prior boxes per position.
const ANCHORS: usize = 2;

/// Channels of the pyramid up to which its `ReLU` functions have a slope for negative values.
const MAX_LEAKY_CHANNELS: usize = 64;

/// The slope.
const SLOPE: f64 = 0.1;

/// Adds the network; returns `[1, N, 16]`: box offsets, probabilities and landmark offsets.
pub(super) fn build(builder: &mut Builder<'_, '_>) -> Result<Variable, NetworkLoadError> {
    let levels = backbone(builder)?;
    let levels = pyramid(builder, levels)?;
    let mut heads = [const { Vec::new() }; 3];
    for (level, map) in levels.into_iter().enumerate() {
        let context = context(builder, map, &format!("ssh{}", level + 1))?;
        for (values, (name, length)) in
            heads
                .iter_mut()
                .zip([("BboxHead", 4), ("ClassHead", 2), ("LandmarkHead", 10)])
        {
            let name = format!("{name}.{level}.conv1x1");
            let map = builder.convolve(context, &name, Kernel::same(1))?;
            if map.channels != ANCHORS * length {
                return Err(NetworkLoadError::Architecture {
                    expected: "RetinaFace",
                });
            }
            let rows = builder.script.assign(&format!(
                "torch.reshape(torch.permute({}, [0, 2, 3, 1]), [1, -1, {length}])",
                map.variable
            ));
            values.push(rows.to_string());
        }
    }
    let [boxes, classes, landmarks] = heads.map(|values| format!("torch.cat([{}], 1)", values.join(", ")));
    Ok(builder.script.assign(&format!(
        "torch.cat([{boxes}, torch.softmax({classes}, -1), {landmarks}], 2)"
    )))
}

/// Adds the backbone; returns the results of its stages 2, 3 and 4.
fn backbone(builder: &mut Builder<'_, '_>) -> Result<[Map; 3], NetworkLoadError> {
    let first = Kernel::same(7).strided(2);
    let map = builder.convolve_normalized(Builder::input(), "body.conv1", "body.bn1", first)?;
    let map = builder.relu(map);
    let mut map = builder.assign(
        map.channels,
        &format!("torch.max_pool2d({}, [3, 3], [2, 2], [1, 1])", map.variable),
    );
    let mut levels = Vec::new();
    for stage in 1..=4 {
        let prefix = format!("body.layer{stage}");
        let mut block = 0;
        while builder
            .weights
            .shape(&format!("{prefix}.{block}.conv1.weight"))
            .is_some()
        {
            let stride = if stage > 1 && block == 0 { 2 } else { 1 };
            map = bottleneck(builder, map, &format!("{prefix}.{block}"), stride)?;
            block += 1;
        }
        levels.push(map);
    }
    match levels.as_slice() {
        &[_, second, third, fourth] => Ok([second, third, fourth]),
        _ => Err(NetworkLoadError::Architecture {
            expected: "RetinaFace",
        }),
    }
}

fn bottleneck(
    builder: &mut Builder<'_, '_>,
    input: Map,
    name: &str,
    stride: usize,
) -> Result<Map, NetworkLoadError> {
    let mut map = input;
    for (index, kernel) in [
        (1, Kernel::same(1)),
        (2, Kernel::same(3).strided(stride)),
        (3, Kernel::same(1)),
    ] {
        if index > 1 {
            map = builder.relu(map);
        }
        map = builder.convolve_normalized(
            map,
            &format!("{name}.conv{index}"),
            &format!("{name}.bn{index}"),
            kernel,
        )?;
    }
    let shortcut = format!("{name}.downsample");
    let shortcut = if builder.weights.shape(&format!("{shortcut}.0.weight")).is_some() {
        let kernel = Kernel::same(1).strided(stride);
        builder.convolve_normalized(input, &format!("{shortcut}.0"), &format!("{shortcut}.1"), kernel)?
    } else {
        input
    };
    if shortcut.channels != map.channels {
        return Err(NetworkLoadError::Architecture {
            expected: "RetinaFace",
        });
    }
    let sum = builder.add(map, shortcut);
    Ok(builder.relu(sum))
}

/// Adds a convolution with batch normalization from a sequence of layers, and its activation function.
fn activated(
    builder: &mut Builder<'_, '_>,
    input: Map,
    name: &str,
    side: usize,
    slope: Option<f64>,
) -> Result<Map, NetworkLoadError> {
    let (layer, norm) = (format!("{name}.0"), format!("{name}.1"));
    let map = builder.convolve_normalized(input, &layer, &norm, Kernel::same(side))?;
    Ok(match slope {
        Some(slope) => builder.leaky_relu(map, slope),
        None => map,
    })
}

/// Returns the slope of the functions of a pyramid with `channels` channels.
fn slope(channels: usize) -> f64 {
    if channels <= MAX_LEAKY_CHANNELS {
        SLOPE
    } else {
        0.0
    }
}

/// Adds the feature pyramid.
fn pyramid(builder: &mut Builder<'_, '_>, levels: [Map; 3]) -> Result<[Map; 3], NetworkLoadError> {
    let slope = Some(slope(builder.outputs("fpn.output1.0")?));
    let [mut first, mut second, third] = levels;
    first = activated(builder, first, "fpn.output1", 1, slope)?;
    second = activated(builder, second, "fpn.output2", 1, slope)?;
    let third = activated(builder, third, "fpn.output3", 1, slope)?;
    second = merged(builder, second, third, "fpn.merge2", slope)?;
    first = merged(builder, first, second, "fpn.merge1", slope)?;
    Ok([first, second, third])
}

/// Adds the next coarser level to a level.
fn merged(
    builder: &mut Builder<'_, '_>,
    fine: Map,
    coarse: Map,
    name: &str,
    slope: Option<f64>,
) -> Result<Map, NetworkLoadError> {
    if fine.channels != coarse.channels {
        return Err(NetworkLoadError::Architecture {
            expected: "RetinaFace",
        });
    }
    let enlarged = builder.assign(
        coarse.channels,
        &format!(
            "torch.upsample_nearest2d({}, [{fine}.size(2), {fine}.size(3)], None, None)",
            coarse.variable,
            fine = fine.variable
        ),
    );
    let sum = builder.add(fine, enlarged);
    activated(builder, sum, name, 3, slope)
}

/// Adds a context module: convolutions of 3, 5 and 7 pixels, the larger ones as sequences of 3 x 3.
fn context(builder: &mut Builder<'_, '_>, input: Map, name: &str) -> Result<Map, NetworkLoadError> {
    let slope = Some(slope(input.channels));
    let small = activated(builder, input, &format!("{name}.conv3X3"), 3, None)?;
    let shared = activated(builder, input, &format!("{name}.conv5X5_1"), 3, slope)?;
    let medium = activated(builder, shared, &format!("{name}.conv5X5_2"), 3, None)?;
    let large = activated(builder, shared, &format!("{name}.conv7X7_2"), 3, slope)?;
    let large = activated(builder, large, &format!("{name}.conv7x7_3"), 3, None)?;
    let joined = builder.concatenate(&[small, medium, large]);
    Ok(builder.relu(joined))
}

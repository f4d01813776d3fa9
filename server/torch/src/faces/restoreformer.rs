//! `RestoreFormer` (Wang et al. 2022, "High-Quality Blind Face Restoration from Undegraded Key-Value Pairs"):
//! an encoder, a codebook, and a decoder that attends from the encoder's features to the codes' ones.
//!
//! Each feature vector of the encoder is replaced by the nearest vector of the codebook, the first one of
//! several at the same distance.

use super::layers::{Builder, Kernel, Map};
use crate::script::Variable;
use crate::weights::NetworkLoadError;

/// Groups of channels that are normalized together.
const GROUPS: usize = 32;

/// Epsilon of the normalizations.
const NORM_EPSILON: f64 = 1e-6;

/// Heads of the attention layers.
const HEADS: usize = 8;

/// Largest number of halvings of an image's sides.
const MAX_LEVELS: usize = 12;

/// Largest number of residual blocks per level.
const MAX_BLOCKS: usize = 16;

/// The encoder's results.
struct Encoded {
    /// Before the attention of the middle part.
    inner: Map,
    /// After the middle part.
    middle: Map,
    /// The vectors to look up in the codebook.
    latents: Map,
    /// Number of levels.
    levels: usize,
}

/// Adds the network; returns the image.
pub(super) fn build(builder: &mut Builder<'_, '_>) -> Result<Variable, NetworkLoadError> {
    let encoded = encoder(builder)?;
    let latents = builder.convolve(encoded.latents, "quant_conv", Kernel::same(1))?;
    let codes = nearest_codes(builder, latents)?;
    let codes = builder.convolve(codes, "post_quant_conv", Kernel::same(1))?;
    decoder(builder, codes, &encoded)
}

/// Adds the encoder, whose last level has attention layers.
fn encoder(builder: &mut Builder<'_, '_>) -> Result<Encoded, NetworkLoadError> {
    let levels = count(builder, MAX_LEVELS, |level| {
        format!("encoder.down.{level}.block.0.conv1.weight")
    })?;
    let mut map = builder.convolve(Builder::input(), "encoder.conv_in", Kernel::same(3))?;
    for level in 0..levels {
        let prefix = format!("encoder.down.{level}");
        let last = level + 1 == levels;
        map = residual_blocks(builder, map, &prefix, last, None)?;
        if !last {
            // One row and one column of zeros at the end.
            let padded = format!("torch.constant_pad_nd({}, [0, 1, 0, 1], 0)", map.variable);
            map = builder.assign(map.channels, &padded);
            let kernel = Kernel::same(3).strided(2).unpadded();
            map = builder.convolve(map, &format!("{prefix}.downsample.conv"), kernel)?;
        }
    }
    let inner = residual_block(builder, map, "encoder.mid.block_1")?;
    let attended = attention(builder, inner, None, "encoder.mid.attn_1")?;
    let middle = residual_block(builder, attended, "encoder.mid.block_2")?;
    let latents = output(builder, middle, "encoder")?;
    Ok(Encoded {
        inner,
        middle,
        latents,
        levels,
    })
}

/// Adds the decoder; its attention layers have queries of the encoder's features.
fn decoder(
    builder: &mut Builder<'_, '_>,
    codes: Map,
    encoded: &Encoded,
) -> Result<Variable, NetworkLoadError> {
    let mut map = builder.convolve(codes, "decoder.conv_in", Kernel::same(3))?;
    map = residual_block(builder, map, "decoder.mid.block_1")?;
    map = attention(builder, map, Some(encoded.middle), "decoder.mid.attn_1")?;
    map = residual_block(builder, map, "decoder.mid.block_2")?;
    for level in (0..encoded.levels).rev() {
        let prefix = format!("decoder.up.{level}");
        let last = level + 1 == encoded.levels;
        map = residual_blocks(builder, map, &prefix, last, Some(encoded.inner))?;
        if level > 0 {
            let enlarged = format!("torch.upsample_nearest2d({}, None, [2.0, 2.0])", map.variable);
            map = builder.assign(map.channels, &enlarged);
            map = builder.convolve(map, &format!("{prefix}.upsample.conv"), Kernel::same(3))?;
        }
    }
    let image = output(builder, map, "decoder")?;
    if image.channels == 3 {
        Ok(image.variable)
    } else {
        Err(architecture())
    }
}

/// Returns the number of the first layers that the file has, of at most `limit`; at least one.
fn count(
    builder: &Builder<'_, '_>,
    limit: usize,
    name: impl Fn(usize) -> String,
) -> Result<usize, NetworkLoadError> {
    (0..=limit)
        .find(|index| builder.weights.shape(&name(*index)).is_none())
        .filter(|count| *count > 0)
        .ok_or_else(architecture)
}

/// Adds the residual blocks of a level. If `attends`, an attention layer with `queries` follows each block.
fn residual_blocks(
    builder: &mut Builder<'_, '_>,
    mut map: Map,
    prefix: &str,
    attends: bool,
    queries: Option<Map>,
) -> Result<Map, NetworkLoadError> {
    let blocks = count(builder, MAX_BLOCKS, |block| {
        format!("{prefix}.block.{block}.conv1.weight")
    })?;
    for block in 0..blocks {
        map = residual_block(builder, map, &format!("{prefix}.block.{block}"))?;
        if attends {
            map = attention(builder, map, queries, &format!("{prefix}.attn.{block}"))?;
        }
    }
    Ok(map)
}

fn residual_block(builder: &mut Builder<'_, '_>, input: Map, name: &str) -> Result<Map, NetworkLoadError> {
    let mut map = input;
    for layer in ["1", "2"] {
        map = normalized(builder, map, &format!("{name}.norm{layer}"))?;
        map = builder.assign(map.channels, &format!("torch.silu({})", map.variable));
        map = builder.convolve(map, &format!("{name}.conv{layer}"), Kernel::same(3))?;
    }
    let shortcut = if map.channels == input.channels {
        input
    } else {
        builder.convolve(input, &format!("{name}.nin_shortcut"), Kernel::same(1))?
    };
    if shortcut.channels != map.channels {
        return Err(architecture());
    }
    Ok(builder.add(shortcut, map))
}

/// Adds a layer that attends to the positions of `input` and adds the result to it. The queries are computed
/// from `queries`, or from `input`.
fn attention(
    builder: &mut Builder<'_, '_>,
    input: Map,
    queries: Option<Map>,
    name: &str,
) -> Result<Map, NetworkLoadError> {
    let channels = input.channels;
    if !channels.is_multiple_of(HEADS) || queries.is_some_and(|queries| queries.channels != channels) {
        return Err(architecture());
    }
    let keys = normalized(builder, input, &format!("{name}.norm1"))?;
    let second_norm = format!("{name}.norm2");
    let queries = if let Some(queries) = queries {
        normalized(builder, queries, &second_norm)?
    } else {
        for key in ["weight", "bias"] {
            builder
                .weights
                .skip(&format!("{second_norm}.{key}"), &[channels])?;
        }
        keys
    };
    let mut heads = |map: Map, layer: &str| -> Result<Variable, NetworkLoadError> {
        let map = builder.convolve(map, &format!("{name}.{layer}"), Kernel::same(1))?;
        if map.channels != channels {
            return Err(architecture());
        }
        // [1, heads, length, positions]
        Ok(builder.script.assign(&format!(
            "torch.reshape({}, [1, {HEADS}, {}, -1])",
            map.variable,
            channels / HEADS
        )))
    };
    let (queries, values) = (heads(queries, "q")?, heads(keys, "v")?);
    let keys = heads(keys, "k")?;
    let scale = ((channels / HEADS) as f64).sqrt().recip();
    let weights = builder.script.assign(&format!(
        "torch.softmax(torch.matmul(torch.transpose(torch.mul({queries}, {scale:?}), 2, 3), {keys}), 3)"
    ));
    let attended = builder.assign(
        channels,
        &format!(
            "torch.reshape(torch.matmul({values}, torch.transpose({weights}, 2, 3)), \
             [1, {channels}, {input}.size(2), {input}.size(3)])",
            input = input.variable
        ),
    );
    let attended = builder.convolve(attended, &format!("{name}.proj_out"), Kernel::same(1))?;
    if attended.channels != channels {
        return Err(architecture());
    }
    Ok(builder.add(input, attended))
}

/// Adds the normalization, activation function and convolution at the end of a part.
fn output(builder: &mut Builder<'_, '_>, map: Map, part: &str) -> Result<Map, NetworkLoadError> {
    let map = normalized(builder, map, &format!("{part}.norm_out"))?;
    let map = builder.assign(map.channels, &format!("torch.silu({})", map.variable));
    builder.convolve(map, &format!("{part}.conv_out"), Kernel::same(3))
}

/// Adds a group normalization.
fn normalized(builder: &mut Builder<'_, '_>, map: Map, name: &str) -> Result<Map, NetworkLoadError> {
    let channels = map.channels;
    if !channels.is_multiple_of(GROUPS) {
        return Err(architecture());
    }
    let weight = builder.weights.take(&format!("{name}.weight"), &[channels])?;
    let bias = builder.weights.take(&format!("{name}.bias"), &[channels])?;
    let (weight, bias) = (builder.script.constant(weight), builder.script.constant(bias));
    let expression = format!(
        "torch.group_norm({}, {GROUPS}, {weight}, {bias}, {NORM_EPSILON:e}, True)",
        map.variable
    );
    Ok(builder.assign(channels, &expression))
}

/// Replaces each vector by the nearest one of the codebook. Of |z - e|^2 = |z|^2 + |e|^2 - 2 z e, the first
/// term is the same for all codes.
fn nearest_codes(builder: &mut Builder<'_, '_>, latents: Map) -> Result<Map, NetworkLoadError> {
    let length = latents.channels;
    let name = "quantize.embedding.weight";
    let codes = builder
        .weights
        .shape(name)
        .and_then(|shape| shape.first())
        .copied();
    let codes = codes.filter(|codes| *codes > 0).ok_or_else(architecture)?;
    let codebook = builder.weights.take(name, &[codes, length])?;
    let norms = codebook
        .f_square()?
        .f_sum_dim_intlist([1_i64].as_slice(), false, None)?;
    let transposed = builder.script.constant(codebook.f_tr()?.f_contiguous()?);
    let (codebook, norms) = (builder.script.constant(codebook), builder.script.constant(norms));
    let vectors = builder.script.assign(&format!(
        "torch.reshape(torch.permute({}, [0, 2, 3, 1]), [-1, {length}])",
        latents.variable
    ));
    // `argmin` returns the first of several minima.
    let indices = builder.script.assign(&format!(
        "torch.argmin(torch.addmm({norms}, {vectors}, {transposed}, beta=1, alpha=-2), 1)"
    ));
    let found = format!(
        "torch.permute(torch.reshape(torch.embedding({codebook}, {indices}), \
         [1, {latents}.size(2), {latents}.size(3), {length}]), [0, 3, 1, 2])",
        latents = latents.variable
    );
    Ok(builder.assign(length, &found))
}

fn architecture() -> NetworkLoadError {
    NetworkLoadError::Architecture {
        expected: "RestoreFormer",
    }
}

//! Transformer blocks with attention in windows ("Swin Transformer: Hierarchical Vision Transformer using
//! Shifted Windows", Liu et al. 2021), without layer normalisation, and with a mask of known features.

use crate::program::Image;
use crate::stylegan::{Activation, Dense, Layers};
use crate::weights::NetworkLoadError;

/// Heads of the attention.
const HEADS: usize = 6;

/// Added to the attention's logits between features that must not see each other.
const PENALTY: f64 = -100.0;

/// Smallest norm of a feature vector in divisions: the distance of 1 to the next number of single precision.
const EPSILON: f64 = f32::EPSILON as f64;

/// The windows of an attention.
#[derive(Clone, Copy)]
pub(super) struct Attention {
    /// Side in features.
    pub window: usize,
    /// Distance by which the windows are shifted down and to the right; the feature map is periodic, and
    /// features from opposite sides don't see each other.
    pub shift: usize,
}

/// Adds the block `name` on `tokens` `[N, H, W, C]`, whose sides are multiples of the window's. `known`
/// `[N, H, W, 1]`: the attention doesn't see features with 0; features in a window with a known one become
/// known.
pub(super) fn block(
    layers: &mut Layers<'_, '_>,
    tokens: Image,
    known: Option<Image>,
    attention: Attention,
    name: &str,
) -> Result<(Image, Option<Image>), NetworkLoadError> {
    let dimension = tokens.channels;
    let windows = attention.split_into_windows(layers, tokens);
    let known_windows = known.map(|known| attention.split_into_windows(layers, known));
    let attended = attend(
        layers,
        windows,
        known_windows,
        tokens,
        attention,
        &format!("{name}.attn"),
    )?;
    let attended = attention.join_windows(layers, attended, tokens);
    let known = known_windows.map(|windows| {
        let spread = format!("torch.amax({windows}, [1], True).expand_as({windows})");
        let spread = layers.program.assign(1, &spread);
        attention.join_windows(layers, spread, tokens)
    });
    let joined = layers
        .program
        .assign(2 * dimension, &format!("torch.cat([{tokens}, {attended}], -1)"));
    let fused = layers.take_dense(joined, &format!("{name}.fuse"), dimension, Activation::LeakyRelu)?;
    let hidden = super::outputs(layers.weights, &format!("{name}.mlp.fc1"))?;
    let hidden = layers.take_dense(fused, &format!("{name}.mlp.fc1"), hidden, Activation::LeakyRelu)?;
    let result = layers.take_dense(hidden, &format!("{name}.mlp.fc2"), dimension, Activation::Linear)?;
    Ok((result, known))
}

/// Adds the attention `name` in `windows` `[N, features, C]` of a feature map like `tokens`.
fn attend(
    layers: &mut Layers<'_, '_>,
    windows: Image,
    known: Option<Image>,
    tokens: Image,
    attention: Attention,
    name: &str,
) -> Result<Image, NetworkLoadError> {
    let dimension = windows.channels;
    let take = |layers: &mut Layers<'_, '_>, part: &str| {
        let shape = [dimension, dimension];
        Dense::take(
            layers.weights,
            &format!("{name}.{part}"),
            shape,
            1.0,
            Activation::Linear,
        )
    };
    let scale = 1.0 / ((dimension / HEADS) as f64).sqrt();
    let queries = take(layers, "q")?.scaled(scale)?;
    let keys = take(layers, "k")?;
    let values = take(layers, "v")?;
    let projection = take(layers, "proj")?;
    let normalized = layers.program.assign(
        dimension,
        &format!("{windows} / torch.clamp_min(torch.norm({windows}, 2, [-1], True), {EPSILON:?})"),
    );
    let joined = Dense::joined(&[queries, keys])?;
    let pairs = layers.dense(normalized, joined);
    let values = layers.dense(windows, values);
    let features = attention.window * attention.window;
    let by_head = |image: Image, parts: usize| {
        let head = dimension / HEADS;
        format!("{image}.reshape([-1, {features}, {parts}, {HEADS}, {head}]).permute([2, 0, 3, 1, 4])")
    };
    let pairs = layers.program.assign(dimension, &by_head(pairs, 2));
    let values = layers
        .program
        .assign(dimension, &format!("{}[0]", by_head(values, 1)));
    let mut logits = layers.program.assign(
        features,
        &format!("torch.matmul({pairs}[0], {pairs}[1].transpose(-2, -1))"),
    );
    if attention.shift > 0 {
        let mask = attention.seams(layers, tokens);
        logits = layers.program.assign(
            features,
            &format!(
                "({logits}.view([-1, {mask}.size(0), {HEADS}, {features}, {features}]) + {mask}.unsqueeze(1)).view([-1, {HEADS}, \
                 {features}, {features}])"
            ),
        );
    }
    if let Some(known) = known {
        logits = layers.program.assign(
            features,
            &format!("{logits} + (1.0 - {known}).view([-1, 1, 1, {features}]) * {PENALTY:?}"),
        );
    }
    let result = layers.program.assign(
        dimension,
        &format!(
            "torch.matmul(torch.softmax({logits}, -1), {values}).transpose(1, 2).reshape([-1, {features}, {dimension}])"
        ),
    );
    Ok(layers.dense(result, projection))
}

impl Attention {
    /// Returns the windows `[N, features, C]` of a feature map `[N, H, W, C]`.
    fn split_into_windows(self, layers: &mut Layers<'_, '_>, tokens: Image) -> Image {
        let Self { window, shift } = self;
        let features = window * window;
        let channels = tokens.channels;
        let mut moved = tokens;
        if shift > 0 {
            let expression = format!("torch.roll({tokens}, [-{shift}, -{shift}], [1, 2])");
            moved = layers.program.assign(channels, &expression);
        }
        let (rows, columns) = self.counts(tokens);
        layers.program.assign(
            channels,
            &format!(
                "{moved}.reshape([-1, {rows}, {window}, {columns}, {window}, {channels}]).permute([0, 1, 3, 2, 4, 5])\
                 .reshape([-1, {features}, {channels}])"
            ),
        )
    }

    /// Returns the feature map of windows; its size is that of `tokens`.
    fn join_windows(self, layers: &mut Layers<'_, '_>, windows: Image, tokens: Image) -> Image {
        let Self { window, shift } = self;
        let channels = windows.channels;
        let (rows, columns) = self.counts(tokens);
        let joined = layers.program.assign(
            channels,
            &format!(
                "{windows}.reshape([-1, {rows}, {columns}, {window}, {window}, {channels}]).permute([0, 1, 3, 2, 4, 5])\
                 .reshape([-1, {tokens}.size(1), {tokens}.size(2), {channels}])"
            ),
        );
        if shift == 0 {
            return joined;
        }
        let expression = format!("torch.roll({joined}, [{shift}, {shift}], [1, 2])");
        layers.program.assign(channels, &expression)
    }

    /// Returns the numbers of rows and columns of windows.
    fn counts(self, tokens: Image) -> (String, String) {
        let count = |dimension: usize| format!("{tokens}.size({dimension}) // {}", self.window);
        (count(1), count(2))
    }

    /// Returns `[windows, features, features]` with a penalty where two features of a shifted window come
    /// from opposite sides of the feature map.
    fn seams(self, layers: &mut Layers<'_, '_>, tokens: Image) -> Image {
        // Features behind the seam have an index of at least the side minus the shift, after the shift.
        let [rows, columns] = [1, 2].map(|dimension| {
            let side = format!("{tokens}.size({dimension})");
            let along = format!("{tokens}.select(3, 0).select({}, 0).select(0, 0)", 3 - dimension);
            let index = format!("torch.cumsum(torch.ones_like({along}), 0)");
            let behind = format!("({index} > {side} - {}).to({tokens}.dtype)", self.shift);
            layers.program.assign(1, &behind)
        });
        let sides = layers.program.assign(
            1,
            &format!("({rows} * 2.0).unsqueeze(1).add({columns}).unsqueeze(0).unsqueeze(3)"),
        );
        let sides = Self { shift: 0, ..self }.split_into_windows(layers, sides);
        layers.program.assign(
            1,
            &format!("torch.ne({sides}, {sides}.transpose(1, 2)).to({tokens}.dtype) * {PENALTY:?}"),
        )
    }
}

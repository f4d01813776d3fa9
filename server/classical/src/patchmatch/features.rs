//! The feature vector of a pixel, which patches are compared by: colour, texture (Newson et al. 2014) and
//! gradient (Darabi et al. 2012).

/// Channels of a feature vector.
pub(super) const CHANNELS: usize = 8;

/// Feature vector of a pixel, one byte per channel: red, green, blue, [`TEXTURE_X`], [`TEXTURE_Y`],
/// [`GRADIENT_X`], [`GRADIENT_Y`] and a constant 0. The padding to eight bytes lets a patch row load as whole
/// machine words.
pub(super) type Features = [u8; CHANNELS];

/// Channel of the mean absolute luma difference along x (see `texture.rs`).
pub(super) const TEXTURE_X: usize = 3;
/// Channel of the mean absolute luma difference along y.
pub(super) const TEXTURE_Y: usize = 4;
/// Channel of the central luma difference along x (see `level.rs`); 128 means zero.
pub(super) const GRADIENT_X: usize = 5;
/// Channel of the central luma difference along y; 128 means zero.
pub(super) const GRADIENT_Y: usize = 6;
/// Leading channels that downsampling averages: colour and texture. Gradients are recomputed at every level.
pub(super) const DOWNSAMPLED_CHANNELS: usize = 5;
/// Leading channels that are voted on: colour.
pub(super) const COLOUR_CHANNELS: usize = 3;

/// Red, green and blue in 0..=255, not rounded.
pub(super) type Colour = [f32; COLOUR_CHANNELS];

/// Returns the colour channels.
pub(super) fn colour_of<T: Copy + Into<f32>, const N: usize>(channels: &[T; N]) -> Colour {
    let mut colour = [0.0; COLOUR_CHANNELS];
    for (value, channel) in colour.iter_mut().zip(channels) {
        *value = (*channel).into();
    }
    colour
}

/// Returns the feature vector of a colour, with texture and gradient 0.
pub(super) fn features_from_rgb([red, green, blue]: [u8; 3]) -> Features {
    [red, green, blue, 0, 0, 0, 0, 0]
}

/// Returns red + 2 * green + blue, i.e. four times an approximate luma, in 0..=1020.
pub(super) fn luma_times_4([red, green, blue, ..]: Features) -> i32 {
    i32::from(red) + 2 * i32::from(green) + i32::from(blue)
}

/// Rounds to the nearest byte; saturates outside 0..=255.
pub(super) fn round_to_u8(value: f32) -> u8 {
    (value + 0.5) as u8
}

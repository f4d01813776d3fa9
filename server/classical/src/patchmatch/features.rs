//! What is compared and averaged of a pixel.

/// A pixel as patches are compared: red, green, blue, texture across and down, slope across and down, and nothing.
/// Eight bytes, so that a row of a patch is read at once.
pub(super) type Pixel = [u8; PARTS];

/// The bytes of a pixel.
pub(super) const PARTS: usize = 8;

/// Texture along x.
pub(super) const ACROSS: usize = 3;
/// Texture along y.
pub(super) const DOWN: usize = 4;
/// Brightness of the right neighbour against the left one's.
pub(super) const SLOPE_ACROSS: usize = 5;
/// Brightness of the neighbour below against that above.
pub(super) const SLOPE_DOWN: usize = 6;
/// The parts of a pixel that are averaged when the image is halved, the first ones: colour and texture.
pub(super) const SCALED: usize = 5;

/// Those that patches vote on, the first ones: colour.
pub(super) const COLOURS: usize = 3;

/// The colour of a pixel, not rounded; of a pixel of the hole, what it is between two searches.
pub(super) type Colours = [f32; COLOURS];

/// The colour of a pixel.
pub(super) fn colours<T: Copy + Into<f32>, const N: usize>(pixel: &[T; N]) -> Colours {
    let mut colours = [0.0; COLOURS];
    for (colour, part) in colours.iter_mut().zip(pixel) {
        *colour = (*part).into();
    }
    colours
}

/// A pixel of which only the colour is known.
pub(super) fn coloured([red, green, blue]: [u8; 3]) -> Pixel {
    [red, green, blue, 0, 0, 0, 0, 0]
}

/// Brightness in 0..=1020: red, green and blue in the proportion 1 : 2 : 1.
pub(super) fn brightness([red, green, blue, ..]: Pixel) -> i32 {
    i32::from(red) + 2 * i32::from(green) + i32::from(blue)
}

/// Rounded; what is out of range is clamped.
pub(super) fn to_byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

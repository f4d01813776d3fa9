//! To what size a region is brought before it runs.

use crate::Padding;

/// The largest forward in pixels that is ever tried, whatever the caller allows.
const LARGEST_FORWARD: u64 = 1 << 28;

/// Width and height of an image of `width` x `height` scaled so that its longer side is `limit` pixels.
pub(crate) fn scaled_size((width, height): (u32, u32), limit: u32) -> (u32, u32) {
    let ratio = f64::from(limit) / f64::from(width.max(height).max(1));
    let side = |side: u32| ((f64::from(side) * ratio + 0.5) as u32).max(1);
    (side(width), side(height))
}

/// The longest side with which a region of `size` runs in a forward of at most `max_pixels` after padding; `None`
/// where it fits as it is. A model whose smallest forward is over the limit gets that.
pub(crate) fn fitting_side(padding: Padding, size: (u32, u32), max_pixels: u64) -> Option<u32> {
    let pixels = |(width, height): (u32, u32)| {
        let (width, height) = padding.size(width, height);
        width.saturating_mul(height)
    };
    let max_pixels = max_pixels.min(LARGEST_FORWARD).max(pixels((1, 1)));
    if pixels(size) <= max_pixels {
        return None;
    }
    let (mut fits, mut too_large) = (1, size.0.max(size.1));
    while too_large - fits > 1 {
        let middle = u32::midpoint(fits, too_large);
        if pixels(scaled_size(size, middle)) <= max_pixels {
            fits = middle;
        } else {
            too_large = middle;
        }
    }
    Some(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMA: Padding = Padding {
        modulo: 8,
        min_size: 16,
        square: false,
    };

    #[test]
    fn sizes_are_rounded_half_up_and_never_zero() {
        assert_eq!(scaled_size((1000, 701), 500), (500, 351));
        assert_eq!(scaled_size((1000, 1), 100), (100, 1));
    }

    #[test]
    fn the_largest_side_that_fits_is_taken() {
        assert_eq!(fitting_side(LAMA, (512, 512), 512 * 512), None);
        assert_eq!(fitting_side(LAMA, (1024, 1024), 512 * 512), Some(512));
        assert_eq!(fitting_side(LAMA, (2000, 500), 1000 * 256), Some(1000));
    }

    #[test]
    fn a_limit_below_the_smallest_forward_gives_the_smallest() {
        assert_eq!(fitting_side(LAMA, (500, 500), 1), Some(16));
        assert_eq!(fitting_side(LAMA, (5, 5), 1), None);
    }

    #[test]
    fn squares_of_long_images_are_bounded_without_a_limit() {
        let square = Padding {
            modulo: 1,
            min_size: 0,
            square: true,
        };
        let side = fitting_side(square, (100_000, 1), u64::MAX);
        assert_eq!(side, Some(1 << 14));
    }
}

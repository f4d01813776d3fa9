//! The size at which a region runs.

use crate::Padding;

/// The largest forward pass in pixels, 16384 x 16384, whatever limit the caller sets.
const LARGEST_FORWARD: u64 = 1 << 28;

/// Returns width and height, at least 1, of an image of `width` x `height` pixels scaled so that its longer
/// side is `limit` pixels. Rounds half up.
pub(crate) fn scaled_size((width, height): (u32, u32), limit: u32) -> (u32, u32) {
    let ratio = f64::from(limit) / f64::from(width.max(height).max(1));
    let side = |side: u32| ((f64::from(side) * ratio + 0.5) as u32).max(1);
    (side(width), side(height))
}

/// Returns the longer side to scale a region of `size` to, so that its forward pass has at most `max_pixels`
/// pixels after padding; `None` if it fits unscaled. A limit below the model's smallest forward pass counts
/// as that size.
pub(crate) fn fitting_side(padding: Padding, size: (u32, u32), max_pixels: u64) -> Option<u32> {
    let pixels = |(width, height): (u32, u32)| {
        let (width, height) = padding.size(width, height);
        width.saturating_mul(height)
    };
    let max_pixels = max_pixels.min(LARGEST_FORWARD).max(pixels((1, 1)));
    if pixels(size) <= max_pixels {
        return None;
    }
    // Bisection.
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
    fn sizes_round_half_up_to_at_least_one() {
        assert_eq!(scaled_size((1000, 701), 500), (500, 351));
        assert_eq!(scaled_size((1000, 1), 100), (100, 1));
    }

    #[test]
    fn largest_fitting_side_is_returned() {
        assert_eq!(fitting_side(LAMA, (512, 512), 512 * 512), None);
        assert_eq!(fitting_side(LAMA, (1024, 1024), 512 * 512), Some(512));
        assert_eq!(fitting_side(LAMA, (2000, 500), 1000 * 256), Some(1000));
    }

    #[test]
    fn limit_below_smallest_forward_is_raised() {
        assert_eq!(fitting_side(LAMA, (500, 500), 1), Some(16));
        assert_eq!(fitting_side(LAMA, (5, 5), 1), None);
    }

    #[test]
    fn square_padding_is_bounded_without_a_limit() {
        let square = Padding {
            modulo: 1,
            min_size: 0,
            square: true,
        };
        let side = fitting_side(square, (100_000, 1), u64::MAX);
        assert_eq!(side, Some(1 << 14));
    }
}

//! Morphological dilation and erosion of masks.

use image::GrayImage;

use crate::Mask;

/// The largest radius, in pixels. Larger ones count as this, since distances are stored in 8 bits.
pub const MAX_RADIUS: u8 = u8::MAX - 1;

/// Returns the dilation of the hole by a disc of `radius` pixels (at most [`MAX_RADIUS`]).
///
/// The disc is `OpenCV`'s `MORPH_ELLIPSE` of side 2 x radius + 1. Pixels outside the image count as
/// known.
#[must_use]
pub fn dilate(mask: &Mask, radius: u8) -> Mask {
    dilate_by(mask, &half_widths(radius.min(MAX_RADIUS)))
}

/// Returns the dilation of the hole by a square of side 2 x `radius` + 1 pixels (`radius` at most
/// [`MAX_RADIUS`]). Pixels outside the image count as known.
#[must_use]
pub fn dilate_square(mask: &Mask, radius: u8) -> Mask {
    let radius = radius.min(MAX_RADIUS);
    dilate_by(mask, &vec![radius; usize::from(radius) + 1])
}

/// Returns the dilation by a symmetric shape. `reaches` has its half-width in pixels in its middle row and in
/// the rows below.
fn dilate_by(mask: &Mask, reaches: &[u8]) -> Mask {
    let mut dilated = GrayImage::new(mask.width(), mask.height());
    let width = mask.width() as usize;
    if width == 0 {
        return Mask::from_values(dilated);
    }
    // By row, each pixel's distance to the nearest hole pixel of the row; `None` for rows without a hole.
    let rows: Vec<Option<Vec<u8>>> = mask.values().chunks_exact(width).map(distances).collect();
    for (y, dilated_row) in dilated.chunks_exact_mut(width).enumerate() {
        for (dy, reach) in reaches.iter().enumerate() {
            let above = y.checked_sub(dy).filter(|_| dy > 0);
            for row in [above, Some(y + dy)].into_iter().flatten() {
                let Some(Some(distances)) = rows.get(row) else {
                    continue;
                };
                for (pixel, distance) in dilated_row.iter_mut().zip(distances) {
                    *pixel |= if distance <= reach { 255 } else { 0 };
                }
            }
        }
    }
    Mask::from_values(dilated)
}

/// Returns the erosion of the hole by the disc of [`dilate`]. Pixels outside the image count as hole.
#[must_use]
pub fn erode(mask: &Mask, radius: u8) -> Mask {
    dilate(&mask.clone().inverted(), radius).inverted()
}

/// Returns the disc's half-width in its middle row and in the rows 1, 2, ... `radius` below it.
fn half_widths(radius: u8) -> Vec<u8> {
    let squared = f64::from(radius) * f64::from(radius);
    (0..=radius)
        .map(|dy| {
            let dy = f64::from(dy);
            // OpenCV multiplies by the inverse and rounds halves to even.
            let fraction = if squared > 0.0 {
                (squared - dy * dy) * squared.recip()
            } else {
                0.0
            };
            (f64::from(radius) * fraction.sqrt()).round_ties_even() as u8
        })
        .collect()
}

/// Returns each pixel's distance to the nearest pixel that isn't 0, saturated at 255; `None` if all are 0.
fn distances(row: &[u8]) -> Option<Vec<u8>> {
    let step = |gap: &mut u8, pixel: &u8| {
        *gap = if *pixel > 0 { 0 } else { gap.saturating_add(1) };
        Some(*gap)
    };
    row.iter().find(|pixel| **pixel > 0)?;
    let mut distances: Vec<u8> = row.iter().scan(u8::MAX, step).collect();
    let from_right = row.iter().rev().scan(u8::MAX, step);
    for (distance, other) in distances.iter_mut().rev().zip(from_right) {
        *distance = other.min(*distance);
    }
    Some(distances)
}

#[cfg(test)]
mod tests {
    use image::Luma;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn square_dilation_has_corners() {
        let mask = Mask::from_fn(9, 7, |x, y| (x, y) == (1, 3));
        let expected = Mask::from_fn(9, 7, |x, y| x <= 3 && (1..=5).contains(&y));
        assert_eq!(dilate_square(&mask, 2), expected);
        assert_ne!(dilate(&mask, 2), expected);
    }

    fn masks() -> impl Strategy<Value = Mask> {
        (1u32..24, 1u32..24).prop_flat_map(|(width, height)| {
            prop::collection::vec(prop::bool::weighted(0.1), (width * height) as usize)
                .prop_map(move |flags| Mask::from_flags(width, height, flags).unwrap())
        })
    }

    /// Returns the dilation by definition: a disc around every set pixel.
    fn dilated_by_definition(mask: &Mask, radius: u8) -> Mask {
        let mut dilated = GrayImage::new(mask.width(), mask.height());
        let reach = i64::from(radius);
        let widths = half_widths(radius);
        let gray = mask.as_coverage().as_gray();
        for (x, y, _) in gray.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 0) {
            for dy in -reach..=reach {
                let half = i64::from(widths[dy.unsigned_abs() as usize]);
                for dx in -half..=half {
                    let (x, y) = (i64::from(x) + dx, i64::from(y) + dy);
                    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                        && let Some(pixel) = dilated.get_pixel_mut_checked(x, y)
                    {
                        *pixel = Luma([255]);
                    }
                }
            }
        }
        Mask::from_values(dilated)
    }

    proptest! {
        #[test]
        fn dilation_matches_its_definition(mask in masks(), radius in 0u8..12) {
            prop_assert_eq!(dilate(&mask, radius), dilated_by_definition(&mask, radius));
        }

        #[test]
        fn erosion_is_inside_dilation_outside(mask in masks(), radius in 0u8..12) {
            let (dilated, eroded) = (dilate(&mask, radius), erode(&mask, radius));
            for ((dilated, mask), eroded) in dilated.flags().zip(mask.flags()).zip(eroded.flags()) {
                prop_assert!(dilated >= mask && mask >= eroded);
            }
        }
    }

    #[test]
    fn radius_is_capped_at_its_maximum() {
        let mask = Mask::from_fn(600, 1, |x, _| x == 300);
        let hole_pixels = dilate(&mask, u8::MAX).flags().filter(|hole| *hole).count();
        assert_eq!(hole_pixels, 509);
    }

    #[test]
    fn empty_and_full_masks_stay() {
        assert!(dilate(&Mask::empty(0, 0), 5).values().is_empty());
        assert_eq!(dilate(&Mask::empty(3, 3), 5), Mask::empty(3, 3));
        let full = Mask::full(3, 3);
        assert_eq!(erode(&full, 5), full, "pixels outside the image count as hole");
    }
}

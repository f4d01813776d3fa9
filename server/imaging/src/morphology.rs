//! Growing and shrinking a mask's hole.

use image::GrayImage;

/// The largest radius, in pixels: distances of more than this are not told apart.
pub const MAX_RADIUS: u8 = u8::MAX - 1;

/// Grows what is 255 in a mask of 0 and 255 by a disc of `radius` pixels (at most [`MAX_RADIUS`]).
///
/// The disc is `OpenCV`'s `MORPH_ELLIPSE` of side 2 x radius + 1; what lies outside the mask counts as 0.
#[must_use]
pub fn dilate(mask: &GrayImage, radius: u8) -> GrayImage {
    let mut grown = GrayImage::new(mask.width(), mask.height());
    let width = mask.width() as usize;
    if width == 0 {
        return grown;
    }
    // How far every pixel is from the hole within its own row; of rows without a hole nothing is kept.
    let rows: Vec<Option<Vec<u8>>> = mask.as_raw().chunks_exact(width).map(distances).collect();
    let reaches = half_widths(radius.min(MAX_RADIUS));
    for (y, grown_row) in grown.chunks_exact_mut(width).enumerate() {
        for (dy, reach) in reaches.iter().enumerate() {
            let above = y.checked_sub(dy).filter(|_| dy > 0);
            for row in [above, Some(y + dy)].into_iter().flatten() {
                let Some(Some(distances)) = rows.get(row) else {
                    continue;
                };
                for (pixel, distance) in grown_row.iter_mut().zip(distances) {
                    *pixel |= if distance <= reach { 255 } else { 0 };
                }
            }
        }
    }
    grown
}

/// Shrinks what is 255 in a mask of 0 and 255, as [`dilate`] grows it; what lies outside the mask counts as 255.
#[must_use]
pub fn erode(mask: &GrayImage, radius: u8) -> GrayImage {
    let mut rest = mask.clone();
    invert(&mut rest);
    let mut shrunk = dilate(&rest, radius);
    invert(&mut shrunk);
    shrunk
}

/// Swaps 0 and 255.
pub fn invert(mask: &mut GrayImage) {
    for value in mask.iter_mut() {
        *value = 255 - *value;
    }
}

/// The disc's half-width in its middle row and in the rows that lie 1, 2, ... `radius` below it.
fn half_widths(radius: u8) -> Vec<u8> {
    let squared = f64::from(radius) * f64::from(radius);
    (0..=radius)
        .map(|dy| {
            let dy = f64::from(dy);
            // OpenCV multiplies by the inverse and rounds halves to even.
            let share = if squared > 0.0 {
                (squared - dy * dy) * squared.recip()
            } else {
                0.0
            };
            (f64::from(radius) * share.sqrt()).round_ties_even() as u8
        })
        .collect()
}

/// How many pixels to the nearest one that isn't 0, 255 for 255 or more; `None` where there is none.
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

    fn masks() -> impl Strategy<Value = GrayImage> {
        (1u32..24, 1u32..24).prop_flat_map(|(width, height)| {
            prop::collection::vec(prop::bool::weighted(0.1), (width * height) as usize).prop_map(
                move |pixels| {
                    let bytes = pixels.iter().map(|set| if *set { 255 } else { 0 }).collect();
                    GrayImage::from_raw(width, height, bytes).unwrap()
                },
            )
        })
    }

    /// Every set pixel paints a disc.
    fn stamped(mask: &GrayImage, radius: u8) -> GrayImage {
        let mut stamped = GrayImage::new(mask.width(), mask.height());
        let reach = i64::from(radius);
        let widths = half_widths(radius);
        for (x, y, _) in mask.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 0) {
            for dy in -reach..=reach {
                let half = i64::from(widths[dy.unsigned_abs() as usize]);
                for dx in -half..=half {
                    let (x, y) = (i64::from(x) + dx, i64::from(y) + dy);
                    if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                        && let Some(pixel) = stamped.get_pixel_mut_checked(x, y)
                    {
                        *pixel = Luma([255]);
                    }
                }
            }
        }
        stamped
    }

    proptest! {
        #[test]
        fn growing_is_stamping_the_disc_at_every_pixel(mask in masks(), radius in 0u8..12) {
            prop_assert_eq!(dilate(&mask, radius), stamped(&mask, radius));
        }

        #[test]
        fn shrinking_stays_inside_and_growing_outside(mask in masks(), radius in 0u8..12) {
            let (grown, shrunk) = (dilate(&mask, radius), erode(&mask, radius));
            for ((grown, mask), shrunk) in grown.iter().zip(mask.iter()).zip(shrunk.iter()) {
                prop_assert!(grown >= mask && mask >= shrunk);
            }
        }
    }

    #[test]
    fn distances_up_to_the_largest_radius_count() {
        let mut mask = GrayImage::new(600, 1);
        mask.put_pixel(300, 0, Luma([255]));
        let filled: u32 = dilate(&mask, u8::MAX)
            .iter()
            .map(|pixel| u32::from(*pixel) / 255)
            .sum();
        assert_eq!(filled, 509);
    }

    #[test]
    fn nothing_grows_to_nothing() {
        assert!(dilate(&GrayImage::new(0, 0), 5).is_empty());
        assert_eq!(dilate(&GrayImage::new(3, 3), 5), GrayImage::new(3, 3));
        let full = GrayImage::from_pixel(3, 3, Luma([255]));
        assert_eq!(erode(&full, 5), full, "the outside doesn't eat into a mask");
    }
}

//! Feathering: a gradual transition from the original to the filling inside the hole.

use iopaint_imaging::{Coverage, RgbImage, distance_to_known};

use crate::pad::padded_mask;

/// Blends the original into the filling in a band of `width` pixels along the hole's border, inside the hole.
/// The weight of the filling rises linearly with the distance to the nearest known pixel and is 1 beyond the
/// band. Pixels outside the hole keep their values.
///
/// `filled`, `original` and `mask` have one size; the hole is all pixels of `mask` that aren't 0.
pub(crate) fn feather(filled: &mut RgbImage, original: &RgbImage, mask: &Coverage, width: u32) {
    if width == 0 {
        return;
    }
    let size = mask.dimensions();
    // One pixel of margin includes the adjacent known pixels, to which distances are measured.
    let Some(area) = mask.bounding_box().map(|hole| hole.grown_and_clipped(1, size)) else {
        return;
    };
    let mask = padded_mask(mask, area, (area.width, area.height));
    let hole: Vec<bool> = mask.values().iter().map(|value| *value > 0).collect();
    let distances = distance_to_known(&hole, area.width as usize);
    let full = (width + 1) as f32;
    for (y, row) in (area.y..).zip(distances.chunks_exact(area.width as usize)) {
        for (x, distance) in (area.x..).zip(row) {
            if *distance > 0.0 && *distance < full {
                let weight = distance / full;
                let original = original.get_pixel(x, y).0;
                for (value, original) in filled.get_pixel_mut(x, y).0.iter_mut().zip(original) {
                    let original = f32::from(original);
                    *value = (original + weight * (f32::from(*value) - original)).round() as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::Mask;
    use proptest::prelude::*;

    use super::*;

    fn feathered(hole: impl Fn(u32, u32) -> bool, width: u32) -> RgbImage {
        let original = RgbImage::from_pixel(40, 30, [100; 3].into());
        let mask = Mask::from_fn(40, 30, hole).into_coverage();
        let mut filled = RgbImage::from_fn(40, 30, |x, y| {
            let masked = mask.as_gray().get_pixel(x, y).0[0] > 0;
            [if masked { 200 } else { 100 }; 3].into()
        });
        feather(&mut filled, &original, &mask, width);
        filled
    }

    #[test]
    fn filling_rises_linearly() {
        let image = feathered(|x, _| x >= 10, 4);
        let reds: Vec<u8> = (8..16).map(|x| image.get_pixel(x, 15).0[0]).collect();
        assert_eq!(reds, [100, 100, 120, 140, 160, 180, 200, 200]);
    }

    #[test]
    fn hole_without_known_pixels_is_the_filling() {
        assert!(
            feathered(|_, _| true, 32)
                .pixels()
                .all(|pixel| pixel.0 == [200; 3])
        );
    }

    proptest! {
        #[test]
        fn only_the_band_changes(
            (x, y, columns, rows) in (0_u32..40, 0_u32..30, 1_u32..40, 1_u32..30),
            width in 0_u32..8,
        ) {
            let hole = |u: u32, v: u32| (x..x + columns).contains(&u) && (y..y + rows).contains(&v);
            let image = feathered(hole, width);
            for (u, v, pixel) in image.enumerate_pixels() {
                let red = pixel.0[0];
                prop_assert_eq!(red > 100, hole(u, v));
                prop_assert!(width > 0 || red == 100 || red == 200);
            }
        }
    }
}

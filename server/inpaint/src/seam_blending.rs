//! Seam removal by gradient-domain compositing.
//!
//! The model fills the hole and a ring around it. In the ring, both the model's result and the original image
//! are known. Their difference is [interpolated](crate::harmonic_fill) over the hole and added to the
//! filling, whose colours then match the image at the hole's border. Pixels outside the hole keep the image's
//! values.

use iopaint_imaging::{Coverage, Mask, RgbImage};

use crate::{
    Rect,
    harmonic_fill::{CellKind, harmonic_fill},
};

/// Radius in pixels of the disc by which the model's hole is dilated, at the size at which the model runs.
const RING_RADIUS: u32 = 3;

/// Returns the hole to be filled by the model: the pixels with any coverage, dilated by [`RING_RADIUS`].
pub(crate) fn with_ring(mask: &Coverage) -> Mask {
    let mut ringed = Mask::empty(mask.width(), mask.height());
    for (y, row) in mask.rows().enumerate() {
        for run in hole_runs(row) {
            for down in -i64::from(RING_RADIUS)..=i64::from(RING_RADIUS) {
                let reach = f64::from(RING_RADIUS * RING_RADIUS) - (down * down) as f64;
                let reach = reach.sqrt().round() as usize;
                if let Some(y) = y.checked_add_signed(down as isize) {
                    ringed.fill_row(y, run.start.saturating_sub(reach)..run.end + reach);
                }
            }
        }
    }
    ringed
}

/// Iterates over the column ranges of a row whose values aren't 0.
fn hole_runs(row: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut at = 0;
    row.chunk_by(|a, b| (*a == 0) == (*b == 0))
        .filter_map(move |chunk| {
            let start = at;
            at += chunk.len();
            (chunk.first() != Some(&0)).then_some(start..at)
        })
}

/// Adjusts the colours of `filling` so that they match `image` at the border of the hole. `mask` is the hole,
/// `ringed` the hole that the model filled (see [`with_ring`]); `image` and both masks have one size.
/// `filling` may be larger at the right and at the bottom.
pub(crate) fn blend_seam(filling: &mut RgbImage, image: &RgbImage, mask: &Coverage, ringed: &Coverage) {
    let Some(area) = ringed.bounding_box() else {
        return;
    };
    let (mut cells, mut differences) = (Vec::new(), Vec::new());
    for (x, y) in pixels(area) {
        let (Some(filled), Some(image)) = (filling.get_pixel_checked(x, y), image.get_pixel_checked(x, y))
        else {
            return;
        };
        cells.push(match (mask.get(x, y), ringed.get(x, y)) {
            (0, 0) => CellKind::Outside,
            (0, _) => CellKind::Fixed,
            (_, _) => CellKind::Free,
        });
        differences.push(std::array::from_fn(|channel| {
            f32::from(image.0[channel]) - f32::from(filled.0[channel])
        }));
    }
    let differences = harmonic_fill(area.width as usize, cells, differences);
    for ((x, y), difference) in pixels(area).zip(differences) {
        if let Some(pixel) = filling.get_pixel_mut_checked(x, y) {
            for (value, difference) in pixel.0.iter_mut().zip(difference) {
                *value = (f32::from(*value) + difference).round() as u8;
            }
        }
    }
}

fn pixels(area: Rect) -> impl Iterator<Item = (u32, u32)> {
    (area.y..area.y + area.height).flat_map(move |y| (area.x..area.x + area.width).map(move |x| (x, y)))
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::GrayImage;

    use super::*;

    fn square(side: u32, from: u32, to: u32) -> Mask {
        Mask::from_fn(side, side, |x, y| {
            (from..to).contains(&x) && (from..to).contains(&y)
        })
    }

    #[test]
    fn ring_has_the_given_radius() {
        let mut mask = GrayImage::new(20, 20);
        mask.put_pixel(0, 10, [1].into());
        mask.put_pixel(19, 19, [255].into());
        let ringed = with_ring(&Coverage::new(mask));
        for (x, y) in (0..20_u32).flat_map(|y| (0..20_u32).map(move |x| (x, y))) {
            let near = |u: u32, v: u32| f64::from(x.abs_diff(u)).hypot(f64::from(y.abs_diff(v)));
            let distance = near(0, 10).min(near(19, 19));
            if distance <= f64::from(RING_RADIUS) {
                assert!(ringed.is_hole(x, y), "{x},{y}");
            } else if distance >= f64::from(RING_RADIUS + 1) {
                assert!(!ringed.is_hole(x, y), "{x},{y}");
            }
        }
    }

    #[test]
    fn brightness_matches_and_texture_stays() {
        let texture = |x: u32, y: u32| if (x / 2 + y / 2).is_multiple_of(2) { 6 } else { 0 };
        let image = RgbImage::from_fn(96, 96, |x, y| {
            [100 + texture(x, y), 80 + (x / 4) as u8, 60].into()
        });
        let mask = square(96, 30, 66);
        let ringed = with_ring(mask.as_coverage());
        // The image, darkened by 20 levels at the left to 32 at the right.
        let mut filling = RgbImage::from_fn(96, 96, |x, y| {
            let dark = if ringed.is_hole(x, y) {
                20 + (x / 8) as u8
            } else {
                0
            };
            image.get_pixel(x, y).0.map(|value| value - dark).into()
        });
        blend_seam(&mut filling, &image, mask.as_coverage(), ringed.as_coverage());
        let pixels = filling
            .enumerate_pixels()
            .filter(|(x, y, _)| mask.is_hole(*x, *y));
        let worst = pixels.map(|(x, y, found)| {
            let (found, expected) = (found.0, image.get_pixel(x, y).0);
            found
                .iter()
                .zip(expected)
                .map(|(a, b)| a.abs_diff(b))
                .max()
                .unwrap()
        });
        assert!(worst.max().unwrap() <= 1);
    }

    #[test]
    fn hole_over_the_whole_image_is_unchanged() {
        let image = RgbImage::new(24, 24);
        let mask = square(24, 0, 24);
        let mut filling = RgbImage::from_pixel(24, 24, [9, 200, 77].into());
        let before = filling.clone();
        let ringed = with_ring(mask.as_coverage());
        blend_seam(&mut filling, &image, mask.as_coverage(), ringed.as_coverage());
        assert_eq!(filling, before);
    }
}

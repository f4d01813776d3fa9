//! Fillings whose border can't be seen.
//!
//! The model fills a little more than the hole. In that ring both its colours and the picture's are known; their
//! difference, stretched over the hole as a [membrane](crate::membrane), is taken off the filling, which so meets
//! the picture where the hole begins. Pixels outside the hole are the picture's own all the same.

use iopaint_imaging::{GrayImage, RgbImage};

use crate::{
    Rect, changed_box,
    membrane::{Cell, Membrane},
};

/// How much wider than the hole the model's is, in pixels of its input.
const RING: u32 = 3;

/// The hole that the model gets for the one in `mask`: all that isn't 0, and the pixels around it.
pub(crate) fn widened(mask: &GrayImage) -> GrayImage {
    let (width, stride) = (mask.width(), mask.width().max(1) as usize);
    let mut out = GrayImage::new(width, mask.height());
    for (y, row) in mask.as_raw().chunks_exact(stride).enumerate() {
        for run in runs(row) {
            for down in -i64::from(RING)..=i64::from(RING) {
                let reach = f64::from(RING * RING) - (down * down) as f64;
                let reach = reach.sqrt().round() as usize;
                let (from, to) = (run.start.saturating_sub(reach), (run.end + reach).min(stride));
                let Some(y) = y.checked_add_signed(down as isize) else {
                    continue;
                };
                if let Some(pixels) = out.as_mut().get_mut(y * stride + from..y * stride + to) {
                    pixels.fill(255);
                }
            }
        }
    }
    out
}

/// The stretches of a row that aren't 0.
fn runs(row: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut at = 0;
    row.chunk_by(|a, b| (*a == 0) == (*b == 0))
        .filter_map(move |chunk| {
            let start = at;
            at += chunk.len();
            (chunk.first() != Some(&0)).then_some(start..at)
        })
}

/// Changes the colours of `filling` inside the hole so that they go on from the picture's. `image`, `mask` (the
/// user's hole) and `wide` (the model's) show the same pixels as `filling`, which may be larger on the right and at the
/// bottom.
pub(crate) fn meet(filling: &mut RgbImage, image: &RgbImage, mask: &GrayImage, wide: &GrayImage) {
    let Some(area) = changed_box(wide) else {
        return;
    };
    let (mut cells, mut differences) = (Vec::new(), Vec::new());
    for (x, y) in pixels(area) {
        let (Some(filled), Some(image)) = (filling.get_pixel_checked(x, y), image.get_pixel_checked(x, y))
        else {
            return;
        };
        let value = |mask: &GrayImage| mask.get_pixel_checked(x, y).map_or(0, |value| value.0[0]);
        cells.push(match (value(mask), value(wide)) {
            (0, 0) => Cell::Outside,
            (0, _) => Cell::Held,
            (_, _) => Cell::Free,
        });
        differences.push(std::array::from_fn(|channel| {
            f32::from(image.0[channel]) - f32::from(filled.0[channel])
        }));
    }
    let differences = Membrane::new(area.width as usize, cells, differences).stretched();
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
    use super::*;

    fn square(side: u32, from: u32, to: u32) -> GrayImage {
        GrayImage::from_fn(side, side, |x, y| {
            let inside = (from..to).contains(&x) && (from..to).contains(&y);
            [if inside { 255 } else { 0 }].into()
        })
    }

    #[test]
    fn the_models_hole_is_the_users_and_a_ring_around_it() {
        let mut mask = GrayImage::new(20, 20);
        mask.put_pixel(0, 10, [1].into());
        mask.put_pixel(19, 19, [255].into());
        let wide = widened(&mask);
        for (x, y, value) in wide.enumerate_pixels() {
            let near = |u: u32, v: u32| f64::from(x.abs_diff(u)).hypot(f64::from(y.abs_diff(v)));
            let distance = near(0, 10).min(near(19, 19));
            if distance <= f64::from(RING) {
                assert_eq!(value.0, [255], "{x},{y}");
            } else if distance >= f64::from(RING + 1) {
                assert_eq!(value.0, [0], "{x},{y}");
            }
        }
    }

    #[test]
    fn a_filling_of_another_brightness_meets_the_picture_and_keeps_its_texture() {
        let texture = |x: u32, y: u32| if (x / 2 + y / 2).is_multiple_of(2) { 6 } else { 0 };
        let image = RgbImage::from_fn(96, 96, |x, y| {
            [100 + texture(x, y), 80 + (x / 4) as u8, 60].into()
        });
        let mask = square(96, 30, 66);
        let wide = widened(&mask);
        // As the picture, but darker, and the more so to the right.
        let mut filling = RgbImage::from_fn(96, 96, |x, y| {
            let dark = if wide.get_pixel(x, y).0[0] > 0 {
                20 + (x / 8) as u8
            } else {
                0
            };
            image.get_pixel(x, y).0.map(|value| value - dark).into()
        });
        meet(&mut filling, &image, &mask, &wide);
        let errors = mask.enumerate_pixels().filter(|(.., value)| value.0[0] > 0);
        let worst = errors.map(|(x, y, _)| {
            let (found, due) = (filling.get_pixel(x, y).0, image.get_pixel(x, y).0);
            found.iter().zip(due).map(|(a, b)| a.abs_diff(b)).max().unwrap()
        });
        assert!(worst.max().unwrap() <= 1);
    }

    #[test]
    fn a_hole_without_surroundings_is_left_as_the_model_filled_it() {
        let image = RgbImage::new(24, 24);
        let mask = square(24, 0, 24);
        let mut filling = RgbImage::from_pixel(24, 24, [9, 200, 77].into());
        let before = filling.clone();
        meet(&mut filling, &image, &mask, &widened(&mask));
        assert_eq!(filling, before);
    }
}

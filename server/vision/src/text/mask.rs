//! The mask of the text of an image.

use std::sync::{Mutex, PoisonError};

use iopaint_imaging::{Mask, Rect, RgbImage};

use super::geometry::{RotatedRect, for_each_row};
use super::strokes::stroke_mask;
use super::{TextOptions, TextRegion};
use crate::parallel::{available_threads, for_each_band};

/// Returns the mask of the letters in `regions`, with their outline and shadow, in the image's size.
///
/// Background between strokes isn't part of it, unless the strokes don't stand out. `options.growth_px`
/// dilates the mask, and `options.region` clips it.
#[must_use]
pub fn text_mask(image: &RgbImage, regions: &[TextRegion], options: &TextOptions) -> Mask {
    let (width, height) = image.dimensions();
    let mut rects: Vec<RotatedRect> = regions
        .iter()
        .filter_map(|region| RotatedRect::around(&region.polygon))
        .collect();
    let mut occupied = Mask::empty(width, height);
    for rect in &rects {
        for_each_row(
            &rect.corners(),
            (width as usize, height as usize),
            |row, columns| {
                occupied.fill_row(row, columns);
            },
        );
    }
    let text = Mutex::new(Mask::empty(width, height));
    for_each_band(available_threads(), &mut rects, 1, |_, rects| {
        for rect in rects {
            if let Some((at, strokes)) = stroke_mask(image, rect, &occupied, options.growth_px) {
                add(
                    &mut text.lock().unwrap_or_else(PoisonError::into_inner),
                    at,
                    &strokes,
                );
            }
        }
    });
    let text = text.into_inner().unwrap_or_else(PoisonError::into_inner);
    match options.region {
        Some(region) => clipped(&text, region),
        None => text,
    }
}

/// Adds the hole of `part`, which lies at `at`, to `mask`.
fn add(mask: &mut Mask, at: Rect, part: &Mask) {
    for (row, values) in part.values().chunks_exact(at.width.max(1) as usize).enumerate() {
        let mut x = at.x as usize;
        for run in values.chunk_by(|a, b| a == b) {
            if run.first() == Some(&255) {
                mask.fill_row(at.y as usize + row, x..x + run.len());
            }
            x += run.len();
        }
    }
}

/// Returns the part of the hole in `region`.
fn clipped(mask: &Mask, region: Rect) -> Mask {
    let columns = region.x..region.x.saturating_add(region.width);
    let rows = region.y..region.y.saturating_add(region.height);
    Mask::from_fn(mask.width(), mask.height(), |x, y| {
        columns.contains(&x) && rows.contains(&y) && mask.is_hole(x, y)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn region(polygon: [(f32, f32); 4]) -> TextRegion {
        TextRegion { polygon, score: 0.9 }
    }

    #[test]
    fn no_regions_give_an_empty_mask() {
        let image = RgbImage::new(7, 5);
        assert_eq!(text_mask(&image, &[], &TextOptions::default()), Mask::empty(7, 5));
    }

    #[test]
    fn region_of_interest_clips() {
        let image = RgbImage::new(60, 40);
        let regions = [region([(10.0, 10.0), (49.0, 10.0), (49.0, 29.0), (10.0, 29.0)])];
        let interest = Rect {
            x: 20,
            y: 0,
            width: 10,
            height: 40,
        };
        let options = TextOptions {
            region: Some(interest),
            ..TextOptions::default()
        };
        let mask = text_mask(&image, &regions, &options);
        let bounds = mask.bounding_box().unwrap();
        assert_eq!((bounds.x, bounds.width), (20, 10));
    }

    proptest! {
        #[test]
        fn any_polygon_gives_a_mask_of_the_images_size(
            size in (1_u32..40, 1_u32..40),
            corners in prop::collection::vec((-60.0_f32..90.0, -60.0_f32..90.0), 4),
            scale in prop::sample::select(vec![1.0_f32, 1e9, 1e38, f32::NAN]),
            growth_px: u8,
        ) {
            let image = RgbImage::from_fn(size.0, size.1, |x, y| [(x * 37 + y * 91) as u8; 3].into());
            let polygon = std::array::from_fn(|at| (corners[at].0 * scale, corners[at].1 * scale));
            let options = TextOptions { growth_px, ..TextOptions::default() };
            let mask = text_mask(&image, &[region(polygon)], &options);
            prop_assert_eq!(mask.dimensions(), size);
        }
    }
}

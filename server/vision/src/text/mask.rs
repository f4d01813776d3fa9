//! The mask of the text of an image.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use iopaint_imaging::{Mask, Rect, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use super::geometry::{RotatedRect, for_each_row};
use super::segment::{BATCH, Segmentation, run_all};
use super::{TextOptions, TextRegion};
use crate::Network;
use crate::parallel::{available_threads, for_each_band};

/// Returns the mask of the letters in `regions`, with their outline and shadow, in the image's size.
///
/// `strokes` takes `[1, 4, 128, W]`, RGB and the region from -1 to 1, with W a multiple of 16, and returns
/// stroke probabilities `[1, 1, 128, W]`. Background between strokes isn't part of the mask, except in small
/// text. `options.growth_px` dilates the mask, and `options.region` clips it. `monitor` is called before each
/// batch of regions.
///
/// # Errors
/// [`ForwardError`] if the network fails or returns another shape, or if `monitor` stops the run.
pub fn text_mask(
    strokes: &mut dyn Network,
    image: &RgbImage,
    regions: &[TextRegion],
    options: &TextOptions,
    monitor: &dyn Monitor,
) -> Result<Mask, ForwardError> {
    let rects = regions
        .iter()
        .filter_map(|region| RotatedRect::around(&region.polygon));
    mask_of(
        strokes,
        image,
        rects.map(Segmentation::new).collect(),
        options,
        monitor,
    )
}

/// Returns the mask of the letters in regions, as [`text_mask`] does. The network runs only in regions
/// in which it hasn't run yet.
pub(super) fn mask_of(
    strokes: &mut dyn Network,
    image: &RgbImage,
    mut jobs: Vec<Segmentation>,
    options: &TextOptions,
    monitor: &dyn Monitor,
) -> Result<Mask, ForwardError> {
    let (width, height) = image.dimensions();
    // Regions of a batch take about the same time then, so that threads end together.
    jobs.sort_by(|a, b| b.text().area().total_cmp(&a.text().area()));
    let occupied = covered(jobs.iter().map(Segmentation::text), (width, height));
    let batches = jobs.len().div_ceil(BATCH);
    let text = Mutex::new(Mask::empty(width, height));
    for (done, batch) in jobs.chunks_mut(BATCH).enumerate() {
        if let ControlFlow::Break(stop) = monitor.step(done, batches) {
            return Err(stop.into());
        }
        run_all(strokes, image, &mut batch.iter_mut().collect::<Vec<_>>())?;
        for_each_band(available_threads(), batch, 1, |_, jobs| {
            for job in jobs {
                if let Some((at, part)) = job.take_mask(image, &occupied, options.growth_px) {
                    add(
                        &mut text.lock().unwrap_or_else(PoisonError::into_inner),
                        at,
                        &part,
                    );
                }
            }
        });
    }
    let text = text.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(match options.region {
        Some(region) => clipped(&text, region),
        None => text,
    })
}

/// Returns the mask of all regions.
fn covered<'a>(rects: impl Iterator<Item = &'a RotatedRect>, (width, height): (u32, u32)) -> Mask {
    let mut mask = Mask::empty(width, height);
    for rect in rects {
        for_each_row(
            &rect.corners(),
            (width as usize, height as usize),
            |row, columns| {
                mask.fill_row(row, columns);
            },
        );
    }
    mask
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
    use iopaint_inpaint::{Stop, Unmonitored};
    use proptest::prelude::*;

    use super::*;
    use crate::Tensor;

    /// Returns 1 where the input is brighter than middle grey, and counts its runs.
    #[derive(Default)]
    struct Bright(usize);

    impl Network for Bright {
        fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
            self.0 += 1;
            let (shape, values) = input.into_parts();
            let plane = shape[2] * shape[3];
            let map = values[..plane]
                .iter()
                .map(|value| f32::from(u8::from(*value > 0.0)));
            Ok(vec![
                Tensor::new(vec![1, 1, shape[2], shape[3]], map.collect()).unwrap(),
            ])
        }
    }

    fn region(polygon: [(f32, f32); 4]) -> TextRegion {
        TextRegion { polygon, score: 0.9 }
    }

    fn upright(left: f32, top: f32, right: f32, bottom: f32) -> TextRegion {
        region([(left, top), (right, top), (right, bottom), (left, bottom)])
    }

    fn mask(image: &RgbImage, regions: &[TextRegion], options: &TextOptions) -> Mask {
        text_mask(&mut Bright::default(), image, regions, options, &Unmonitored).unwrap()
    }

    /// A bright bar from (40, 30) to (80, 40), and a bright block far from the region.
    fn bar() -> RgbImage {
        RgbImage::from_fn(200, 100, |x, y| {
            let inside = (40..80).contains(&x) && (30..40).contains(&y) || x >= 180;
            [if inside { 250 } else { 20 }; 3].into()
        })
    }

    /// Returns true if the hole is the bar, grown by `growth` pixels.
    fn is_bar(mask: &Mask, growth: u32) -> bool {
        let inside = |x: u32, y: u32, growth: u32| {
            (40 - growth..80 + growth).contains(&x) && (30 - growth..40 + growth).contains(&y)
        };
        let pixels = (0..100).flat_map(|y| (0..200).map(move |x| (x, y)));
        pixels.into_iter().all(|(x, y)| {
            let is_hole = mask.is_hole(x, y);
            // The corners of a disc and the interpolation differ by a pixel.
            (is_hole || !inside(x, y, growth.saturating_sub(1))) && (!is_hole || inside(x, y, growth + 1))
        })
    }

    #[test]
    fn strokes_are_masked() {
        let mask = mask(
            &bar(),
            &[upright(20.0, 15.0, 120.0, 55.0)],
            &TextOptions::default(),
        );
        assert!(is_bar(&mask, 0));
    }

    #[test]
    fn rotated_regions_mask_the_same_strokes() {
        let turned = region([(10.0, 40.0), (90.0, 10.0), (105.0, 50.0), (25.0, 80.0)]);
        let mask = mask(&bar(), &[turned], &TextOptions::default());
        assert!((41..79).all(|x| (31..39).all(|y| mask.is_hole(x, y))));
        assert!(!mask.is_hole(60, 25) && !mask.is_hole(60, 45) && !mask.is_hole(190, 35));
    }

    #[test]
    fn small_text_is_masked_whole() {
        let mut network = Bright::default();
        let regions = [upright(20.0, 20.0, 120.0, 40.0)];
        let options = TextOptions::default();
        let mask = text_mask(&mut network, &bar(), &regions, &options, &Unmonitored).unwrap();
        assert!(mask.is_hole(20, 22) && mask.is_hole(118, 38) && !mask.is_hole(60, 45));
        assert_eq!(network.0, 0);
    }

    #[test]
    fn growth_dilates() {
        let regions = [upright(20.0, 15.0, 120.0, 55.0)];
        let options = TextOptions {
            growth_px: 3,
            ..TextOptions::default()
        };
        assert!(is_bar(&mask(&bar(), &regions, &options), 3));
    }

    #[test]
    fn no_regions_give_an_empty_mask() {
        let image = RgbImage::new(7, 5);
        assert_eq!(mask(&image, &[], &TextOptions::default()), Mask::empty(7, 5));
    }

    #[test]
    fn region_of_interest_clips() {
        let interest = Rect {
            x: 50,
            y: 0,
            width: 10,
            height: 100,
        };
        let options = TextOptions {
            region: Some(interest),
            ..TextOptions::default()
        };
        let mask = mask(&bar(), &[upright(20.0, 15.0, 120.0, 55.0)], &options);
        let bounds = mask.bounding_box().unwrap();
        assert_eq!((bounds.x, bounds.width), (50, 10));
    }

    #[test]
    fn other_output_shapes_are_errors() {
        struct Wrong;
        impl Network for Wrong {
            fn forward(&mut self, _: Tensor) -> Result<Vec<Tensor>, ForwardError> {
                Ok(vec![])
            }
        }
        let regions = [upright(20.0, 15.0, 120.0, 55.0)];
        let result = text_mask(
            &mut Wrong,
            &bar(),
            &regions,
            &TextOptions::default(),
            &Unmonitored,
        );
        assert!(matches!(result, Err(ForwardError::Failed(_))));
    }

    #[test]
    fn stops_before_a_batch() {
        struct Stopping;
        impl Monitor for Stopping {
            fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
                ControlFlow::Continue(())
            }
            fn step(&self, _: usize, _: usize) -> ControlFlow<Stop> {
                ControlFlow::Break(Stop::Cancelled)
            }
        }
        let mut network = Bright::default();
        let regions = [upright(20.0, 15.0, 120.0, 55.0)];
        let result = text_mask(&mut network, &bar(), &regions, &TextOptions::default(), &Stopping);
        assert_eq!(result, Err(ForwardError::Stopped(Stop::Cancelled)));
        assert_eq!(network.0, 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
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
            let mask = mask(&image, &[region(polygon)], &options);
            prop_assert_eq!(mask.dimensions(), size);
        }
    }
}

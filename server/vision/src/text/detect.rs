//! Detection of text regions by a network.

use std::ops::ControlFlow;

use iopaint_imaging::{Rect, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use super::geometry::RotatedRect;
use super::input::{input_size, input_values};
use super::regions::ProbabilityMap;
use super::{TextOptions, TextRegion};
use crate::{Network, Tensor};

/// Pixels of the network's input. Larger images are reduced.
const MAX_INPUT_PIXELS: f64 = 1_500_000.0;
/// Largest magnification of small images: letters of 10 pixels are found more often at twice their size.
const MAX_SCALE: f64 = 2.0;
/// Reduction of the second pass. The network misses letters of more than about 120 pixels of its input.
const COARSER: f64 = 2.0;
/// Shorter side of the second pass's input from which it runs, in pixels: smaller images have no letters that
/// the first pass misses.
const MIN_COARSE_SIDE: f64 = 256.0;
/// Smallest height of the second pass's regions, in pixels of its input.
const MIN_COARSE_HEIGHT: f64 = 32.0;
/// Fraction of a region from which the first pass's regions cover it.
const KNOWN: f32 = 0.5;
/// Pixels around the region of interest that the network sees too, so that letters at its border are whole.
const CONTEXT_PX: u32 = 32;

/// Returns the regions of text in `image`, or those whose centre lies in `options.region`: in raster order of
/// their first pixels, then the large ones that only the second pass found.
///
/// `network` takes `[1, 3, H, W]`, with sides that are multiples of 32, and returns text probabilities of
/// shape `[1, 1, H, W]`. The image runs in one forward pass of at most 1.5 megapixels, and, if it is large
/// enough, a second one of a quarter of that; `monitor` is called before and after each.
///
/// # Errors
/// [`ForwardError`] if the network fails or returns another shape, or if `monitor` stops the run.
pub fn detect_text(
    network: &mut dyn Network,
    image: &RgbImage,
    options: &TextOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<TextRegion>, ForwardError> {
    let Some((interest, crop)) = areas(image, options.region) else {
        return Ok(Vec::new());
    };
    let pixels = f64::from(crop.width) * f64::from(crop.height);
    let scale = (MAX_INPUT_PIXELS / pixels).sqrt().min(MAX_SCALE);
    let coarse = scale / COARSER;
    let has_large = f64::from(crop.width.min(crop.height)) * coarse >= MIN_COARSE_SIDE;
    let passes = 1 + usize::from(has_large);
    report(monitor, 0, passes)?;
    let mut found = regions_at(network, image, crop, scale, options.min_score)?;
    report(monitor, 1, passes)?;
    if has_large {
        let large = regions_at(network, image, crop, coarse, options.min_score)?;
        report(monitor, 2, passes)?;
        let known: Vec<RotatedRect> = found.iter().filter_map(rect_of).collect();
        let is_new = |region: &TextRegion| {
            rect_of(region).is_some_and(|rect| {
                f64::from(rect.short_side()) * coarse >= MIN_COARSE_HEIGHT && rect.covered_by(&known) < KNOWN
            })
        };
        found.extend(large.into_iter().filter(is_new));
    }
    Ok(found
        .into_iter()
        .filter(|region| centre_is_in(&interest, region))
        .collect())
}

fn rect_of(region: &TextRegion) -> Option<RotatedRect> {
    RotatedRect::around(&region.polygon)
}

/// Returns the regions that the network finds in a crop of the image, resampled by `scale`.
fn regions_at(
    network: &mut dyn Network,
    image: &RgbImage,
    crop: Rect,
    scale: f64,
    min_score: f32,
) -> Result<Vec<TextRegion>, ForwardError> {
    let (width, height) = input_size(crop.size(), scale);
    let shape = vec![1, 3, height as usize, width as usize];
    let input = Tensor::new(shape, input_values(image, crop, (width, height)))
        .map_err(|error| ForwardError::Failed(error.to_string()))?;
    let output = network.forward(input)?;
    let expected = [1, 1, height as usize, width as usize];
    let map = match output.first() {
        Some(map) if map.shape() == expected => ProbabilityMap {
            width: width as usize,
            height: height as usize,
            values: map.values(),
        },
        other => {
            let shape = other.map(Tensor::shape);
            let message = format!("the text detector returned the shape {shape:?} instead of {expected:?}");
            return Err(ForwardError::Failed(message));
        }
    };
    let scale = (
        crop.width as f32 / width as f32,
        crop.height as f32 / height as f32,
    );
    let to_image = |(x, y): (f32, f32)| {
        // Pixel centres of the map to pixel centres of the image.
        (
            (x + 0.5) * scale.0 - 0.5 + crop.x as f32,
            (y + 0.5) * scale.1 - 0.5 + crop.y as f32,
        )
    };
    let regions = map.regions(min_score).into_iter();
    let regions = regions.map(|(rect, score)| TextRegion {
        polygon: rect.corners().map(to_image),
        score,
    });
    Ok(regions.collect())
}

/// Returns the region of interest within the image, and the part of the image that the network sees; `None`
/// if the region is empty.
fn areas(image: &RgbImage, region: Option<Rect>) -> Option<(Rect, Rect)> {
    let (width, height) = image.dimensions();
    if width == 0 || height == 0 {
        return None;
    }
    let whole = Rect::whole((width, height));
    let Some(region) = region else {
        return Some((whole, whole));
    };
    let clamped = Rect {
        width: region.width.min(width.saturating_sub(region.x)),
        height: region.height.min(height.saturating_sub(region.y)),
        ..region
    };
    let interest = clamped.intersection(&whole)?;
    Some((interest, interest.grown(CONTEXT_PX, (width, height))))
}

fn centre_is_in(interest: &Rect, region: &TextRegion) -> bool {
    let centre = |axis: fn(&(f32, f32)) -> f32| region.polygon.iter().map(axis).sum::<f32>() / 4.0;
    let inside = |at: f32, start: u32, length: u32| {
        at >= start as f32 - 0.5 && at < start as f32 + length as f32 - 0.5
    };
    inside(centre(|point| point.0), interest.x, interest.width)
        && inside(centre(|point| point.1), interest.y, interest.height)
}

/// Reports finished forward passes.
fn report(monitor: &dyn Monitor, done: usize, passes: usize) -> Result<(), ForwardError> {
    match monitor.step(done, passes) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(stop) => Err(stop.into()),
    }
}

#[cfg(test)]
mod tests {
    use iopaint_inpaint::{Stop, Unmonitored};
    use proptest::prelude::*;

    use super::*;

    /// Returns 1 where the input's blue channel is above 0, and records the inputs' sizes.
    #[derive(Default)]
    struct Thresholding {
        pixels: Vec<usize>,
    }

    impl Network for Thresholding {
        fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
            let (shape, values) = input.into_parts();
            let plane = shape[2] * shape[3];
            let map = values[..plane]
                .iter()
                .map(|value| if *value > 0.0 { 1.0 } else { 0.0 });
            let output = Tensor::new(vec![1, 1, shape[2], shape[3]], map.collect()).unwrap();
            self.pixels.push(plane);
            Ok(vec![output])
        }
    }

    struct Stopping(usize);

    impl Monitor for Stopping {
        fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
            ControlFlow::Continue(())
        }

        fn step(&self, done: usize, _: usize) -> ControlFlow<Stop> {
            if done == self.0 {
                ControlFlow::Break(Stop::Cancelled)
            } else {
                ControlFlow::Continue(())
            }
        }
    }

    /// Bars of 60 x 12 pixels with their upper left corners at `corners`.
    fn bars(size: (u32, u32), corners: &[(u32, u32)]) -> RgbImage {
        RgbImage::from_fn(size.0, size.1, |x, y| {
            let inside = corners
                .iter()
                .any(|(left, top)| (*left..left + 60).contains(&x) && (*top..top + 12).contains(&y));
            if inside {
                [0, 0, 255].into()
            } else {
                [255, 0, 0].into()
            }
        })
    }

    fn detect(image: &RgbImage, options: &TextOptions) -> Vec<TextRegion> {
        detect_text(&mut Thresholding::default(), image, options, &Unmonitored).unwrap()
    }

    #[test]
    fn regions_are_in_pixels_of_the_image() {
        let regions = detect(&bars((320, 160), &[(100, 50)]), &TextOptions::default());
        // Sides of the map's shrunk region: 120 x 24 pixel centres; an offset of 2880 x 1.6 / 288, halved.
        let offset = 8.0;
        let expected = [
            (100.0 - offset, 50.0 - offset),
            (160.0 + offset, 50.0 - offset),
            (160.0 + offset, 62.0 + offset),
            (100.0 - offset, 62.0 + offset),
        ];
        assert_eq!(regions.len(), 1);
        for (found, expected) in regions[0].polygon.iter().zip(expected) {
            let (dx, dy) = (found.0 - expected.0, found.1 - expected.1);
            assert!(dx.abs() <= 1.0 && dy.abs() <= 1.0, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn region_of_interest_selects_by_centre() {
        let image = bars((400, 300), &[(20, 20), (220, 200)]);
        let region = Some(Rect {
            x: 200,
            y: 150,
            width: 200,
            height: 150,
        });
        let options = TextOptions {
            region,
            ..TextOptions::default()
        };
        let regions = detect(&image, &options);
        assert_eq!(
            (regions.len(), detect(&image, &TextOptions::default()).len()),
            (1, 2)
        );
        assert!(regions[0].polygon[0].0 > 200.0);
        let outside = Some(Rect {
            x: 500,
            y: u32::MAX,
            width: u32::MAX,
            height: 9,
        });
        assert!(
            detect(
                &image,
                &TextOptions {
                    region: outside,
                    ..options
                }
            )
            .is_empty()
        );
    }

    #[test]
    fn large_images_are_reduced() {
        let mut network = Thresholding::default();
        let image = RgbImage::new(4000, 3000);
        detect_text(&mut network, &image, &TextOptions::default(), &Unmonitored).unwrap();
        assert_eq!(network.pixels.len(), 2);
        assert!(network.pixels[0] as f64 <= 1.05 * MAX_INPUT_PIXELS);
        assert!(network.pixels[1] as f64 <= 1.05 * MAX_INPUT_PIXELS / (COARSER * COARSER));
    }

    #[test]
    fn images_without_text_give_nothing() {
        for size in [(0, 0), (1, 1), (1, 900), (64, 64)] {
            assert!(detect(&RgbImage::new(size.0, size.1), &TextOptions::default()).is_empty());
        }
    }

    #[test]
    fn stops_before_and_after_the_pass() {
        for done in 0..2 {
            let mut network = Thresholding::default();
            let image = bars((320, 160), &[(100, 50)]);
            let result = detect_text(&mut network, &image, &TextOptions::default(), &Stopping(done));
            assert_eq!(result, Err(ForwardError::Stopped(Stop::Cancelled)));
            assert_eq!(network.pixels.is_empty(), done == 0);
        }
    }

    #[test]
    fn other_output_shapes_are_errors() {
        struct Wrong;
        impl Network for Wrong {
            fn forward(&mut self, _: Tensor) -> Result<Vec<Tensor>, ForwardError> {
                Ok(vec![])
            }
        }
        let result = detect_text(
            &mut Wrong,
            &RgbImage::new(9, 9),
            &TextOptions::default(),
            &Unmonitored,
        );
        assert!(matches!(result, Err(ForwardError::Failed(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn scores_are_at_least_the_minimum(seed in prop::collection::vec(any::<u8>(), 48), min_score in 0.0_f32..1.0) {
            let image = RgbImage::from_fn(48, 32, |x, y| {
                [seed[(x as usize / 4 + 12 * (y as usize / 8)) % 48]; 3].into()
            });
            let options = TextOptions { min_score, ..TextOptions::default() };
            for region in detect(&image, &options) {
                prop_assert!(region.score >= min_score && region.score <= 1.0);
            }
        }
    }
}

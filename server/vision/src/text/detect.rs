//! Detection of text regions by a network.

use std::ops::ControlFlow;

use iopaint_imaging::{Rect, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use super::evidence::{Verdict, continues};
use super::geometry::RotatedRect;
use super::input::{input_size, input_values};
use super::regions::ProbabilityMap;
use super::segment::Segmentation;
use super::{TextOptions, TextRegion};
use crate::{Network, Tensor};

/// Pixels of the network's input. Larger images are reduced.
const MAX_INPUT_PIXELS: f64 = 1_500_000.0;
/// Largest magnification of small images: letters of 10 pixels are found more often at twice their size.
const MAX_SCALE: f64 = 2.0;
/// Reductions of the coarse passes. The network misses letters of more than about 120 pixels of its input.
const COARSE: [f64; 2] = [2.0, 4.0];
/// Shorter side of a coarse pass's input from which it runs, in pixels: smaller images have no letters that
/// the finer passes miss.
const MIN_COARSE_SIDE: f64 = 192.0;
/// Smallest height of a coarse pass's regions, in pixels of its input.
const MIN_COARSE_HEIGHT: f32 = 32.0;
/// Height in pixels of the input from which a region counts only with evidence of letters: objects that the
/// network takes for letters are larger.
const MIN_DOUBTFUL_HEIGHT: f32 = 64.0;
/// Fraction of a region from which the finer passes' regions cover it. A larger region is often the whole
/// line of which they found parts.
const KNOWN: f32 = 0.9;
/// Ratio of the heights of a region and of lines of text in it from which it is an object with text on it, or
/// several lines.
const MUCH_LOWER: f32 = 3.0;
/// Such lines that a region may contain: parts of its letters.
const MAX_LINES: usize = 1;
/// Pixels around the region of interest that the network sees too, so that letters at its border are whole.
const CONTEXT_PX: u32 = 32;

/// A region with the segmentation of its strokes.
pub(super) struct Found {
    pub(super) region: TextRegion,
    pub(super) segmentation: Segmentation,
}

/// Returns the regions of text in `image`, or those whose centre lies in `options.region`: in raster order of
/// their first pixels, then the large ones that only the coarser passes found, then nearly square parts of
/// lines.
///
/// `network` takes `[1, 3, H, W]`, with sides that are multiples of 32, and returns text probabilities of
/// shape `[1, 1, H, W]`. The image runs in one forward pass of at most 1.5 megapixels. If it is large
/// enough, and `network` has a stroke network, passes at half and a quarter of that resolution follow, and
/// large regions count only if the stroke network finds letters in them. `monitor` is called before and after
/// each pass.
///
/// # Errors
/// [`ForwardError`] if the network fails or returns another shape, or if `monitor` stops the run.
pub fn detect_text(
    network: &mut dyn Network,
    image: &RgbImage,
    options: &TextOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<TextRegion>, ForwardError> {
    let found = detect(network, image, options, monitor)?;
    Ok(found.into_iter().map(|found| found.region).collect())
}

/// Returns the regions of [`detect_text`]. The stroke network has run in those that needed evidence.
pub(super) fn detect(
    network: &mut dyn Network,
    image: &RgbImage,
    options: &TextOptions,
    monitor: &dyn Monitor,
) -> Result<Vec<Found>, ForwardError> {
    let Some((interest, crop)) = areas(image, options.region) else {
        return Ok(Vec::new());
    };
    let pixels = f64::from(crop.width) * f64::from(crop.height);
    let scale = (MAX_INPUT_PIXELS / pixels).sqrt().min(MAX_SCALE);
    let shorter = f64::from(crop.width.min(crop.height));
    let mut scales = vec![scale];
    if network.strokes().is_some() {
        let coarse = COARSE.iter().map(|reduction| scale / reduction);
        scales.extend(coarse.filter(|scale| shorter * scale >= MIN_COARSE_SIDE));
    }
    report(monitor, 0, scales.len())?;
    let (mut found, mut doubtful) = (Vec::new(), Vec::new());
    for (pass, scale) in scales.iter().enumerate() {
        let known = rectangles(&found);
        for region in regions_at(network, image, crop, *scale, options.min_score)? {
            let Some(rect) = RotatedRect::around(&region.polygon) else {
                continue;
            };
            let height = rect.short_side() * *scale as f32;
            let is_new = pass == 0
                || (height >= MIN_COARSE_HEIGHT
                    && rect.covered_by(&known) < KNOWN
                    && lines_in(&rect, &known) <= MAX_LINES);
            if !is_new || !centre_is_in(&interest, &region) {
                continue;
            }
            let mut segmentation = Segmentation::new(rect);
            let needs_evidence = pass > 0 || height >= MIN_DOUBTFUL_HEIGHT;
            let verdict = if needs_evidence {
                verdict(network, image, &mut segmentation)?
            } else {
                Verdict::Text
            };
            match verdict {
                Verdict::Text => found.push(Found { region, segmentation }),
                Verdict::PartOfLine => doubtful.push(Found { region, segmentation }),
                Verdict::Object => {}
            }
        }
        report(monitor, pass + 1, scales.len())?;
    }
    add_parts_of_lines(&mut found, doubtful);
    Ok(found)
}

fn rectangles(found: &[Found]) -> Vec<RotatedRect> {
    found.iter().map(|found| *found.segmentation.text()).collect()
}

/// Appends those of `doubtful` to `found` that continue one of its lines.
fn add_parts_of_lines(found: &mut Vec<Found>, doubtful: Vec<Found>) {
    for part in doubtful {
        let (rect, known) = (part.segmentation.text(), rectangles(found));
        if rect.covered_by(&known) < KNOWN && known.iter().any(|line| continues(line, rect)) {
            found.push(part);
        }
    }
}

/// Returns the number of regions in `rect`, by their centres, that are much lower.
fn lines_in(rect: &RotatedRect, known: &[RotatedRect]) -> usize {
    let is_line = |line: &&RotatedRect| {
        line.short_side() * MUCH_LOWER < rect.short_side() && rect.contains(line.centre())
    };
    known.iter().filter(is_line).count()
}

/// Returns the verdict of the stroke network on a region; text without such a network.
fn verdict(
    network: &mut dyn Network,
    image: &RgbImage,
    segmentation: &mut Segmentation,
) -> Result<Verdict, ForwardError> {
    let Some(strokes) = network.strokes() else {
        return Ok(Verdict::Text);
    };
    segmentation.sample(image);
    segmentation.run(strokes)?;
    Ok(segmentation.verdict(image.dimensions()))
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

    /// A detector with a stroke network that returns `probability` in every second block of 8 columns, and
    /// counts its runs.
    struct WithStrokes {
        detector: Thresholding,
        probability: f32,
        runs: usize,
    }

    impl WithStrokes {
        fn new(probability: f32) -> Self {
            Self {
                detector: Thresholding::default(),
                probability,
                runs: 0,
            }
        }
    }

    impl Network for WithStrokes {
        fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
            if input.shape()[1] == 3 {
                return self.detector.forward(input);
            }
            self.runs += 1;
            let (rows, columns) = (input.shape()[2], input.shape()[3]);
            let values = (0..rows * columns).map(|at| {
                let is_stroke = at % columns / 8 % 2 == 0 && (30..82).contains(&(at / columns));
                if is_stroke { self.probability } else { 0.0 }
            });
            Ok(vec![
                Tensor::new(vec![1, 1, rows, columns], values.collect()).unwrap(),
            ])
        }

        fn strokes(&mut self) -> Option<&mut dyn Network> {
            Some(self)
        }
    }

    #[test]
    fn large_images_are_reduced() {
        let image = RgbImage::new(4000, 3000);
        let mut network = WithStrokes::new(1.0);
        detect_text(&mut network, &image, &TextOptions::default(), &Unmonitored).unwrap();
        let pixels = &network.detector.pixels;
        assert_eq!(pixels.len(), 3);
        for (pixels, reduction) in pixels.iter().zip([1.0, 2.0, 4.0]) {
            assert!(*pixels as f64 * reduction * reduction <= 1.05 * MAX_INPUT_PIXELS);
        }
    }

    #[test]
    fn coarse_passes_need_a_stroke_network() {
        let mut network = Thresholding::default();
        let image = RgbImage::new(4000, 3000);
        detect_text(&mut network, &image, &TextOptions::default(), &Unmonitored).unwrap();
        assert_eq!(network.pixels.len(), 1);
    }

    /// Returns the number of regions, and of runs of the stroke network, for a bar of 4:1.
    fn bar_of(height: u32, probability: f32) -> (usize, usize) {
        let image = RgbImage::from_fn(1200, 900, |x, y| {
            let inside = (200..200 + 4 * height).contains(&x) && (300..300 + height).contains(&y);
            if inside {
                [0, 0, 255].into()
            } else {
                [255, 0, 0].into()
            }
        });
        let mut network = WithStrokes::new(probability);
        let regions = detect_text(&mut network, &image, &TextOptions::default(), &Unmonitored).unwrap();
        (regions.len(), network.runs)
    }

    #[test]
    fn large_regions_need_evidence() {
        assert_eq!(bar_of(150, 1.0).0, 1);
        assert_eq!(bar_of(150, 0.5).0, 0);
    }

    /// Returns the number of regions for a bar of 4:1 and a square of the same height, `gap` pixels apart,
    /// with strokes that are too uncertain for squares.
    fn square_beside_bar(gap: u32) -> usize {
        let image = RgbImage::from_fn(1400, 900, |x, y| {
            let is_part = (100..250).contains(&x) || (250 + gap..850 + gap).contains(&x);
            let inside = is_part && (300..450).contains(&y);
            [if inside { 0 } else { 255 }, 0, if inside { 255 } else { 0 }].into()
        });
        let mut network = WithStrokes::new(0.7);
        detect_text(&mut network, &image, &TextOptions::default(), &Unmonitored)
            .unwrap()
            .len()
    }

    #[test]
    fn squares_count_beside_lines() {
        assert_eq!(square_beside_bar(150), 2);
        assert_eq!(square_beside_bar(450), 1);
    }

    #[test]
    fn objects_with_text_on_them_are_not_letters() {
        let rect = |left: f32, top: f32, width: f32, height: f32| {
            let (right, bottom) = (left + width, top + height);
            RotatedRect::around(&[(left, top), (right, top), (right, bottom), (left, bottom)]).unwrap()
        };
        let object = rect(0.0, 0.0, 900.0, 300.0);
        let lines = [rect(100.0, 40.0, 300.0, 50.0), rect(100.0, 140.0, 300.0, 50.0)];
        let letters = [rect(10.0, 10.0, 200.0, 280.0), rect(950.0, 40.0, 300.0, 50.0)];
        assert!(lines_in(&object, &lines) > MAX_LINES);
        assert!(lines_in(&object, &letters) <= MAX_LINES);
    }

    #[test]
    fn small_regions_need_no_evidence() {
        assert_eq!(bar_of(12, 0.5), (1, 0));
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

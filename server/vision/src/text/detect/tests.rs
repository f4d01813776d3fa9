use iopaint_imaging::Rect;
use iopaint_inpaint::{Stop, Unmonitored};
use proptest::prelude::*;

use super::*;
use crate::Tensor;
use crate::text::pass::MAX_INPUT_PIXELS;

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
        // Where the image has the letters' colour, which isn't red, or a little green for missed letters.
        let inputs = input.values();
        let values = (0..rows * columns).map(|at| {
            let is_letter = inputs[at] < 0.0 || inputs[rows * columns + at] > 0.0;
            let is_stroke = is_letter && at % columns / 8 % 2 == 0 && (30..82).contains(&(at / columns));
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

/// A detector that is unsure about a bar of `width` x 150 pixels, with a stroke network that returns
/// `probability`; returns the scores of the regions.
fn scores_of_unsure(width: u32, probability: f32, min_score: f32) -> Vec<f32> {
    struct Unsure(WithStrokes);
    impl Network for Unsure {
        fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
            let output = self.0.forward(input)?.remove(0);
            let (shape, values) = output.into_parts();
            let values = values.iter().map(|value| value * 0.45).collect();
            Ok(vec![Tensor::new(shape, values).unwrap()])
        }

        fn strokes(&mut self) -> Option<&mut dyn Network> {
            Some(&mut self.0)
        }
    }
    let image = RgbImage::from_fn(1200, 900, |x, y| {
        let inside = (200..200 + width).contains(&x) && (300..450).contains(&y);
        [if inside { 0 } else { 255 }, 0, if inside { 255 } else { 0 }].into()
    });
    let mut network = Unsure(WithStrokes::new(probability));
    let options = TextOptions {
        min_score,
        ..TextOptions::default()
    };
    let regions = detect_text(&mut network, &image, &options, &Unmonitored).unwrap();
    regions.iter().map(|region| region.score).collect()
}

#[test]
fn unsure_lines_need_certain_strokes() {
    let scores = scores_of_unsure(600, 0.8, 0.5);
    assert!(scores.len() == 1 && (scores[0] - 0.8).abs() < 0.01, "{scores:?}");
    assert!(scores_of_unsure(600, 0.7, 0.5).is_empty());
    assert!(scores_of_unsure(150, 0.9, 0.5).is_empty());
}

#[test]
fn certainty_is_at_least_the_minimum() {
    assert!(scores_of_unsure(600, 0.8, 0.85).is_empty());
    assert!((scores_of_unsure(600, 0.8, 0.4)[0] - 0.45).abs() < 0.05);
}

#[test]
fn lines_extend_over_missed_letters() {
    // The detector sees a part of 400 x 100 pixels of a line of 800.
    let image = RgbImage::from_fn(1200, 900, |x, y| match (x, (400..500).contains(&y)) {
        (200..600, true) => [0, 0, 255].into(),
        (600..1000, true) => [255, 255, 0].into(),
        _ => [255, 0, 0].into(),
    });
    let end = |probability: f32| {
        let mut network = WithStrokes::new(probability);
        let regions = detect_text(&mut network, &image, &TextOptions::default(), &Unmonitored).unwrap();
        assert_eq!(regions.len(), 1);
        regions[0]
            .polygon
            .iter()
            .map(|corner| corner.0)
            .fold(0.0, f32::max)
    };
    assert!((1000.0..1150.0).contains(&end(0.9)), "{}", end(0.9));
    assert!(end(0.65) < 700.0);
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

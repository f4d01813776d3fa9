//! Results of `models/export/make_face_goldens.py`, and networks without weights.

use std::ops::ControlFlow;
use std::path::PathBuf;

use iopaint_inpaint::{Stop, Unmonitored};

use super::alignment::apply;
use super::*;
use crate::Network;

/// Values per prior box.
const VALUES: usize = 16;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/faces")
        .join(name)
}

fn read_image(name: &str) -> RgbImage {
    image::open(path(name)).unwrap().to_rgb8()
}

/// Reads landmarks and matrices, one pair per line.
fn read_transforms(name: &str) -> Vec<(detection::Landmarks, Affine)> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let lines = text.lines().map(|line| {
        let values: Vec<f64> = line
            .split_whitespace()
            .map(|value| value.parse().unwrap())
            .collect();
        assert_eq!(values.len(), 16);
        let mut landmarks = [[0.0; 2]; 5];
        for (value, from) in landmarks.as_flattened_mut().iter_mut().zip(&values) {
            *value = *from as f32;
        }
        let row = |first: usize| [values[first], values[first + 1], values[first + 2]];
        (landmarks, [row(10), row(13)])
    });
    lines.collect()
}

#[test]
fn transforms_equal_opencvs() {
    for (name, count) in [("landmarks.txt", 24), ("faces.txt", 7)] {
        let transforms = read_transforms(name);
        assert_eq!(transforms.len(), count);
        for (landmarks, expected) in transforms {
            let found = similarity(&landmarks).unwrap();
            for point in landmarks {
                let point = point.map(f64::from);
                let [x, y] = apply(&found, point);
                let [u, v] = apply(&expected, point);
                assert!(
                    (x - u).hypot(y - v) < 0.02,
                    "{landmarks:?}: {found:?}, {expected:?}"
                );
            }
        }
    }
}

#[test]
fn coinciding_landmarks_have_no_transform() {
    assert_eq!(similarity(&[[5.0, 7.0]; 5]), None);
    assert_eq!(similarity(&[[f32::MAX, 1.0]; 5]), None);
    assert_eq!(inverse(&[[0.0; 3]; 2]), None);
}

#[test]
fn inverse_maps_back() {
    let matrix = [[2.0, -0.5, 10.0], [0.5, 2.0, -3.0]];
    let [x, y] = apply(&inverse(&matrix).unwrap(), apply(&matrix, [3.0, 4.0]));
    assert!((x - 3.0).abs() < 1e-12 && (y - 4.0).abs() < 1e-12);
}

/// The face whose images were written, which the left border cuts.
fn cut_face() -> Affine {
    read_transforms("faces.txt")[2].1
}

#[test]
fn aligned_face_equals_iopaints() {
    let face = warp(
        &read_image("image.png"),
        &inverse(&cut_face()).unwrap(),
        SIDE,
        BORDER,
    );
    let expected = read_image("crop.png");
    // Half a unit in the last place decides on 1/32 pixel.
    let different = face
        .pixels()
        .zip(expected.pixels())
        .filter(|(one, other)| one != other);
    assert!(different.count() <= 50);
    assert_eq!(face.get_pixel(0, 0).0, BORDER);
}

#[test]
fn mask_equals_iopaints() {
    let labels = read_image("labels.png");
    let plane = SIDE as usize * SIDE as usize;
    let mut logits = vec![0.0; CLASSES * plane];
    for (index, label) in labels.pixels().enumerate() {
        logits[usize::from(label.0[0]) * plane + index] = 1.0;
    }
    let expected = read_image("mask.png");
    for (value, expected) in soft_mask(&logits).iter().zip(expected.pixels()) {
        assert!((value * 255.0 - f32::from(expected.0[0])).abs() < 0.51);
    }
}

/// A network of a function.
struct Fake<F>(F);

impl<F: FnMut(Tensor) -> Vec<Tensor> + Send> Network for Fake<F> {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        Ok((self.0)(input))
    }
}

/// Offsets of a face that fills its prior box, and its probability.
fn face(score: f32) -> [f32; VALUES] {
    [
        0.0,
        0.0,
        0.0,
        0.0,
        1.0 - score,
        score,
        -2.0,
        -1.5,
        2.0,
        -1.5,
        0.0,
        0.5,
        -1.5,
        2.5,
        1.5,
        2.5,
    ]
}

/// Returns the detector's output for an image of `width` x `height` pixels; `score` returns the probability
/// of a prior box.
fn detections(width: usize, height: usize, score: impl Fn(usize) -> f32) -> Vec<Tensor> {
    let count: usize = [8, 16, 32]
        .iter()
        .map(|step| 2 * width.div_ceil(*step) * height.div_ceil(*step))
        .sum();
    let values = (0..count).flat_map(|index| face(score(index))).collect();
    vec![Tensor::new(vec![1, count, VALUES], values).unwrap()]
}

/// Restores the faces of a gray image with a restorer that returns white and a parser that returns skin.
fn restore_gray(
    (width, height): (u32, u32),
    score: impl Fn(usize) -> f32 + Send,
    max_pixels: u64,
    monitor: &dyn Monitor,
) -> Result<(usize, RgbImage), ForwardError> {
    let image = RgbImage::from_pixel(width, height, [100; 3].into());
    let mut canvas = image.clone();
    let side = SIDE as usize;
    let plane = side * side;
    let mut detector = Fake(move |input: Tensor| match *input.shape() {
        [1, 3, height, width] => detections(width, height, &score),
        _ => panic!("an image"),
    });
    let mut restorer = Fake(|input: Tensor| {
        assert_eq!(input.shape(), [1, 3, side, side]);
        vec![Tensor::new(vec![1, 3, side, side], vec![2.0; 3 * plane]).unwrap()]
    });
    let mut parser = Fake(|_| {
        let logits = (0..CLASSES * plane).map(|index| if index / plane == 1 { 1.0 } else { 0.0 });
        vec![Tensor::new(vec![1, CLASSES, side, side], logits.collect()).unwrap()]
    });
    let mut networks = FaceStages {
        detector: &mut detector,
        restorer: &mut restorer,
        parser: &mut parser,
    };
    let count = restore_faces(&mut networks, &image, &mut canvas, max_pixels, monitor)?;
    Ok((count, canvas))
}

/// Index of the prior box of 64 pixels in the middle of an image of 160 x 160 pixels.
const MIDDLE: usize = 2 * 20 * 20 + 2 * (5 * 10 + 5);

#[test]
fn face_is_replaced_and_surroundings_are_kept() {
    let score = |index| if index == MIDDLE { 0.98 } else { 0.5 };
    let (count, image) = restore_gray((160, 160), score, 1 << 20, &Unmonitored).unwrap();
    assert_eq!(count, 1);
    assert_eq!(image.get_pixel(88, 88).0, [255; 3]);
    assert_eq!(image.get_pixel(3, 3).0, [100; 3]);
    assert_eq!(image.get_pixel(159, 150).0, [100; 3]);
}

#[test]
fn image_without_faces_is_kept() {
    for (width, height) in [(160, 160), (1, 1), (7, 300)] {
        let (count, image) = restore_gray((width, height), |_| 0.97, 1 << 20, &Unmonitored).unwrap();
        assert_eq!(count, 0);
        assert!(image.pixels().all(|pixel| pixel.0 == [100; 3]));
    }
}

/// Returns the number of faces that are detected in an image of 160 x 160 pixels.
fn detected(score: impl Fn(usize) -> f32 + Send, landmark_scale: f32) -> usize {
    let mut detector = Fake(move |input: Tensor| {
        let outputs = detections(input.shape()[3], input.shape()[2], &score);
        let scaled = outputs.into_iter().map(|output| {
            let (shape, mut values) = output.into_parts();
            for values in values.chunks_mut(VALUES) {
                values[6..].iter_mut().for_each(|value| *value *= landmark_scale);
            }
            Tensor::new(shape, values).unwrap()
        });
        scaled.collect()
    });
    detection::detect(&mut detector, &RgbImage::new(160, 160), 1 << 20)
        .unwrap()
        .len()
}

#[test]
fn overlapping_faces_are_dropped() {
    // All boxes of 64 pixels, 16 pixels apart: neighbours overlap by 0.6, diagonal ones by 0.39.
    let boxes = 2 * 20 * 20..2 * 20 * 20 + 2 * 10 * 10;
    let score = move |index: usize| {
        let distance = index.abs_diff(MIDDLE) as f32;
        let is_box = boxes.contains(&index) && index.is_multiple_of(2);
        if is_box { 0.999 - distance * 1e-5 } else { 0.0 }
    };
    assert_eq!(detected(score, 1.0), 50);
}

#[test]
fn small_and_broken_faces_are_dropped() {
    // A box of 16 pixels: the eyes are 6.4 or 4.8 pixels apart.
    let score = |index| if index == 0 { 0.98 } else { 0.0 };
    assert_eq!(detected(score, 1.0), 1);
    assert_eq!(detected(score, 0.75), 0);
    assert_eq!(detected(score, f32::NAN), 0);
}

#[test]
fn large_images_are_reduced_for_detection() {
    let score = |index| if index == MIDDLE { 0.98 } else { 0.0 };
    let (count, image) = restore_gray((320, 320), score, 160 * 160, &Unmonitored).unwrap();
    assert_eq!(count, 1);
    assert_eq!(image.get_pixel(176, 176).0, [255; 3]);
    assert_eq!(image.get_pixel(20, 20).0, [100; 3]);
}

#[test]
fn run_stops_between_faces() {
    struct Stopping;
    impl Monitor for Stopping {
        fn crop(&self, done: usize, total: usize) -> ControlFlow<Stop> {
            assert_eq!(total, 1);
            if done == 1 {
                ControlFlow::Break(Stop::Cancelled)
            } else {
                ControlFlow::Continue(())
            }
        }
        fn step(&self, _: usize, _: usize) -> ControlFlow<Stop> {
            ControlFlow::Continue(())
        }
    }
    let score = |index| if index == MIDDLE { 0.98 } else { 0.0 };
    let result = restore_gray((160, 160), score, 1 << 20, &Stopping);
    assert!(matches!(result, Err(ForwardError::Stopped(Stop::Cancelled))));
}

#[test]
fn outputs_of_wrong_shape_are_errors() {
    for outputs in [0, 1, 2] {
        let mut detector = Fake(move |_| vec![Tensor::new(vec![1, 1], vec![0.0]).unwrap(); outputs]);
        let mut other = Fake(|input| vec![input]);
        let mut last = Fake(|input| vec![input]);
        let mut networks = FaceStages {
            detector: &mut detector,
            restorer: &mut other,
            parser: &mut last,
        };
        let image = RgbImage::new(8, 8);
        let result = restore_faces(&mut networks, &image, &mut image.clone(), 1 << 20, &Unmonitored);
        assert!(matches!(result, Err(ForwardError::Failed(_))));
    }
}

#[test]
fn canvas_of_another_size_is_an_error() {
    let mut detector = Fake(|_| panic!("runs after the check"));
    let (mut restorer, mut parser) = (Fake(|input| vec![input]), Fake(|input| vec![input]));
    let mut networks = FaceStages {
        detector: &mut detector,
        restorer: &mut restorer,
        parser: &mut parser,
    };
    let mut canvas = RgbImage::new(8, 7);
    let result = restore_faces(
        &mut networks,
        &RgbImage::new(8, 8),
        &mut canvas,
        1 << 20,
        &Unmonitored,
    );
    assert!(matches!(result, Err(ForwardError::Failed(_))));
}

#[test]
fn pasted_face_equals_iopaints() {
    let matrix = cut_face();
    let mask = read_image("mask.png");
    let mask: Vec<f32> = mask.pixels().map(|pixel| f32::from(pixel.0[0]) / 255.0).collect();
    let original = read_image("image.png");
    let mut image = original.clone();
    let face = read_image("restored.png");
    paste(&mut image, &face, &mask, &matrix, &inverse(&matrix).unwrap());
    let expected = read_image("result.png");
    let mut largest = 0;
    // No other face reaches these pixels.
    for (x, y) in (0..15).flat_map(|x| (95..125).map(move |y| (x, y))) {
        let pairs = image
            .get_pixel(x, y)
            .0
            .into_iter()
            .zip(expected.get_pixel(x, y).0);
        // The mask of the file has 8 bits, and IOPaint truncates colours.
        assert!(
            pairs.clone().all(|(one, other)| one.abs_diff(other) <= 2),
            "{x}, {y}: {pairs:?}"
        );
        largest = largest.max(original.get_pixel(x, y).0[0].abs_diff(image.get_pixel(x, y).0[0]));
    }
    assert!(largest > 20);
}

//! Detection of faces by RetinaFace (Deng et al. 2019, "RetinaFace: Single-stage Dense Face Localisation in
//! the Wild"): prior boxes, decoding and non-maximum suppression.

use iopaint_imaging::{RgbImage, bilinear};
use iopaint_inpaint::ForwardError;

use super::networks::single_output;
use crate::{Network, Tensor};

/// Five points of a face in pixels, x and y: the eyes, the nose and the corners of the mouth; left ones as
/// seen in the image first.
pub(super) type Landmarks = [[f32; 2]; 5];

/// Mean of the training images per channel, BGR, in 0..255.
const MEAN: [f32; 3] = [104.0, 117.0, 123.0];

/// Steps between the prior boxes of each pyramid level, and sides of the two boxes per position, in pixels.
const LEVELS: [(usize, [f32; 2]); 3] = [(8, [16.0, 32.0]), (16, [64.0, 128.0]), (32, [256.0, 512.0])];

/// Scale of the offsets of centres and landmarks, relative to the prior box.
const CENTRE_VARIANCE: f32 = 0.1;

/// Scale of the logarithms of sizes.
const SIZE_VARIANCE: f32 = 0.2;

/// Probability above which a box is a face, as in `IOPaint`.
const MIN_SCORE: f32 = 0.97;

/// Intersection over union above which the less probable of two boxes is dropped.
const MAX_OVERLAP: f32 = 0.4;

/// Smallest distance between the eyes in pixels, as in `IOPaint`.
const MIN_EYE_DISTANCE_PX: f32 = 5.0;

/// Values per prior box: box offsets, probabilities and landmark offsets.
const VALUES: usize = 16;

/// A detected face.
struct Candidate {
    /// Left, top, right and bottom in pixels.
    corners: [f32; 4],
    score: f32,
    landmarks: Landmarks,
}

/// Returns the landmarks of the faces in `image`, the most probable face first. An image of more than
/// `max_pixels` pixels is reduced first.
pub(super) fn detect(
    network: &mut dyn Network,
    image: &RgbImage,
    max_pixels: u64,
) -> Result<Vec<Landmarks>, ForwardError> {
    let (width, height) = image.dimensions();
    let ratio = (max_pixels as f64 / (f64::from(width) * f64::from(height))).sqrt();
    let reduced = (ratio < 1.0).then(|| {
        let side = |side: u32| ((f64::from(side) * ratio) as u32).max(1);
        bilinear::resize_rgb(image, side(width), side(height))
    });
    let input = reduced.as_ref().unwrap_or(image);
    let (input_width, input_height) = (input.width() as usize, input.height() as usize);
    let plane = input_width * input_height;
    let mut values = vec![0.0; 3 * plane];
    for (index, pixel) in input.pixels().enumerate() {
        for (channel, mean) in MEAN.iter().enumerate() {
            values[channel * plane + index] = f32::from(pixel.0[2 - channel]) - mean;
        }
    }
    let tensor = Tensor::new(vec![1, 3, input_height, input_width], values)
        .map_err(|error| ForwardError::Failed(error.to_string()))?;
    let count = prior_count((input_width, input_height));
    let output = single_output(network, tensor, [Some(1), Some(count), Some(VALUES)])?;
    let scale = [
        width as f32 / input_width as f32,
        height as f32 / input_height as f32,
    ];
    let mut faces = decode(&output, (input_width, input_height));
    for point in faces.iter_mut().flatten() {
        point[0] *= scale[0];
        point[1] *= scale[1];
    }
    faces.retain(|[left, right, ..]| (left[0] - right[0]).hypot(left[1] - right[1]) >= MIN_EYE_DISTANCE_PX);
    Ok(faces)
}

/// Returns the number of prior boxes of an image.
fn prior_count((width, height): (usize, usize)) -> usize {
    let counts = LEVELS
        .iter()
        .map(|(step, sides)| width.div_ceil(*step) * height.div_ceil(*step) * sides.len());
    counts.sum()
}

/// Returns the landmarks of the faces that the network's output for an image of this size describes.
fn decode(output: &[f32], (width, height): (usize, usize)) -> Vec<Landmarks> {
    let priors = LEVELS.iter().flat_map(|&(step, sides)| {
        let positions = (0..height.div_ceil(step))
            .flat_map(move |row| (0..width.div_ceil(step)).map(move |column| (column, row)));
        positions.flat_map(move |(column, row)| {
            let centre = [column, row].map(|index| (index as f32 + 0.5) * step as f32);
            sides.map(|side| (centre, side))
        })
    });
    let (sets, _) = output.as_chunks::<VALUES>();
    let mut candidates: Vec<Candidate> = sets
        .iter()
        .zip(priors)
        .filter(|(values, _)| values[5] > MIN_SCORE)
        .map(|(values, (centre, side))| candidate(values, centre, side))
        .filter(|candidate| {
            candidate
                .landmarks
                .as_flattened()
                .iter()
                .all(|value| value.is_finite())
        })
        .collect();
    candidates.sort_by(|one, other| other.score.total_cmp(&one.score));
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let overlaps = |other: &Candidate| overlap(&candidate.corners, &other.corners) > MAX_OVERLAP;
        if !kept.iter().any(overlaps) {
            kept.push(candidate);
        }
    }
    kept.into_iter().map(|candidate| candidate.landmarks).collect()
}

/// Returns the face of a prior box with the centre `centre` and sides of `side` pixels.
fn candidate(values: &[f32; VALUES], centre: [f32; 2], side: f32) -> Candidate {
    let offset = |axis: usize, value: f32| centre[axis] + value * CENTRE_VARIANCE * side;
    let middle = [offset(0, values[0]), offset(1, values[1])];
    let half = [values[2], values[3]].map(|value| side * (value * SIZE_VARIANCE).exp() / 2.0);
    let mut landmarks = [[0.0; 2]; 5];
    let (pairs, _) = values[6..].as_chunks::<2>();
    for (point, [x, y]) in landmarks.iter_mut().zip(pairs) {
        *point = [offset(0, *x), offset(1, *y)];
    }
    Candidate {
        corners: [
            middle[0] - half[0],
            middle[1] - half[1],
            middle[0] + half[0],
            middle[1] + half[1],
        ],
        score: values[5],
        landmarks,
    }
}

/// Returns the intersection over union of two boxes.
fn overlap(one: &[f32; 4], other: &[f32; 4]) -> f32 {
    let area = |corners: &[f32; 4]| (corners[2] - corners[0]) * (corners[3] - corners[1]);
    let width = (one[2].min(other[2]) - one[0].max(other[0])).max(0.0);
    let height = (one[3].min(other[3]) - one[1].max(other[1])).max(0.0);
    let intersection = width * height;
    intersection / (area(one) + area(other) - intersection)
}

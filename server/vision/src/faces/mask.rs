//! Soft masks of aligned faces.

use super::alignment::SIDE;

/// Number of classes of the parser.
pub(super) const CLASSES: usize = 19;

/// Classes outside the mask: background, neck accessories, neck, clothes and hair, in the order of
/// `CelebAMask-HQ`'s classes as the parser has them.
const OUTSIDE: [usize; 5] = [0, 14, 16, 17, 18];

/// Standard deviation of the Gaussian in pixels; applied twice, as in `IOPaint`.
const SIGMA_PX: f64 = 11.0;

/// Radius of the Gaussian's kernel in pixels.
const RADIUS: usize = 50;

/// Width of the rim outside the mask in pixels, which hides the border of the aligned face.
const RIM_PX: usize = 10;

/// Returns the mask of a face in 0..1, of [`SIDE`] x [`SIDE`] pixels, from the parser's logits,
/// `[CLASSES, SIDE, SIDE]`.
pub(super) fn soft_mask(logits: &[f32]) -> Vec<f32> {
    soften(inside(logits))
}

/// Returns 1 for the pixels whose most probable class is part of the face, otherwise 0.
fn inside(logits: &[f32]) -> Vec<f32> {
    let plane = SIDE as usize * SIDE as usize;
    let class = |pixel: usize| {
        let mut best = (f32::NEG_INFINITY, 0);
        for class in 0..CLASSES {
            let logit = logits[class * plane + pixel];
            if logit > best.0 {
                best = (logit, class);
            }
        }
        best.1
    };
    (0..plane)
        .map(|pixel| if OUTSIDE.contains(&class(pixel)) { 0.0 } else { 1.0 })
        .collect()
}

/// Blurs a mask and clears its rim.
fn soften(mut mask: Vec<f32>) -> Vec<f32> {
    let side = SIDE as usize;
    // A pass over the rows that transposes its result, twice per Gaussian.
    for _ in 0..4 {
        mask = blur_rows_transposed(&mask, side);
    }
    for (index, value) in mask.iter_mut().enumerate() {
        let kept = RIM_PX..side - RIM_PX;
        if !kept.contains(&(index / side)) || !kept.contains(&(index % side)) {
            *value = 0.0;
        }
    }
    mask
}

/// Convolves each row with the Gaussian, mirrored at the borders without repeating them, and transposes.
fn blur_rows_transposed(values: &[f32], side: usize) -> Vec<f32> {
    let exponents = (0..=2 * RADIUS).map(|index| (index as f64 - RADIUS as f64) / SIGMA_PX);
    let weights: Vec<f64> = exponents.map(|x| (-0.5 * x * x).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let weights: Vec<f32> = weights.iter().map(|weight| (weight / sum) as f32).collect();
    let mut result = vec![0.0; values.len()];
    let mut padded = vec![0.0; side + 2 * RADIUS];
    for (row, line) in values.chunks_exact(side).enumerate() {
        for (index, value) in padded.iter_mut().enumerate() {
            let mirrored = index.abs_diff(RADIUS);
            *value = line[mirrored.min((2 * (side - 1)).saturating_sub(mirrored))];
        }
        for (column, window) in padded.windows(weights.len()).enumerate() {
            let products = window.iter().zip(&weights).map(|(value, weight)| value * weight);
            result[column * side + row] = products.sum();
        }
    }
    result
}

//! Affine warps with bilinear interpolation. Positions are rounded to 1/32 pixel, as by `OpenCV`.

use iopaint_imaging::RgbImage;

use super::alignment::{Affine, apply};

/// Fractional bits of the terms of a position.
const TERM_BITS: u32 = 10;

/// Fractional bits of a position.
const POSITION_BITS: u32 = 5;

/// Largest absolute value of a term in pixels, which excludes overflows.
const MAX_TERM_PX: f64 = 1e9;

/// A position between four pixels.
#[derive(Clone, Copy)]
pub(super) struct Position {
    x: i64,
    y: i64,
    /// Weights of the pixels in 1/1024: upper left, upper right, lower left, lower right.
    weights: [u32; 4],
}

impl Position {
    /// Returns the image of the pixel (`x`, `y`) under `matrix`.
    pub fn of(matrix: &Affine, x: u32, y: u32) -> Self {
        let term = |value: f64| {
            (value.clamp(-MAX_TERM_PX, MAX_TERM_PX) * f64::from(1 << TERM_BITS)).round_ties_even() as i64
        };
        let half = 1 << (TERM_BITS - POSITION_BITS - 1);
        let position = |[a, b, c]: [f64; 3]| {
            (term(a * f64::from(x)) + term(b * f64::from(y) + c) + half) >> (TERM_BITS - POSITION_BITS)
        };
        let [u, v] = matrix.map(position);
        let mask = (1 << POSITION_BITS) - 1;
        let (right, lower) = ((u & mask) as u32, (v & mask) as u32);
        let (left, upper) = ((1 << POSITION_BITS) - right, (1 << POSITION_BITS) - lower);
        Self {
            x: u >> POSITION_BITS,
            y: v >> POSITION_BITS,
            weights: [left * upper, right * upper, left * lower, right * lower],
        }
    }

    /// Returns the indices of the pixels in an image of `width` x `height` pixels, with their weights; `None`
    /// for pixels outside.
    fn pixels(self, (width, height): (u32, u32)) -> [(Option<usize>, u32); 4] {
        let index = |column: i64, row: i64| {
            let inside = (0..i64::from(width)).contains(&column) && (0..i64::from(height)).contains(&row);
            inside.then(|| row as usize * width as usize + column as usize)
        };
        let [a, b, c, d] = self.weights;
        [
            (index(self.x, self.y), a),
            (index(self.x + 1, self.y), b),
            (index(self.x, self.y + 1), c),
            (index(self.x + 1, self.y + 1), d),
        ]
    }

    /// Returns the colour at the position. Pixels outside the image have the colour `border`.
    pub fn colour(self, image: &RgbImage, border: [u8; 3]) -> [u8; 3] {
        let (pixels, _) = image.as_raw().as_chunks::<3>();
        let mut sums = [1_u32 << (2 * POSITION_BITS - 1); 3];
        for (index, weight) in self.pixels(image.dimensions()) {
            let colour = index.and_then(|index| pixels.get(index)).unwrap_or(&border);
            for (sum, value) in sums.iter_mut().zip(colour) {
                *sum += weight * u32::from(*value);
            }
        }
        sums.map(|sum| (sum >> (2 * POSITION_BITS)) as u8)
    }

    /// Returns the value of a map of `side` x `side` pixels at the position; 0 outside.
    pub fn value(self, map: &[f32], side: u32) -> f32 {
        let weighted = self.pixels((side, side)).map(|(index, weight)| {
            let value = index.and_then(|index| map.get(index)).copied().unwrap_or(0.0);
            value * weight as f32
        });
        weighted.iter().sum::<f32>() / (1 << (2 * POSITION_BITS)) as f32
    }
}

/// Returns an image of `side` x `side` pixels whose pixels are those of `image` under `inverse`.
pub(super) fn warp(image: &RgbImage, inverse: &Affine, side: u32, border: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        Position::of(inverse, x, y).colour(image, border).into()
    })
}

/// Returns the columns and rows of an image of `width` x `height` pixels that a square of `side` pixels can
/// reach under `inverse`.
pub(super) fn bounds(
    inverse: &Affine,
    side: u32,
    (width, height): (u32, u32),
) -> (std::ops::Range<u32>, std::ops::Range<u32>) {
    let end = f64::from(side);
    let corners = [[0.0, 0.0], [end, 0.0], [0.0, end], [end, end]].map(|corner| apply(inverse, corner));
    let range = |axis: usize, length: u32| {
        let values = corners.map(|corner| corner[axis]);
        let first = values.iter().copied().fold(f64::INFINITY, f64::min).floor() - 1.0;
        let last = values.iter().copied().fold(f64::NEG_INFINITY, f64::max).ceil() + 1.0;
        let bound = |value: f64| value.clamp(0.0, f64::from(length)) as u32;
        bound(first)..bound(last + 1.0)
    };
    (range(0, width), range(1, height))
}

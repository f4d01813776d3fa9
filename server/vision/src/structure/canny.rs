//! Edges by Canny's detector (Canny 1986, "A Computational Approach to Edge Detection"), with the edges of
//! scikit-image's `feature.canny(rgb2gray(image), sigma=3)`.

use iopaint_imaging::{Mask, RgbImage};

/// Weights of red, green and blue in the luminance: those of contemporary phosphors (Poynton's Color FAQ).
const LUMINANCE: [f64; 3] = [0.2125, 0.7154, 0.0721];
/// Radius of the Gaussian filter in pixels: 4 standard deviations of 3 pixels.
const RADIUS: usize = 12;
/// Weights of the Gaussian filter at the distances 0 to [`RADIUS`] pixels: exp(-distance^2 / 18), divided by
/// their sum. Rounded as in `SciPy`, so that the edges are the same where gradients are almost equal.
const GAUSSIAN: [f64; RADIUS + 1] = [
    0.132_984_538_550_783_7,
    0.125_797_983_460_310_65,
    0.106_485_694_027_244_7,
    0.080_659_199_898_786_99,
    0.054_671_578_245_654_065,
    0.033_159_988_420_867_426,
    0.017_997_500_190_860_553,
    0.008_740_878_047_691_292,
    0.003_798_769_940_305_483,
    0.001_477_324_778_400_407_2,
    0.000_514_107_605_821_972_7,
    0.000_160_094_765_891_977_58,
    4.461_134_277_264_879_7e-5,
];
/// The smallest gradient of an edge that is connected to a stronger one, in luminance (0 to 1) times the sum
/// of the Sobel filter's positive weights, 4. Rounded to f32 as in scikit-image.
const LOW_THRESHOLD: f64 = 0.1_f32 as f64;
/// The smallest gradient of the strongest pixel of an edge, in the same unit.
const HIGH_THRESHOLD: f64 = 0.2;

/// Values of an image's pixels, row-major.
struct Plane {
    values: Vec<f64>,
    width: usize,
}

/// An axis of an image.
#[derive(Clone, Copy)]
enum Axis {
    Rows,
    Columns,
}

/// Returns the edges of an image as a mask. The outermost pixels are never edges.
#[must_use]
pub fn canny(image: &RgbImage) -> Mask {
    let (width, height) = image.dimensions();
    if width < 3 || height < 3 {
        return Mask::empty(width, height);
    }
    let smoothed = smoothed(&luminance(image));
    let by_row = smoothed.derived(Axis::Rows).averaged(Axis::Columns);
    let by_column = smoothed.derived(Axis::Columns).averaged(Axis::Rows);
    let ridges = ridges(&by_row, &by_column);
    Mask::from_flags(width, height, connected(&ridges)).unwrap_or_else(|| Mask::empty(width, height))
}

/// Returns the luminance, 0 to 1.
fn luminance(image: &RgbImage) -> Plane {
    let value = |pixel: &[u8; 3]| {
        let [red, green, blue] = pixel.map(|sample| f64::from(sample) * (1.0 / 255.0));
        // In NumPy's order of summation, so that equal gradients stay equal.
        (red * LUMINANCE[0] + blue * LUMINANCE[2]) + green * LUMINANCE[1]
    };
    Plane {
        values: image.as_raw().as_chunks::<3>().0.iter().map(value).collect(),
        width: image.width() as usize,
    }
}

/// Returns the image smoothed by the part of the Gaussian filter that lies inside the image.
fn smoothed(image: &Plane) -> Plane {
    let ones = Plane {
        values: vec![1.0; image.values.len()],
        width: image.width,
    };
    let inside = ones.smoothed(Axis::Rows).smoothed(Axis::Columns);
    let mut smoothed = image.smoothed(Axis::Rows).smoothed(Axis::Columns);
    for (value, inside) in smoothed.values.iter_mut().zip(inside.values) {
        *value /= inside + f64::EPSILON;
    }
    smoothed
}

impl Plane {
    fn height(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Returns the number of pixels along an axis, and the distance of neighbours in `values`.
    fn along(&self, axis: Axis) -> (usize, usize) {
        match axis {
            Axis::Rows => (self.height(), self.width),
            Axis::Columns => (self.width, 1),
        }
    }

    /// Returns the index of a pixel's coordinate on an axis.
    fn coordinate(&self, at: usize, axis: Axis) -> usize {
        match axis {
            Axis::Rows => at / self.width,
            Axis::Columns => at % self.width,
        }
    }

    /// Applies the Gaussian filter along an axis; pixels outside the image are 0.
    fn smoothed(&self, axis: Axis) -> Self {
        let (count, step) = self.along(axis);
        let sum = |at: usize| {
            let coordinate = self.coordinate(at, axis);
            let mut sum = self.values[at] * GAUSSIAN[0];
            // The farthest pixels first, as SciPy does: the sums are rounded alike.
            for distance in (1..=RADIUS).rev() {
                let before = if coordinate >= distance {
                    self.values[at - distance * step]
                } else {
                    0.0
                };
                let after = if coordinate + distance < count {
                    self.values[at + distance * step]
                } else {
                    0.0
                };
                sum += (before + after) * GAUSSIAN[distance];
            }
            sum
        };
        self.mapped(sum)
    }

    /// Returns the differences of the neighbours along an axis: the Sobel filter's first step.
    fn derived(&self, axis: Axis) -> Self {
        self.mapped(|at| {
            let (before, after) = self.neighbours(at, axis);
            after - before
        })
    }

    /// Returns the sums of neighbours and twice the pixel along an axis: the Sobel filter's second step.
    fn averaged(&self, axis: Axis) -> Self {
        self.mapped(|at| {
            let (before, after) = self.neighbours(at, axis);
            self.values[at] * 2.0 + (before + after)
        })
    }

    /// Returns the values of a pixel's neighbours along an axis. The image is continued by its outermost
    /// pixels.
    fn neighbours(&self, at: usize, axis: Axis) -> (f64, f64) {
        let (count, step) = self.along(axis);
        let coordinate = self.coordinate(at, axis);
        let before = if coordinate > 0 { at - step } else { at };
        let after = if coordinate + 1 < count { at + step } else { at };
        (self.values[before], self.values[after])
    }

    fn mapped(&self, value: impl Fn(usize) -> f64) -> Self {
        Self {
            values: (0..self.values.len()).map(value).collect(),
            width: self.width,
        }
    }
}

/// Returns the gradient's magnitude where it is at least [`LOW_THRESHOLD`] and a local maximum along the
/// gradient, else 0. The magnitudes on both sides are interpolated between two neighbours.
fn ridges(by_row: &Plane, by_column: &Plane) -> Plane {
    let magnitude = by_row.mapped(|at| (by_row.values[at].powi(2) + by_column.values[at].powi(2)).sqrt());
    let (width, height) = (by_row.width, by_row.height());
    let stride = width as isize;
    magnitude.mapped(|at| {
        let (row, column) = (at / width, at % width);
        let value = magnitude.values[at];
        let is_inside = (1..height - 1).contains(&row) && (1..width - 1).contains(&column);
        if !is_inside || value < LOW_THRESHOLD {
            return 0.0;
        }
        let (down, right) = (by_row.values[at], by_column.values[at]);
        // The signs differ if the gradient points to the lower left or to the upper right.
        let descends = (down > 0.0) == (right > 0.0);
        let row_step = if descends { stride } else { -stride };
        // The neighbour along the gradient's main axis, its diagonal neighbour, and the latter's weight.
        let (near, far, weight) = if down.abs() > right.abs() {
            (
                stride,
                stride + if descends { 1 } else { -1 },
                right.abs() / down.abs(),
            )
        } else {
            (1, row_step + 1, down.abs() / right.abs())
        };
        let is_lower = |near: isize, far: isize| {
            let [near, far] = [near, far].map(|step| magnitude.values[at.wrapping_add_signed(step)]);
            far * weight + near * (1.0 - weight) <= value
        };
        if is_lower(near, far) && is_lower(-near, -far) {
            value
        } else {
            0.0
        }
    })
}

/// Returns the pixels that are 8-connected by ridges to a ridge of at least [`HIGH_THRESHOLD`] (hysteresis).
fn connected(ridges: &Plane) -> Vec<bool> {
    let (width, values) = (ridges.width, &ridges.values);
    let mut found = vec![false; values.len()];
    let mut open: Vec<usize> = (0..values.len())
        .filter(|&at| values[at] >= HIGH_THRESHOLD)
        .collect();
    for &at in &open {
        found[at] = true;
    }
    while let Some(at) = open.pop() {
        // Ridges are never outermost pixels.
        for row in [at - width, at, at + width] {
            for neighbour in row - 1..=row + 1 {
                if values[neighbour] > 0.0 && !found[neighbour] {
                    found[neighbour] = true;
                    open.push(neighbour);
                }
            }
        }
    }
    found
}

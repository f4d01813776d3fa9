//! The guided filter with a colour guide (He, Sun and Tang, 2013, eq. 14 to 16), and its fast form (He and
//! Sun, 2015): coefficients on the grid of cells, the linear model at full resolution. Linear in cells and
//! pixels, for any radius.

use super::frame::{Frame, taps};
use iopaint_imaging::RgbImage;

/// Radius of the filter's window, in cells. 3 of 320 cells, about the inaccuracy of the network's edges;
/// chosen on the composites of models/eval/selection among 2 to 6.
const RADIUS: usize = 3;
/// Regularisation (epsilon), in squared units of the guide, whose range is 0 to 1: edges with a contrast well
/// above sqrt(1e-4), 1 % of the range, are kept. Chosen on the same composites among 1e-4 and 1e-3.
const EPSILON: f32 = 1e-4;

/// The linear model of a soft mask per cell: mask = weights * colour + offset.
pub(super) struct LinearModel {
    weights: [Vec<f32>; 3],
    offset: Vec<f32>,
}

impl LinearModel {
    /// Fits the model of the soft mask `values` to the colours of the cells, both row-major.
    pub fn fit(frame: &Frame, colours: &[[f32; 3]], values: &[f32]) -> Self {
        let mean = |plane: &mut dyn Iterator<Item = f32>| {
            let plane: Vec<f32> = plane.collect();
            box_mean(&plane, frame.columns, RADIUS)
        };
        let channel = |index: usize| colours.iter().map(move |colour| colour[index]);
        let product = |i: usize, j: usize| colours.iter().map(move |colour| colour[i] * colour[j]);
        let with_values = |index: usize| channel(index).zip(values).map(|(colour, value)| colour * value);
        let mean_value = mean(&mut values.iter().copied());
        let mean_colour = [0, 1, 2].map(|index| mean(&mut channel(index)));
        let mean_joint = [0, 1, 2].map(|index| mean(&mut with_values(index)));
        let pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
        let second = pairs.map(|(i, j)| mean(&mut product(i, j)));
        let mut weights = [0, 1, 2].map(|_| vec![0.0; frame.len()]);
        let mut offset = vec![0.0; frame.len()];
        for cell in 0..frame.len() {
            let colour = [0, 1, 2].map(|index: usize| mean_colour[index][cell]);
            let value = mean_value[cell];
            let joint = [0, 1, 2].map(|index: usize| mean_joint[index][cell] - colour[index] * value);
            let mut covariance = [0.0; 6];
            for (entry, (plane, (i, j))) in covariance.iter_mut().zip(second.iter().zip(pairs)) {
                let regularisation = if i == j { EPSILON } else { 0.0 };
                *entry = plane[cell] - colour[i] * colour[j] + regularisation;
            }
            let solution = solve(covariance, joint);
            offset[cell] = value;
            for (plane, (weight, colour)) in weights.iter_mut().zip(solution.into_iter().zip(colour)) {
                plane[cell] = weight;
                offset[cell] -= weight * colour;
            }
        }
        Self {
            weights: weights.map(|plane| box_mean(&plane, frame.columns, RADIUS)),
            offset: box_mean(&offset, frame.columns, RADIUS),
        }
    }

    /// Returns the filtered mask of the cells, in 0 to 1.
    pub fn at_cells(&self, colours: &[[f32; 3]]) -> Vec<f32> {
        let [red, green, blue] = &self.weights;
        let weights = red.iter().zip(green).zip(blue).zip(&self.offset);
        let filtered = colours
            .iter()
            .zip(weights)
            .map(|(colour, (((r, g), b), offset))| r * colour[0] + g * colour[1] + b * colour[2] + offset);
        filtered.map(|value| value.clamp(0.0, 1.0)).collect()
    }

    /// Calls `visit` with the row (in pixels of the image) and the filtered mask of each of the frame's rows
    /// of pixels, in 0 to 1. Weights and offset are interpolated bilinearly.
    pub fn for_each_row(&self, frame: &Frame, image: &RgbImage, mut visit: impl FnMut(u32, &[f32])) {
        let width = frame.rect.width as usize;
        let across = taps(width, frame.columns);
        let planes = [&self.weights[0], &self.weights[1], &self.weights[2], &self.offset];
        // The coefficients of one row, interpolated vertically, interleaved.
        let mut row = vec![[0.0_f32; 4]; frame.columns];
        let mut output = vec![0.0; width];
        for (y, (upper, lower, weight)) in (frame.rect.y..).zip(taps(frame.rect.height as usize, frame.rows))
        {
            for (x, coefficients) in row.iter_mut().enumerate() {
                for (coefficient, plane) in coefficients.iter_mut().zip(planes) {
                    let (first, second) =
                        (plane[upper * frame.columns + x], plane[lower * frame.columns + x]);
                    *coefficient = first + (second - first) * weight;
                }
            }
            let start = (y as usize * image.width() as usize + frame.rect.x as usize) * 3;
            let pixels = image.as_raw().get(start..start + width * 3).unwrap_or_default();
            let pixels = pixels.as_chunks::<3>().0;
            for ((value, pixel), &(left, right, weight)) in output.iter_mut().zip(pixels).zip(&across) {
                let (left, right) = (row[left], row[right]);
                let mut sum = left[3] + (right[3] - left[3]) * weight;
                for ((left, right), sample) in left.iter().zip(right).zip(pixel) {
                    sum += (left + (right - left) * weight) * f32::from(*sample) / 255.0;
                }
                *value = sum.clamp(0.0, 1.0);
            }
            visit(y, &output);
        }
    }
}

/// Returns the mean of each cell's square window of 2 `radius` + 1 cells, cut at the grid's border.
fn box_mean(values: &[f32], columns: usize, radius: usize) -> Vec<f32> {
    let rows = values.len() / columns;
    let mut across = vec![0.0; values.len()];
    for (row, means) in values.chunks_exact(columns).zip(across.chunks_exact_mut(columns)) {
        let mut sum: f64 = row.iter().take(radius).map(|value| f64::from(*value)).sum();
        for (x, mean) in means.iter_mut().enumerate() {
            if let Some(value) = row.get(x + radius) {
                sum += f64::from(*value);
            }
            if let Some(left) = x.checked_sub(radius + 1) {
                sum -= f64::from(row[left]);
            }
            *mean = (sum / (columns.min(x + radius + 1) - x.saturating_sub(radius)) as f64) as f32;
        }
    }
    let mut means = vec![0.0; values.len()];
    let mut sums = vec![0.0_f64; columns];
    let add = |sums: &mut [f64], y: usize, sign: f64| {
        for (sum, value) in sums.iter_mut().zip(&across[y * columns..(y + 1) * columns]) {
            *sum += sign * f64::from(*value);
        }
    };
    for y in 0..radius.min(rows) {
        add(&mut sums, y, 1.0);
    }
    for (y, row) in means.chunks_exact_mut(columns).enumerate() {
        if y + radius < rows {
            add(&mut sums, y + radius, 1.0);
        }
        if let Some(above) = y.checked_sub(radius + 1) {
            add(&mut sums, above, -1.0);
        }
        let count = (rows.min(y + radius + 1) - y.saturating_sub(radius)) as f64;
        for (mean, sum) in row.iter_mut().zip(&sums) {
            *mean = (sum / count) as f32;
        }
    }
    means
}

/// Solves a symmetric positive definite system of three equations by the adjugate. `matrix` has the upper
/// triangle, row-major.
#[expect(clippy::many_single_char_names, reason = "entries of a matrix")]
fn solve([a, b, c, d, e, f]: [f32; 6], right: [f32; 3]) -> [f32; 3] {
    let minors = [d * f - e * e, c * e - b * f, b * e - c * d];
    let determinant = a * minors[0] + b * minors[1] + c * minors[2];
    if determinant <= 0.0 {
        return [0.0; 3];
    }
    let adjugate = [
        minors,
        [minors[1], a * f - c * c, b * c - a * e],
        [minors[2], b * c - a * e, a * d - b * b],
    ];
    adjugate.map(|row| {
        let sum: f32 = row.iter().zip(right).map(|(entry, value)| entry * value).sum();
        sum / determinant
    })
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::Rect;

    use super::*;

    #[test]
    fn box_mean_equals_the_definition() {
        let values: Vec<f32> = (0..35).map(|index| (index * 17 % 11) as f32).collect();
        for radius in [1, 2, 9] {
            let means = box_mean(&values, 7, radius);
            for (index, mean) in means.iter().enumerate() {
                let (x, y) = (index % 7, index / 7);
                let window: Vec<f32> = (0..35_usize)
                    .filter(|other| (other % 7).abs_diff(x) <= radius && (other / 7).abs_diff(y) <= radius)
                    .map(|other| values[other])
                    .collect();
                let expected = window.iter().sum::<f32>() / window.len() as f32;
                assert!((mean - expected).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn solves_three_equations() {
        let [x, y, z] = solve([4.0, 1.0, 0.5, 3.0, -1.0, 2.0], [1.0, 2.0, 3.0]);
        assert!((4.0 * x + y + 0.5 * z - 1.0).abs() < 1e-5);
        assert!((x + 3.0 * y - z - 2.0).abs() < 1e-5);
        assert!((0.5 * x - y + 2.0 * z - 3.0).abs() < 1e-5);
        assert!(
            solve([0.0; 6], [1.0; 3])
                .iter()
                .all(|value| value.abs() < f32::EPSILON)
        );
    }

    /// An edge of the mask that is two cells off moves to the edge of the image.
    #[test]
    fn edges_follow_the_image() {
        let image = RgbImage::from_fn(640, 64, |x, _| {
            image::Rgb(if x < 300 { [200, 40, 60] } else { [30, 90, 70] })
        });
        let frame = Frame::new(Rect::whole((640, 64)));
        let colours = frame.colours(&image);
        let values: Vec<f32> = (0..frame.len()).map(|cell| f32::from(cell % 320 < 152)).collect();
        let model = LinearModel::fit(&frame, &colours, &values);
        let mut rows = 0;
        model.for_each_row(&frame, &image, |_, row| {
            rows += 1;
            assert!(row[295] > 0.5 && row[303] < 0.5);
            assert!(row[100] > 0.99 && row[500] < 0.01);
        });
        assert_eq!(rows, 64);
        assert!(model.at_cells(&colours)[150 - 8] > 0.9);
    }
}

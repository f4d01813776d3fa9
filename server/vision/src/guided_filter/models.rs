//! The linear models of the guided filter.

use iopaint_imaging::{Coverage, RgbImage};

/// The window of the filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    /// Cells on each side of the centre.
    pub radius: u32,
    /// Regularisation: the variance of the guide below which a window counts as flat, in squared units of the
    /// range 0 to 1.
    pub epsilon: f32,
}

/// Sums per cell: colour (3), mask, colour x mask (3), products of colours (6).
const SUMS: usize = 13;
/// Coefficients per cell: a (3) and b.
pub(super) type Coefficients = [f32; 4];

/// Guide and mask of the same size, interleaved RGB and gray.
pub(super) struct Grid<'a> {
    guide: &'a [[u8; 3]],
    mask: &'a [u8],
    /// Cells per row.
    pub width: usize,
    /// Rows of cells.
    pub height: usize,
    radius: usize,
    /// In squared units of 8-bit samples.
    epsilon: f32,
}

impl<'a> Grid<'a> {
    pub fn new(guide: &'a RgbImage, mask: &'a Coverage, window: Window) -> Self {
        Self {
            guide: guide.as_raw().as_chunks::<3>().0,
            mask: mask.values(),
            width: guide.width() as usize,
            height: guide.height() as usize,
            radius: window.radius as usize,
            epsilon: window.epsilon * 255.0 * 255.0,
        }
    }

    /// Returns the rows within the window of row `y`.
    fn window(&self, y: usize) -> std::ops::Range<usize> {
        y.saturating_sub(self.radius)..(y + self.radius + 1).min(self.height)
    }

    /// Returns the number of columns within the window of column `x`.
    fn columns(&self, x: usize) -> usize {
        (x + self.radius + 1).min(self.width) - x.saturating_sub(self.radius)
    }

    /// Returns the coefficients of rows `start..end`, each the mean over the windows that cover the cell.
    pub fn mean_models(&self, start: usize, end: usize) -> Vec<Coefficients> {
        let first = self.window(start).start;
        let models = self.models(first, self.window(end - 1).end);
        let mut means = Vec::with_capacity((end - start) * self.width);
        let mut columns = vec![Coefficients::default(); self.width];
        for y in start..end {
            let window = self.window(y);
            let rows = &models[(window.start - first) * self.width..(window.end - first) * self.width];
            columns.fill(Coefficients::default());
            for row in rows.chunks_exact(self.width) {
                for (sum, model) in columns.iter_mut().zip(row) {
                    for (sum, value) in sum.iter_mut().zip(model) {
                        *sum += value;
                    }
                }
            }
            for x in 0..self.width {
                let covering = &columns[x.saturating_sub(self.radius)..][..self.columns(x)];
                let mut sums = Coefficients::default();
                for column in covering {
                    for (sum, value) in sums.iter_mut().zip(column) {
                        *sum += *value;
                    }
                }
                let count = (covering.len() * window.len()) as f32;
                means.push(sums.map(|sum| sum / count));
            }
        }
        means
    }

    /// Returns the coefficients of the windows centred in rows `start..end`.
    fn models(&self, start: usize, end: usize) -> Vec<Coefficients> {
        let mut models = Vec::with_capacity((end - start) * self.width);
        let mut columns = vec![[0_u32; SUMS]; self.width];
        let mut summed = start..start;
        for y in start..end {
            let window = self.window(y);
            if summed.is_empty() {
                summed = window.start..window.start;
            }
            for added in summed.end..window.end {
                self.for_each_product(added, &mut columns, |sum, product| *sum += product);
            }
            for removed in summed.start..window.start {
                self.for_each_product(removed, &mut columns, |sum, product| *sum -= product);
            }
            summed = window.clone();
            let mut sums = [0_u32; SUMS];
            for entering in columns.iter().take(self.radius) {
                combine(&mut sums, entering, |sum, value| *sum += value);
            }
            for x in 0..self.width {
                if let Some(entering) = columns.get(x + self.radius) {
                    combine(&mut sums, entering, |sum, value| *sum += value);
                }
                if let Some(leaving) = x.checked_sub(self.radius + 1).and_then(|x| columns.get(x)) {
                    combine(&mut sums, leaving, |sum, value| *sum -= value);
                }
                models.push(self.model(&sums, self.columns(x) * window.len()));
            }
        }
        models
    }

    /// Combines the products of each cell of row `y` with its column's sums.
    #[expect(clippy::many_single_char_names, reason = "the colours, and p of the paper")]
    fn for_each_product(&self, y: usize, columns: &mut [[u32; SUMS]], combined: impl Fn(&mut u32, u32)) {
        let cells = self.guide[y * self.width..]
            .iter()
            .zip(&self.mask[y * self.width..]);
        for (sums, (pixel, &mask)) in columns.iter_mut().zip(cells) {
            let [r, g, b, p] = [pixel[0], pixel[1], pixel[2], mask].map(u32::from);
            let products = [
                r,
                g,
                b,
                p,
                r * p,
                g * p,
                b * p,
                r * r,
                r * g,
                r * b,
                g * g,
                g * b,
                b * b,
            ];
            combine(sums, &products, &combined);
        }
    }

    /// Solves (covariance + epsilon) a = cov(colour, mask) for one window of `count` cells, in 8-bit units.
    /// The covariances are exact, so that a is 0 in windows of one mask value, and the result is that value.
    fn model(&self, sums: &[u32; SUMS], count: usize) -> Coefficients {
        if sums[3] == 0 || sums[3] as usize == 255 * count {
            return [0.0, 0.0, 0.0, if sums[3] == 0 { 0.0 } else { 255.0 }];
        }
        let cells = count as i64;
        let [red, green, blue, mask] = [sums[0], sums[1], sums[2], sums[3]].map(i64::from);
        let scale = 1.0 / (cells * cells) as f32;
        let covariance = |product: u32, a: i64, b: i64| (cells * i64::from(product) - a * b) as f32 * scale;
        let target = [
            covariance(sums[4], red, mask),
            covariance(sums[5], green, mask),
            covariance(sums[6], blue, mask),
        ];
        let matrix = [
            covariance(sums[7], red, red) + self.epsilon,
            covariance(sums[8], red, green),
            covariance(sums[9], red, blue),
            covariance(sums[10], green, green) + self.epsilon,
            covariance(sums[11], green, blue),
            covariance(sums[12], blue, blue) + self.epsilon,
        ];
        let a = solve(&matrix, target);
        let mean = |sum: i64| sum as f32 / cells as f32;
        [
            a[0],
            a[1],
            a[2],
            mean(mask) - a[0] * mean(red) - a[1] * mean(green) - a[2] * mean(blue),
        ]
    }
}

/// Combines each sum with the value at the same position.
fn combine(sums: &mut [u32; SUMS], values: &[u32; SUMS], combined: impl Fn(&mut u32, u32)) {
    for (sum, value) in sums.iter_mut().zip(values) {
        combined(sum, *value);
    }
}

/// Solves a symmetric, positive definite system of three equations by its adjugate. `matrix` holds the upper
/// triangle by rows.
#[expect(clippy::many_single_char_names, reason = "entries of a matrix and a vector")]
fn solve(matrix: &[f32; 6], target: [f32; 3]) -> [f32; 3] {
    let [a, b, c, d, e, f] = matrix.map(f64::from);
    let [x, y, z] = target.map(f64::from);
    let (first, second, third) = (d * f - e * e, c * e - b * f, b * e - c * d);
    let determinant = a * first + b * second + c * third;
    let (fourth, fifth, sixth) = (a * f - c * c, b * c - a * e, a * d - b * b);
    [
        (first * x + second * y + third * z) / determinant,
        (second * x + fourth * y + fifth * z) / determinant,
        (third * x + fifth * y + sixth * z) / determinant,
    ]
    .map(|value| value as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::many_single_char_names, reason = "entries of a matrix and a vector")]
    fn solution_satisfies_the_equations() {
        let [a, b, c, d, e, f] = [4.0, 1.0, 0.5, 3.0, -1.0, 5.0];
        let [x, y, z] = solve(&[a, b, c, d, e, f], [1.0, 2.0, 3.0]);
        for (value, expected) in [
            (a * x + b * y + c * z, 1.0),
            (b * x + d * y + e * z, 2.0),
            (c * x + e * y + f * z, 3.0),
        ] {
            assert!((value - expected).abs() < 1e-5, "{value} instead of {expected}");
        }
    }
}

//! The fast guided filter: an edge-preserving filter of a soft mask, guided by a colour image.
//!
//! "Guided Image Filtering" (He, Sun and Tang, 2013; equations 19 to 21 for colour guides) and "Fast Guided
//! Filter" (He and Sun, 2015). In each window the mask is modelled as a linear function of the colours, a .
//! colour + b; the models are computed at reduced size, averaged over the windows that cover a pixel, and
//! applied to the full-size image. The time per pixel doesn't depend on the radius.
//!
//! Rows are streamed: besides the reduced image and mask (4 bytes per reduced pixel) a band needs a few rows
//! of sums.

use iopaint_imaging::{Coverage, RgbImage};

use super::parallel::for_each_band;

/// Side of a window in reduced pixels on each side of its centre, and the regularisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Window {
    /// Pixels on each side of the centre, at reduced size.
    pub radius: u32,
    /// Full-size pixels per reduced pixel, along each dimension.
    pub reduction: u32,
    /// Variance of the guide below which a window counts as flat, in squared units of the range 0 to 1.
    pub epsilon: f32,
}

/// Rows of reduced pixels per band.
const BAND_ROWS: usize = 32;
/// Sums per pixel: colour (3), mask, colour x mask (3), products of colours (6).
const SUMS: usize = 13;
/// Coefficients per pixel: a (3) and b.
const COEFFICIENTS: usize = 4;

/// Filters a mask. `guide` is the full-size image; `small_guide` and `small_mask` are image and mask reduced
/// by `window.reduction`, rounded up. Returns a mask of the guide's size.
pub(super) fn filter(
    threads: usize,
    guide: &RgbImage,
    small_guide: &RgbImage,
    small_mask: &Coverage,
    window: Window,
) -> Vec<u8> {
    let (width, height) = (guide.width() as usize, guide.height() as usize);
    let reduction = window.reduction.max(1) as usize;
    let mut result = vec![0; width * height];
    if result.is_empty() {
        return result;
    }
    let small = Small {
        guide: small_guide.as_raw(),
        mask: small_mask.values(),
        width: small_guide.width() as usize,
        height: small_guide.height() as usize,
        radius: window.radius as usize,
        epsilon: window.epsilon,
    };
    for_each_band(
        threads,
        &mut result,
        BAND_ROWS * reduction * width,
        |index, band| {
            let first = index * BAND_ROWS * reduction;
            let count = band.len() / width;
            let position = |y: usize| Interpolation::at(y, reduction, small.height);
            let start = position(first).low;
            let models = small.mean_models(start, position(first + count - 1).high + 1);
            let columns: Vec<_> = (0..width)
                .map(|x| Interpolation::at(x, reduction, small.width))
                .collect();
            let mut mixed = vec![[0.0; COEFFICIENTS]; small.width];
            for (row, y) in band.chunks_exact_mut(width).zip(first..) {
                let Interpolation { low, high, weight } = position(y);
                let rows = models[(low - start) * small.width..]
                    .iter()
                    .zip(&models[(high - start) * small.width..]);
                for (mixed, (above, below)) in mixed.iter_mut().zip(rows) {
                    *mixed = mix(above, below, weight);
                }
                let pixels = guide.as_raw()[y * width * 3..].chunks_exact(3);
                for ((alpha, pixel), column) in row.iter_mut().zip(pixels).zip(&columns) {
                    let [red, green, blue, constant] =
                        mix(&mixed[column.low], &mixed[column.high], column.weight);
                    let value =
                        red * f32::from(pixel[0]) + green * f32::from(pixel[1]) + blue * f32::from(pixel[2]);
                    *alpha = (value + constant).round() as u8;
                }
            }
        },
    );
    result
}

/// Linear interpolation between the centres of two reduced pixels.
#[derive(Clone, Copy)]
struct Interpolation {
    low: usize,
    high: usize,
    weight: f32,
}

impl Interpolation {
    /// Returns the interpolation at the centre of full-size pixel `at`, clamped at the borders.
    fn at(at: usize, reduction: usize, length: usize) -> Self {
        let position = ((at as f32 + 0.5) / reduction as f32 - 0.5).max(0.0);
        let low = (position as usize).min(length - 1);
        Self {
            low,
            high: (low + 1).min(length - 1),
            weight: position - low as f32,
        }
    }
}

fn mix(a: &[f32; COEFFICIENTS], b: &[f32; COEFFICIENTS], weight: f32) -> [f32; COEFFICIENTS] {
    std::array::from_fn(|at| a[at] + (b[at] - a[at]) * weight)
}

/// The reduced image and mask, interleaved RGB and gray.
struct Small<'a> {
    guide: &'a [u8],
    mask: &'a [u8],
    width: usize,
    height: usize,
    radius: usize,
    epsilon: f32,
}

impl Small<'_> {
    /// Returns the rows within the window of row `y`.
    fn window(&self, y: usize) -> std::ops::Range<usize> {
        y.saturating_sub(self.radius)..(y + self.radius + 1).min(self.height)
    }

    /// Returns the coefficients of rows `start..end`, each the mean over the windows that cover the pixel.
    fn mean_models(&self, start: usize, end: usize) -> Vec<[f32; COEFFICIENTS]> {
        let first = self.window(start).start;
        let models = self.models(first, self.window(end - 1).end);
        let mut means = Vec::with_capacity((end - start) * self.width);
        let mut columns = vec![[0.0; COEFFICIENTS]; self.width];
        for y in start..end {
            let window = self.window(y);
            let rows = &models[(window.start - first) * self.width..(window.end - first) * self.width];
            columns.fill([0.0; COEFFICIENTS]);
            for row in rows.chunks_exact(self.width) {
                for (sum, model) in columns.iter_mut().zip(row) {
                    for (sum, value) in sum.iter_mut().zip(model) {
                        *sum += value;
                    }
                }
            }
            self.slide(&columns, window.len(), |sums, count| {
                means.push(sums.map(|sum: f32| sum / count as f32));
            });
        }
        means
    }

    /// Returns the coefficients of the windows centred in rows `start..end`.
    fn models(&self, start: usize, end: usize) -> Vec<[f32; COEFFICIENTS]> {
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
            self.slide(&columns, window.len(), |sums, count| {
                models.push(self.model(sums, count));
            });
        }
        models
    }

    /// Combines the products of each pixel of row `y` with its column's sums.
    #[expect(clippy::many_single_char_names, reason = "the colours, and p of the paper")]
    fn for_each_product(&self, y: usize, columns: &mut [[u32; SUMS]], combine: impl Fn(&mut u32, u32)) {
        let pixels = self.guide[y * self.width * 3..].chunks_exact(3);
        for ((sums, pixel), &mask) in columns.iter_mut().zip(pixels).zip(&self.mask[y * self.width..]) {
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
            for (sum, product) in sums.iter_mut().zip(products) {
                combine(sum, product);
            }
        }
    }

    /// Calls `emit` for each pixel with the sums of its window's columns and the number of the window's
    /// pixels.
    fn slide<T, const N: usize>(&self, columns: &[[T; N]], rows: usize, mut emit: impl FnMut(&[T; N], usize))
    where
        T: Copy + Default + std::ops::AddAssign,
    {
        for x in 0..self.width {
            let range = x.saturating_sub(self.radius)..(x + self.radius + 1).min(self.width);
            let mut sums = [T::default(); N];
            for column in &columns[range.clone()] {
                for (sum, value) in sums.iter_mut().zip(column) {
                    *sum += *value;
                }
            }
            emit(&sums, range.len() * rows);
        }
    }

    /// Solves (covariance + epsilon) a = cov(colour, mask) for one window, in 8-bit units. The covariances
    /// are exact, so that a is 0 in windows of one mask value, and the result is that value.
    fn model(&self, sums: &[u32; SUMS], count: usize) -> [f32; COEFFICIENTS] {
        let pixels = count as i64;
        let [red, green, blue, mask] = [sums[0], sums[1], sums[2], sums[3]].map(i64::from);
        let covariance = |product: u32, a: i64, b: i64| {
            (pixels * i64::from(product) - a * b) as f32 / (pixels * pixels) as f32
        };
        let target = [
            covariance(sums[4], red, mask),
            covariance(sums[5], green, mask),
            covariance(sums[6], blue, mask),
        ];
        let epsilon = self.epsilon * 255.0 * 255.0;
        let matrix = [
            covariance(sums[7], red, red) + epsilon,
            covariance(sums[8], red, green),
            covariance(sums[9], red, blue),
            covariance(sums[10], green, green) + epsilon,
            covariance(sums[11], green, blue),
            covariance(sums[12], blue, blue) + epsilon,
        ];
        let a = solve(&matrix, target);
        let mean = |sum: i64| sum as f32 / pixels as f32;
        [
            a[0],
            a[1],
            a[2],
            mean(mask) - a[0] * mean(red) - a[1] * mean(green) - a[2] * mean(blue),
        ]
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
    use iopaint_imaging::GrayImage;

    const WINDOW: Window = Window {
        radius: 4,
        reduction: 1,
        epsilon: 1e-4,
    };

    /// A dark and a bright half; the border is at column `edge`.
    fn halves(width: u32, height: u32, edge: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| {
            if x < edge { [30, 60, 40] } else { [200, 180, 90] }.into()
        })
    }

    fn gray(width: u32, height: u32, value: impl Fn(u32) -> u8) -> Coverage {
        Coverage::new(GrayImage::from_fn(width, height, |x, _| [value(x)].into()))
    }

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

    #[test]
    fn ramp_becomes_the_edge_of_the_image() {
        let image = halves(40, 12, 20);
        let mask = gray(40, 12, |x| {
            ((x as f32 - 16.0) / 8.0 * 255.0).clamp(0.0, 255.0) as u8
        });
        let result = filter(1, &image, &image, &mask, WINDOW);
        let row = &result[40 * 6..40 * 7];
        assert!(row[19] < 90 && row[20] > 165, "{row:?}");
        assert!(row[20] - row[19] > 100, "{row:?}");
        assert_eq!((row[0], row[39]), (0, 255));
    }

    #[test]
    fn results_do_not_depend_on_threads() {
        let image = RgbImage::from_fn(53, 150, |x, y| {
            [(x * 5) as u8, (x * y) as u8, (y * 3) as u8].into()
        });
        let mask = Coverage::new(GrayImage::from_fn(53, 150, |x, y| [(x * 3 + y) as u8].into()));
        assert_eq!(
            filter(1, &image, &image, &mask, WINDOW),
            filter(3, &image, &image, &mask, WINDOW)
        );
    }
}

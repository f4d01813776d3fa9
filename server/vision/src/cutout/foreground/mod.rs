//! Foreground colours of a cut-out, without the colours of the old background at its soft edges.
//!
//! "Fast Multi-Level Foreground Estimation" (Germer, Uelwer, Conrad and Harmeling, 2020): foreground F and
//! background B minimise, over all pixels, the squared error of alpha F + (1 - alpha) B against the image and
//! the squared differences of neighbours, weighted by the differences of alpha. The equations are solved from
//! the coarsest level of an image pyramid to the finest; each level starts from the one before.
//!
//! Levels are updated by Jacobi iterations in bands of rows. The finest level, which only needs F, isn't
//! stored: besides the result, the memory is 24 bytes per pixel of the level of half the side, 6 bytes per
//! image pixel.

use iopaint_imaging::{Coverage, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use super::parallel::for_each_band;
use super::stages::Stages;

/// Weight of the squared difference of neighbours (the paper's `epsilon_r`).
const REGULARISATION: f32 = 1e-5;
/// Weight of the difference of the neighbours' alpha in the weight of their squared difference (omega).
const GRADIENT_WEIGHT: f32 = 1.0;
/// Levels of at most this many pixels a side run [`SMALL_ITERATIONS`], as in the paper.
const SMALL_SIDE: usize = 32;
/// Iterations on small levels.
const SMALL_ITERATIONS: usize = 10;
/// Iterations on all other levels.
const LARGE_ITERATIONS: usize = 2;
/// Rows per band.
const BAND_ROWS: usize = 64;

/// Foreground and background of a pixel, RGB, 0 to 255.
type Colours = [f32; 6];

/// A solved level of the pyramid.
struct Level {
    width: usize,
    height: usize,
    colours: Vec<Colours>,
}

/// Returns the foreground's colours where `alpha` isn't 0. Pixels of alpha 0 get smoothly continued colours
/// of the foreground, so that scaling doesn't bring the background back. `alpha` has the image's size.
///
/// # Errors
/// [`ForwardError::Stopped`] if the monitor stops the run.
pub fn estimate_foreground(
    threads: usize,
    image: &RgbImage,
    alpha: &Coverage,
    monitor: &dyn Monitor,
) -> Result<RgbImage, ForwardError> {
    let mut stages = Stages::new(monitor, levels(image));
    run(threads, image, alpha, &mut stages)
}

/// Returns the number of levels of an image's pyramid, the steps of [`run`].
pub(super) fn levels(image: &RgbImage) -> usize {
    let longer = image.width().max(image.height()).max(1);
    longer.next_power_of_two().ilog2() as usize + 1
}

/// [`estimate_foreground`] as a part of a longer run.
pub(super) fn run(
    threads: usize,
    image: &RgbImage,
    alpha: &Coverage,
    stages: &mut Stages<'_>,
) -> Result<RgbImage, ForwardError> {
    let mut result = image.clone();
    if alpha.dimensions() != image.dimensions() || alpha.values().is_empty() {
        return Ok(result);
    }
    let mut level = Level {
        width: 1,
        height: 1,
        colours: vec![mean_colours(image, alpha)],
    };
    let count = levels(image);
    for index in 0..count {
        let shift = count - 1 - index;
        let source = Source::new(image, alpha, shift);
        if shift == 0 {
            let stride = source.width * 3;
            for_each_band(threads, &mut result, BAND_ROWS * stride, |band, samples| {
                let rows = source.solve(&level, band * BAND_ROWS, samples.len() / stride);
                for (pixel, colours) in samples.chunks_exact_mut(3).zip(&rows) {
                    for (sample, colour) in pixel.iter_mut().zip(colours) {
                        *sample = colour.round() as u8;
                    }
                }
            });
        } else {
            let mut colours = vec![[0.0; 6]; source.width * source.height];
            for_each_band(threads, &mut colours, BAND_ROWS * source.width, |band, solved| {
                let rows = source.solve(&level, band * BAND_ROWS, solved.len() / source.width);
                solved.copy_from_slice(&rows);
            });
            level = Level {
                width: source.width,
                height: source.height,
                colours,
            };
        }
        stages.finish_one()?;
    }
    Ok(result)
}

/// Returns the mean colours of foreground and background, weighted by alpha.
fn mean_colours(image: &RgbImage, alpha: &Coverage) -> Colours {
    let mut sums = [0_u64; 6];
    let mut weights = [0_u64; 2];
    for (pixel, &alpha) in image.pixels().zip(alpha.values()) {
        let shares = [u64::from(alpha), u64::from(255 - alpha)];
        for (share, (weight, sums)) in shares
            .iter()
            .zip(weights.iter_mut().zip(sums.as_chunks_mut::<3>().0))
        {
            *weight += share;
            for (sum, &sample) in sums.iter_mut().zip(&pixel.0) {
                *sum += share * u64::from(sample);
            }
        }
    }
    std::array::from_fn(|at| sums[at] as f32 / weights[at / 3].max(1) as f32)
}

/// Image and alpha at the size of a level, by nearest neighbour, so that each sample is a true mixture.
struct Source<'a> {
    image: &'a [u8],
    alpha: &'a [u8],
    /// Width of the full-size image.
    stride: usize,
    width: usize,
    height: usize,
    /// Full-size columns and rows of the level's pixels.
    columns: Vec<usize>,
    rows: Vec<usize>,
    iterations: usize,
}

impl<'a> Source<'a> {
    /// Reduces each side by 2^`shift`, rounded up.
    fn new(image: &'a RgbImage, alpha: &'a Coverage, shift: usize) -> Self {
        let positions = |length: u32| -> Vec<usize> {
            let length = length as usize;
            let step = 1 << shift;
            (0..length.div_ceil(step))
                .map(|at| (at * step + step / 2).min(length - 1))
                .collect()
        };
        let (columns, rows) = (positions(image.width()), positions(image.height()));
        let (width, height) = (columns.len(), rows.len());
        let iterations = if width.max(height) <= SMALL_SIDE {
            SMALL_ITERATIONS
        } else {
            LARGE_ITERATIONS
        };
        Self {
            image: image.as_raw(),
            alpha: alpha.values(),
            stride: image.width() as usize,
            width,
            height,
            columns,
            rows,
            iterations,
        }
    }

    /// Returns alpha at a pixel of the level.
    fn alpha(&self, x: usize, y: usize) -> u8 {
        self.alpha[self.rows[y] * self.stride + self.columns[x]]
    }

    /// Returns the colours of `count` rows from `first` on, starting from the level before.
    fn solve(&self, before: &Level, first: usize, count: usize) -> Vec<Colours> {
        // Each iteration needs one more row on both sides.
        let span = |halo: usize| first.saturating_sub(halo)..(first + count + halo).min(self.height);
        let mut rows = span(self.iterations);
        let mut colours: Vec<Colours> = rows.clone().flat_map(|y| before.row(self, y)).collect();
        for iteration in (0..self.iterations).rev() {
            let next = span(iteration);
            let mut updated = Vec::with_capacity(next.len() * self.width);
            for y in next.clone() {
                self.update_row(y, &rows, &colours, &mut updated);
            }
            (rows, colours) = (next, updated);
        }
        colours
    }

    /// Appends the updated colours of row `y`; `colours` holds the rows `rows`.
    fn update_row(
        &self,
        y: usize,
        rows: &std::ops::Range<usize>,
        colours: &[Colours],
        updated: &mut Vec<Colours>,
    ) {
        let row = |y: usize| &colours[(y - rows.start) * self.width..][..self.width];
        let (above, below) = (y.saturating_sub(1), (y + 1).min(self.height - 1));
        let (this, over, under) = (row(y), row(above), row(below));
        for x in 0..self.width {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(self.width - 1));
            let alphas = [
                self.alpha(left, y),
                self.alpha(right, y),
                self.alpha(x, above),
                self.alpha(x, below),
            ];
            let alpha = self.alpha(x, y);
            let at = self.rows[y] * self.stride + self.columns[x];
            let pixel = [self.image[at * 3], self.image[at * 3 + 1], self.image[at * 3 + 2]].map(f32::from);
            // Away from edges one layer is the image, and the other stays as the coarser level has it.
            let flat = (alpha == 0 || alpha == 255) && alphas.iter().all(|&other| other == alpha);
            updated.push(if flat {
                let opaque = alpha == 255;
                std::array::from_fn(|at| {
                    if (at < 3) == opaque {
                        pixel[at % 3]
                    } else {
                        this[x][at]
                    }
                })
            } else {
                update(
                    pixel,
                    alpha,
                    &[
                        (alphas[0], &this[left]),
                        (alphas[1], &this[right]),
                        (alphas[2], &over[x]),
                        (alphas[3], &under[x]),
                    ],
                )
            });
        }
    }
}

impl Level {
    /// Returns row `y` of the next level, by nearest neighbour.
    fn row(&self, next: &Source<'_>, y: usize) -> impl Iterator<Item = Colours> {
        let row = &self.colours[(y * self.height / next.height) * self.width..][..self.width];
        let (from, to) = (self.width, next.width);
        (0..to).map(move |x| row[x * from / to])
    }
}

/// Minimises a pixel's cost with its neighbours fixed: a system of two equations per channel.
fn update(pixel: [f32; 3], alpha: u8, neighbours: &[(u8, &Colours); 4]) -> Colours {
    let share = f32::from(alpha) / 255.0;
    let rest = 1.0 - share;
    let mut total = 0.0;
    let mut sums = [0.0; 6];
    for (other, colours) in neighbours {
        let weight = REGULARISATION + GRADIENT_WEIGHT * f32::from(alpha.abs_diff(*other)) / 255.0;
        total += weight;
        for (sum, colour) in sums.iter_mut().zip(*colours) {
            *sum += weight * colour;
        }
    }
    let (foreground, background, mixed) = (share * share + total, rest * rest + total, share * rest);
    // foreground x background - mixed^2 without cancellation; positive.
    let scale = 1.0 / (total * (share * share + rest * rest) + total * total);
    let mut result = [0.0; 6];
    for channel in 0..3 {
        let right = [
            share * pixel[channel] + sums[channel],
            rest * pixel[channel] + sums[channel + 3],
        ];
        result[channel] = ((background * right[0] - mixed * right[1]) * scale).clamp(0.0, 255.0);
        result[channel + 3] = ((foreground * right[1] - mixed * right[0]) * scale).clamp(0.0, 255.0);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use iopaint_imaging::GrayImage;
    use iopaint_inpaint::{Stop, Unmonitored};
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    /// A composite of a reddish object with a soft edge of `softness` pixels over a greenish background.
    struct Composite {
        image: RgbImage,
        foreground: RgbImage,
        alpha: Coverage,
    }

    fn composite(width: u32, height: u32, softness: f32) -> Composite {
        let alpha = GrayImage::from_fn(width, height, |x, y| {
            let distance = (x as f32 - width as f32 / 2.0).hypot(y as f32 - height as f32 / 2.0);
            let value = 0.5 - (distance - height as f32 / 3.0) / softness;
            [(value.clamp(0.0, 1.0) * 255.0).round() as u8].into()
        });
        let foreground = RgbImage::from_fn(width, height, |x, y| {
            [200 + (x * 40 / width) as u8, 40 + (y * 60 / height) as u8, 70].into()
        });
        let background = |x: u32, y: u32| {
            [
                20.0,
                150.0 + 60.0 * (x as f32 / width as f32),
                40.0 + y as f32 / 4.0,
            ]
        };
        let image = RgbImage::from_fn(width, height, |x, y| {
            let share = f32::from(alpha.get_pixel(x, y).0[0]) / 255.0;
            let (front, back) = (foreground.get_pixel(x, y).0, background(x, y));
            let mixed = |at: usize| share * f32::from(front[at]) + (1.0 - share) * back[at];
            [0, 1, 2].map(|at| mixed(at).round() as u8).into()
        });
        Composite {
            image,
            foreground,
            alpha: Coverage::new(alpha),
        }
    }

    /// Returns the mean absolute difference from the true foreground over the pixels of partial opacity.
    fn error(colours: &RgbImage, composite: &Composite) -> f64 {
        let pixels = colours
            .pixels()
            .zip(composite.foreground.pixels())
            .zip(composite.alpha.values());
        let partial = pixels.filter(|(_, alpha)| (1..255).contains(*alpha));
        let (mut sum, mut count) = (0_u64, 0_u64);
        for ((colour, truth), _) in partial {
            sum += colour
                .0
                .iter()
                .zip(truth.0)
                .map(|(a, b)| u64::from(a.abs_diff(b)))
                .sum::<u64>();
            count += 3;
        }
        sum as f64 / count as f64
    }

    #[test]
    fn background_does_not_bleed_into_soft_edges() {
        for softness in [4.0, 12.0, 40.0] {
            let composite = composite(300, 200, softness);
            let colours = estimate_foreground(2, &composite.image, &composite.alpha, &Unmonitored).unwrap();
            let (naive, estimated) = (error(&composite.image, &composite), error(&colours, &composite));
            assert!(
                estimated * 8.0 < naive,
                "softness {softness}: {estimated} instead of {naive}"
            );
        }
    }

    #[test]
    fn transparent_pixels_do_not_contain_the_background() {
        let composite = composite(120, 90, 6.0);
        let colours = estimate_foreground(1, &composite.image, &composite.alpha, &Unmonitored).unwrap();
        // The background is green; the object is red.
        assert!(colours.pixels().all(|pixel| pixel.0[0] > pixel.0[1]));
    }

    #[test]
    fn results_do_not_depend_on_threads() {
        let composite = composite(130, 210, 9.0);
        let [one, three] = [1, 3].map(|threads| {
            estimate_foreground(threads, &composite.image, &composite.alpha, &Unmonitored).unwrap()
        });
        assert_eq!(one, three);
    }

    #[test]
    fn monitor_stops_between_levels() {
        struct StopAt(usize);
        impl Monitor for StopAt {
            fn crop(&self, _: usize, _: usize) -> ControlFlow<Stop> {
                ControlFlow::Continue(())
            }
            fn step(&self, done: usize, total: usize) -> ControlFlow<Stop> {
                assert!(done <= total);
                if done == self.0 {
                    ControlFlow::Break(Stop::Cancelled)
                } else {
                    ControlFlow::Continue(())
                }
            }
        }
        let composite = composite(64, 64, 5.0);
        let run = |at| estimate_foreground(1, &composite.image, &composite.alpha, &StopAt(at));
        assert_eq!(run(3), Err(ForwardError::Stopped(Stop::Cancelled)));
        assert_eq!(levels(&composite.image), 7);
        assert!(run(8).is_ok());
    }

    proptest! {
        #[test]
        fn opaque_images_stay(width in 1_u32..70, height in 1_u32..70, seed: u32) {
            let image = RgbImage::from_fn(width, height, |x, y| {
                let value = (x * 31 + y * 17 + 1).wrapping_mul(seed);
                [value as u8, (value >> 8) as u8, (value >> 16) as u8].into()
            });
            let alpha = Coverage::new(GrayImage::from_pixel(width, height, [255].into()));
            prop_assert_eq!(estimate_foreground(2, &image, &alpha, &Unmonitored).unwrap(), image);
        }

        #[test]
        fn any_matte_gives_an_image_of_the_size(
            (width, height, alpha) in (1_u32..40, 1_u32..40).prop_flat_map(|(width, height)| {
                let values = prop::collection::vec(any::<u8>(), (width * height) as usize);
                (Just(width), Just(height), values)
            }),
        ) {
            let image = RgbImage::from_fn(width, height, |x, y| [x as u8 * 6, y as u8 * 6, 255].into());
            let alpha = Coverage::new(GrayImage::from_raw(width, height, alpha).unwrap());
            let colours = estimate_foreground(1, &image, &alpha, &Unmonitored).unwrap();
            prop_assert_eq!(colours.dimensions(), image.dimensions());
            for ((colour, pixel), &alpha) in colours.pixels().zip(image.pixels()).zip(alpha.values()) {
                if alpha == 0 || alpha == 255 {
                    continue;
                }
                // Blue is 255 in the whole image, and so in both layers.
                prop_assert!(colour.0[2] >= 250, "{:?} for {:?} at alpha {}", colour, pixel, alpha);
            }
        }
    }
}

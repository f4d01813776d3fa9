//! Fine detail of single source pixels in place of the votes' mean, which averages it away. The low
//! frequencies of the votes stay, so that structure doesn't move.

#![expect(
    clippy::inline_always,
    reason = "inlined so that it is compiled for the instruction set of the piece that calls it"
)]

use iopaint_imaging::simd_dispatch::{SimdKernel, run_wide};

use super::features::{COLOUR_CHANNELS, Colour, colour_of};
use super::level::PyramidLevel;
use super::parallel::{PIXELS_PER_PIECE, for_each_piece};

/// Standard deviation in pixels of the Gaussian that separates detail from low frequencies. Chosen, like
/// [`HALF_AGREEMENT`], on the tuning half of `make eval-removals` (docs/experiments.md).
const DETAIL_PX: f32 = 2.0;
/// RMS colour difference of the low frequencies of vote and source, in levels of 255, at which the source's
/// detail has half the weight: the detail of an edge, on colours without that edge, looks embossed.
const HALF_AGREEMENT: f32 = 24.0;
/// Pixels on each side that the Gaussian covers: three standard deviations.
const RADIUS: usize = 6;
/// Rows of the whole image are blurred beforehand if it has at most this many pixels per hole pixel, the
/// number of blurred pixels of rows that a hole pixel and its source need; neighbours share most of them.
const BLURRED_PIXELS: usize = 26;
/// Pixels of a row that are blurred together: two vector registers with AVX2.
const BLOCK: usize = 4;
const BLOCK_LANES: usize = BLOCK * (COLOUR_CHANNELS + 1);

/// Weights of the Gaussian, not normalised.
type Kernel = [f32; 2 * RADIUS + 1];
/// Colour and 1, whose blurred value is the sum of the weights. Four numbers fill a vector register.
type Pixel = [f32; COLOUR_CHANNELS + 1];

/// Replaces the detail of `estimates`, the colours x of the hole pixels p, by that of the source pixels s:
///
/// ```text
/// x(p) += agreement * ((x(s) - low x(s)) - (x(p) - low x(p)))
/// agreement = 1 / (1 + (RMS of low x(p) - low x(s) / HALF_AGREEMENT)^4)
/// ```
///
/// where x(s) is a known colour and `low` a Gaussian blur. `sources` has an entry per hole pixel; `None`
/// leaves the estimate.
pub(super) fn copy_source_detail(
    level: &PyramidLevel,
    sources: &[Option<u32>],
    threads: usize,
    estimates: &mut [Colour],
) {
    let with_one = |[red, green, blue]: Colour| [red, green, blue, 1.0];
    let known = level.image.pixels.iter().map(|pixel| with_one(colour_of(pixel)));
    let mut image: Vec<Pixel> = known.collect();
    for (at, estimate) in level.hole_pixels.iter().zip(estimates.iter()) {
        if let Some(pixel) = image.get_mut(*at as usize) {
            *pixel = with_one(*estimate);
        }
    }
    let kernel = std::array::from_fn(|at| {
        let distance_px = at as f32 - RADIUS as f32;
        (-(distance_px / DETAIL_PX).powi(2) / 2.0).exp()
    });
    let width = level.image.width;
    let blurs_rows = image.len() <= BLURRED_PIXELS * level.hole_pixels.len();
    let rows = blurs_rows.then(|| blurred_rows(&image, width, &kernel, threads));
    let pixels = level.hole_pixels.chunks(PIXELS_PER_PIECE);
    let pieces = pixels
        .zip(sources.chunks(PIXELS_PER_PIECE))
        .zip(estimates.chunks_mut(PIXELS_PER_PIECE))
        .map(|((pixels, sources), estimates)| DetailPiece {
            image: &image,
            rows: rows.as_deref(),
            width,
            kernel: &kernel,
            pixels,
            sources,
            estimates,
        });
    for_each_piece(threads, pieces.collect(), run_wide);
}

/// Returns the image with blurred rows, by the same sums as [`blurred_in_row`].
fn blurred_rows(image: &[Pixel], width: usize, kernel: &Kernel, threads: usize) -> Vec<Pixel> {
    let mut blurred = vec![[0.0; COLOUR_CHANNELS + 1]; image.len()];
    let rows = image.chunks(width).zip(blurred.chunks_mut(width));
    let rows = rows.map(|(row, blurred)| BlurredRow { row, kernel, blurred });
    for_each_piece(threads, rows.collect(), run_wide);
    blurred
}

/// A row of the image that one thread blurs.
struct BlurredRow<'a> {
    row: &'a [Pixel],
    kernel: &'a Kernel,
    blurred: &'a mut [Pixel],
}

impl SimdKernel for BlurredRow<'_> {
    #[inline(always)]
    fn run(self) {
        let Self { row, kernel, blurred } = self;
        let inside = RADIUS..row.len().saturating_sub(RADIUS + BLOCK - 1);
        let mut x = 0;
        while x < blurred.len() {
            let length = if inside.contains(&x) { BLOCK } else { 1 };
            match blurred.get_mut(x..x + length) {
                Some([pixel]) => *pixel = blurred_in_row(row, x, kernel),
                Some(block) => write_block(row, x, kernel, block.as_flattened_mut()),
                None => {}
            }
            x += length;
        }
    }
}

/// Writes [`BLOCK`] blurred pixels from `x` on, all of whose neighbours lie inside the row.
#[inline(always)]
fn write_block(row: &[Pixel], x: usize, kernel: &Kernel, blurred: &mut [f32]) {
    let mut sums = [0.0; BLOCK_LANES];
    for (weight, first) in kernel.iter().zip(x - RADIUS..) {
        let pixels = row.get(first..first + BLOCK).unwrap_or_default().as_flattened();
        for (sum, channel) in sums.iter_mut().zip(pixels) {
            *sum += weight * channel;
        }
    }
    blurred.copy_from_slice(&sums);
}

/// Returns the Gaussian blur of a row at a pixel, over the pixels within the row.
#[inline(always)]
fn blurred_in_row(row: &[Pixel], x: usize, kernel: &Kernel) -> Pixel {
    let columns = x.saturating_sub(RADIUS)..(x + RADIUS + 1).min(row.len());
    let pixels = row.get(columns).unwrap_or_default();
    let mut sums = [0.0; COLOUR_CHANNELS + 1];
    for (weight, pixel) in kernel.iter().skip(RADIUS.saturating_sub(x)).zip(pixels) {
        for (sum, channel) in sums.iter_mut().zip(pixel) {
            *sum += weight * channel;
        }
    }
    sums
}

/// The pixels that one thread changes at a time.
struct DetailPiece<'a> {
    /// Known colours and estimates.
    image: &'a [Pixel],
    /// The image with blurred rows, if they were blurred beforehand.
    rows: Option<&'a [Pixel]>,
    width: usize,
    kernel: &'a Kernel,
    pixels: &'a [u32],
    sources: &'a [Option<u32>],
    estimates: &'a mut [Colour],
}

impl SimdKernel for DetailPiece<'_> {
    #[inline(always)]
    fn run(mut self) {
        let estimates = std::mem::take(&mut self.estimates);
        for ((at, source), estimate) in self.pixels.iter().zip(self.sources).zip(estimates) {
            if let Some(source) = source {
                self.copy(*at as usize, *source as usize, estimate);
            }
        }
    }
}

impl DetailPiece<'_> {
    #[inline(always)]
    fn copy(&self, at: usize, source: usize, estimate: &mut Colour) {
        let Some(colour) = self.image.get(source) else {
            return;
        };
        let (low, source_low) = (self.low(at), self.low(source));
        let agreement = agreement(low, source_low);
        let sources = colour.iter().zip(source_low);
        for ((channel, low), (source, source_low)) in estimate.iter_mut().zip(low).zip(sources) {
            let change = (source - source_low) - (*channel - low);
            *channel = (*channel + agreement * change).clamp(0.0, 255.0);
        }
    }

    /// Returns the Gaussian blur at a pixel over the pixels within the image.
    #[inline(always)]
    fn low(&self, at: usize) -> Colour {
        let (x, y) = (at % self.width, at / self.width);
        let mut sum = [0.0; COLOUR_CHANNELS + 1];
        for (step, row_weight) in self.kernel.iter().enumerate() {
            let of_row = (y + step)
                .checked_sub(RADIUS)
                .and_then(|y| self.blurred_in_row(x, y));
            for (sum, channel) in sum.iter_mut().zip(of_row.unwrap_or_default()) {
                *sum += row_weight * channel;
            }
        }
        let [red, green, blue, total] = sum;
        [red, green, blue].map(|channel| channel / total)
    }

    /// Returns the blur of row `y` at column `x`; `None` outside the image.
    #[inline(always)]
    fn blurred_in_row(&self, x: usize, y: usize) -> Option<Pixel> {
        let first = y * self.width;
        if let Some(rows) = self.rows {
            return rows.get(first + x).copied();
        }
        let row = self.image.get(first..first + self.width)?;
        Some(blurred_in_row(row, x, self.kernel))
    }
}

fn agreement(low: Colour, source_low: Colour) -> f32 {
    let squares = low.iter().zip(source_low).map(|(a, b)| (a - b).powi(2));
    let ratio = squares.sum::<f32>() / COLOUR_CHANNELS as f32 / HALF_AGREEMENT.powi(2);
    1.0 / (1.0 + ratio * ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patchmatch::feature_image::FeatureImage;
    use crate::patchmatch::features::features_from_rgb;

    const SIDE_LENGTH: usize = 64;
    /// Columns from the hole to its sources.
    const SHIFT: u32 = 28;

    /// A chequerboard of 4 levels above and below `grey`, with a hole in the left half.
    fn level(grey: u8) -> PyramidLevel {
        let positions = (0..SIDE_LENGTH * SIDE_LENGTH).map(|at| (at % SIDE_LENGTH, at / SIDE_LENGTH));
        let pixel = |(x, y): (usize, usize)| {
            features_from_rgb([if (x + y) % 2 == 0 { grey + 4 } else { grey - 4 }; 3])
        };
        PyramidLevel::new(FeatureImage {
            width: SIDE_LENGTH,
            height: SIDE_LENGTH,
            pixels: positions.clone().map(pixel).collect(),
            hole: positions
                .map(|(x, y)| (10..24).contains(&x) && (10..54).contains(&y))
                .collect(),
        })
    }

    /// Returns the colours of the hole, which were 100, at a distance from its border, less 100.
    fn copied(level: &PyramidLevel, threads: usize) -> Vec<f32> {
        let sources: Vec<_> = level.hole_pixels.iter().map(|at| Some(at + SHIFT)).collect();
        let mut estimates = vec![[100.0; COLOUR_CHANNELS]; level.hole_pixels.len()];
        copy_source_detail(level, &sources, threads, &mut estimates);
        let colours = level.hole_pixels.iter().zip(estimates);
        let inside = colours.filter(|(at, _)| (16..18).contains(&(**at as usize % SIDE_LENGTH)));
        inside.map(|(_, colour)| colour[0] - 100.0).collect()
    }

    #[test]
    fn grain_replaces_the_mean() {
        let colours = copied(&level(100), 1);
        assert!(
            colours.iter().all(|colour| (3.8..4.1).contains(&colour.abs())),
            "{colours:?}"
        );
        assert!(colours.iter().sum::<f32>().abs() < 1.0);
        assert_eq!(colours, copied(&level(100), 3));
    }

    #[test]
    fn detail_of_other_colours_is_left_out() {
        let colours = copied(&level(200), 1);
        assert!(colours.iter().all(|colour| colour.abs() < 1.2), "{colours:?}");
    }

    #[test]
    fn rows_blurred_beforehand_are_equal() {
        let kernel: Kernel = std::array::from_fn(|at| 1.0 / (at as f32 + 3.0));
        for width in [1, 5, 12, 13, 16, 17, 40] {
            let row: Vec<Pixel> = (0..width)
                .map(|x| [(x * 37 % 256) as f32, (x * x % 251) as f32, 9.5, 1.0])
                .collect();
            let expected: Vec<Pixel> = (0..width).map(|x| blurred_in_row(&row, x, &kernel)).collect();
            let bits = |pixels: &[Pixel]| {
                pixels
                    .as_flattened()
                    .iter()
                    .map(|x| x.to_bits())
                    .collect::<Vec<_>>()
            };
            assert_eq!(
                bits(&blurred_rows(&row, width, &kernel, 1)),
                bits(&expected),
                "{width}"
            );
        }
    }

    #[test]
    fn pixels_without_a_source_are_kept() {
        let level = level(100);
        let mut estimates = vec![[100.0; COLOUR_CHANNELS]; level.hole_pixels.len()];
        copy_source_detail(&level, &vec![None; estimates.len()], 1, &mut estimates);
        assert!(
            estimates
                .iter()
                .all(|estimate| estimate.map(f32::to_bits) == [100.0_f32.to_bits(); COLOUR_CHANNELS])
        );
    }
}

//! Foreground colours of a cut-out, without the colours of the old background at its soft edges.
//!
//! "Fast Multi-Level Foreground Estimation" (Germer, Uelwer, Conrad and Harmeling, 2020): foreground F and
//! background B minimise, over all pixels, the squared error of alpha F + (1 - alpha) B against the image and
//! the squared differences of neighbours, weighted by the differences of alpha. The equations are solved from
//! the coarsest level of an image pyramid to the finest; each level starts from the one before.
//!
//! Levels are updated by Jacobi iterations in tiles; most tiles are opaque or transparent and have nothing to
//! solve. The finest level, which only needs F, isn't stored: besides the result, the memory is 24 bytes per
//! pixel of the level of half the side, 6 bytes per image pixel.

mod level;

use iopaint_imaging::{Coverage, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use self::level::{Colours, Level, Source, TILE, TileContent};
use super::stages::Stages;
use crate::parallel::for_each_band;

/// Pixels whose products of 8-bit samples and alpha are summed in 32 bits: 255 x 255 x 2^16 < 2^32.
const MAX_PIXELS: usize = 1 << 16;
/// Rows per band, the unit of parallel work.
const BAND_ROWS: usize = TILE;

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
        let source = Source::new(image, alpha, shift, &level);
        if shift == 0 {
            let stride = source.width * 3;
            for_each_band(threads, &mut result, BAND_ROWS * stride, |band, samples| {
                write_foreground(&source, band * BAND_ROWS, samples);
            });
        } else {
            let mut colours = vec![[0.0; 6]; source.width * source.height];
            for_each_band(threads, &mut colours, BAND_ROWS * source.width, |band, solved| {
                write_colours(&source, band * BAND_ROWS, solved);
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

/// Writes the foreground of the rows from `first` on over the samples of the image.
fn write_foreground(source: &Source<'_>, first: usize, samples: &mut [u8]) {
    let stride = source.width * 3;
    for tile in source.tiles(first, samples.len() / stride) {
        let content = source.content(&tile);
        if matches!(content, TileContent::Opaque) {
            continue;
        }
        for (row, y) in samples.chunks_exact_mut(stride).zip(tile.rows.clone()) {
            let pixels = &mut row.as_chunks_mut::<3>().0[tile.columns.clone()];
            match &content {
                TileContent::Solved(patch) => {
                    for (pixel, colours) in pixels.iter_mut().zip(patch.row(y)) {
                        *pixel = foreground(colours);
                    }
                }
                TileContent::Opaque | TileContent::Transparent => {
                    for (pixel, colours) in pixels.iter_mut().zip(source.row_before(&tile, y)) {
                        *pixel = foreground(colours);
                    }
                }
            }
        }
    }
}

/// Returns the foreground in 8 bits; colours aren't negative.
fn foreground(colours: &Colours) -> [u8; 3] {
    [colours[0], colours[1], colours[2]].map(|colour| (colour + 0.5) as u8)
}

/// Writes the colours of the rows from `first` on.
fn write_colours(source: &Source<'_>, first: usize, solved: &mut [Colours]) {
    for tile in source.tiles(first, solved.len() / source.width) {
        let content = source.content(&tile);
        for (row, y) in solved.chunks_exact_mut(source.width).zip(tile.rows.clone()) {
            let targets = &mut row[tile.columns.clone()];
            match &content {
                TileContent::Solved(patch) => targets.copy_from_slice(patch.row(y)),
                TileContent::Opaque => source.write_flat(&tile, y, true, targets),
                TileContent::Transparent => source.write_flat(&tile, y, false, targets),
            }
        }
    }
}

/// Returns the mean colours of foreground and background, weighted by alpha.
fn mean_colours(image: &RgbImage, alpha: &Coverage) -> Colours {
    let mut sums = [0_u64; 6];
    let mut weights = [0_u64; 2];
    let width = image.width() as usize;
    let rows = image.as_raw().as_chunks::<3>().0.chunks(width);
    for (pixels, alphas) in rows.zip(alpha.values().chunks(width)) {
        for (pixels, alphas) in pixels.chunks(MAX_PIXELS).zip(alphas.chunks(MAX_PIXELS)) {
            let mut part = [0_u32; 6];
            let mut weight = 0_u32;
            for (pixel, alpha) in pixels.iter().zip(alphas) {
                let (share, rest) = (u32::from(*alpha), u32::from(255 - alpha));
                weight += share;
                for (channel, sample) in pixel.iter().enumerate() {
                    part[channel] += share * u32::from(*sample);
                    part[channel + 3] += rest * u32::from(*sample);
                }
            }
            weights[0] += u64::from(weight);
            weights[1] += pixels.len() as u64 * 255 - u64::from(weight);
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += u64::from(part);
            }
        }
    }
    std::array::from_fn(|at| sums[at] as f32 / weights[at / 3].max(1) as f32)
}

#[cfg(test)]
mod tests;

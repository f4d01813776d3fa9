//! The fast guided filter: an edge-preserving filter of a soft mask, guided by a colour image.
//!
//! "Guided Image Filtering" (He, Sun and Tang, 2013; equations 19 to 21 for colour guides) and "Fast Guided
//! Filter" (He and Sun, 2015). In each window of a grid of cells, which is a reduced image or the image
//! itself, the mask is modelled as a linear function of the colours, a . colour + b; the models are averaged
//! over the windows that cover a cell, and applied to the pixels.
//!
//! Rows are streamed: besides the guide and the mask of the cells (4 bytes per cell) a band needs a few rows
//! of sums.

mod models;

use iopaint_imaging::{Coverage, Rect, RgbImage};

pub(crate) use self::models::Window;
use self::models::{Coefficients, Grid};
use crate::parallel::for_each_band;

/// The pixels to which the models are applied.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The image.
    pub image: &'a RgbImage,
    /// The part of the image that the cells divide.
    pub rect: Rect,
    /// Width and height of a cell in pixels. The cells at the right and lower borders may be cut.
    pub cell: (f32, f32),
}

/// Rows of cells per band.
const BAND_ROWS: f32 = 32.0;

/// Filters the mask `mask` of the cells with the colours `guide`, both of the grid's size. Returns the
/// row-major values of the pixels of `target.rect`, 0 to 255.
pub(crate) fn filter(
    threads: usize,
    target: Target<'_>,
    guide: &RgbImage,
    mask: &Coverage,
    window: Window,
) -> Vec<u8> {
    let (width, height) = (target.rect.width as usize, target.rect.height as usize);
    let mut result = vec![0; width * height];
    let grid = Grid::new(guide, mask, window);
    if result.is_empty() || grid.width == 0 || grid.height == 0 || mask.dimensions() != guide.dimensions() {
        return result;
    }
    let spans = spans(width, target.cell.0, grid.width);
    let band_rows = ((BAND_ROWS * target.cell.1) as usize).max(1);
    for_each_band(threads, &mut result, band_rows * width, |index, band| {
        let first = index * band_rows;
        let count = band.len() / width;
        let position = |y: usize| Interpolation::at(y, target.cell.1, grid.height);
        let start = position(first).low;
        let models = grid.mean_models(start, position(first + count - 1).high + 1);
        let mut mixed = vec![Coefficients::default(); grid.width];
        for (row, y) in band.chunks_exact_mut(width).zip(first..) {
            let Interpolation { low, high, weight } = position(y);
            let rows = models[(low - start) * grid.width..]
                .iter()
                .zip(&models[(high - start) * grid.width..]);
            for (mixed, (above, below)) in mixed.iter_mut().zip(rows) {
                *mixed = mix(above, below, weight);
            }
            apply(&mixed, &spans, target.row(y), row);
        }
    });
    result
}

impl Target<'_> {
    /// Returns the pixels of row `y` of the rectangle.
    fn row(&self, y: usize) -> &[[u8; 3]] {
        let start = (self.rect.y as usize + y) * self.image.width() as usize + self.rect.x as usize;
        let pixels = self.image.as_raw().as_chunks::<3>().0;
        pixels
            .get(start..start + self.rect.width as usize)
            .unwrap_or_default()
    }
}

/// Linear interpolation between the centres of two cells.
#[derive(Clone, Copy)]
struct Interpolation {
    low: usize,
    high: usize,
    weight: f32,
}

impl Interpolation {
    /// Returns the interpolation at the centre of pixel `at`, clamped at the borders, for `length` cells of
    /// `cell` pixels.
    fn at(at: usize, cell: f32, length: usize) -> Self {
        let position = ((at as f32 + 0.5) / cell - 0.5).max(0.0);
        let low = (position as usize).min(length - 1);
        Self {
            low,
            high: (low + 1).min(length - 1),
            weight: position - low as f32,
        }
    }
}

/// The pixels of a row between the centres of two cells.
struct Span {
    low: usize,
    high: usize,
    /// Weight of cell `high` for each pixel.
    weights: Vec<f32>,
}

/// Divides a row of `width` pixels at the centres of its cells.
fn spans(width: usize, cell: f32, cells: usize) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::with_capacity(cells);
    for at in (0..width).map(|x| Interpolation::at(x, cell, cells)) {
        match spans.last_mut().filter(|span| span.low == at.low) {
            Some(span) => span.weights.push(at.weight),
            None => spans.push(Span {
                low: at.low,
                high: at.high,
                weights: vec![at.weight],
            }),
        }
    }
    spans
}

/// Applies the models of a row's cells to its pixels.
fn apply(models: &[Coefficients], spans: &[Span], pixels: &[[u8; 3]], row: &mut [u8]) {
    let mut start = 0;
    for Span { low, high, weights } in spans {
        let end = start + weights.len();
        let (low, high) = (&models[*low], &models[*high]);
        let (Some(values), Some(pixels)) = (row.get_mut(start..end), pixels.get(start..end)) else {
            return;
        };
        start = end;
        // Most of a mask is flat: no slope, and the same constant in both cells.
        let bits = |model: &Coefficients| model.map(f32::to_bits);
        if bits(low) == bits(high) && bits(low)[..3] == [0; 3] {
            values.fill(to_sample(low[3]));
            continue;
        }
        for ((value, pixel), weight) in values.iter_mut().zip(pixels).zip(weights) {
            let [red, green, blue, constant] = mix(low, high, *weight);
            let [r, g, b] = pixel.map(f32::from);
            *value = to_sample(red * r + green * g + blue * b + constant);
        }
    }
}

/// Rounds to 0 to 255.
fn to_sample(value: f32) -> u8 {
    (value + 0.5) as u8
}

fn mix(a: &Coefficients, b: &Coefficients, weight: f32) -> Coefficients {
    std::array::from_fn(|at| a[at] + (b[at] - a[at]) * weight)
}

#[cfg(test)]
mod tests;

//! A text region with its surroundings, resampled so that the text runs along the rows: the input of the
//! network that segments strokes.

use std::ops::Range;

use iopaint_imaging::{Rect, RgbImage};

use super::geometry::{Point, RotatedRect};
use super::reduction::ReducedImage;

/// Height of the region in samples. Training marks 64 rows (`models/train_strokes/samples.py`); with 80 in
/// place of 64, a former network's precision in regions of at least 60 pixels was higher by 0.02 at the same
/// recall, on six tuning scenes (docs/text.md). With 91 it was that of 64.
const REGION_ROWS: f32 = 80.0;
/// Samples of the region on each side that its channel leaves out, so that the channel has 64 rows as in
/// training.
const INSET: usize = 8;
/// Samples on each side of the region. With `INSET`, there are 32 beside the channel's rows, as in training.
const MARGIN: f32 = 24.0;
/// Rows of samples.
pub const ROWS: usize = 128;
/// The number of columns is a multiple of this, the network's total stride.
const STRIDE: usize = 16;
/// Columns of samples, at most; a line of 90 letters has about 4000.
const MAX_COLUMNS: usize = 8192;
/// Pixels per side of a sample in a reduced image, at least: with fewer, the mean of a square of pixels would
/// blur across samples.
const MIN_REDUCED_SCALE: f32 = 2.0;
/// Points per side of a sample whose colours are averaged, at most.
const MAX_POINTS: f32 = 16.0;
/// Channels of the input: red, green, blue, and the region.
pub const CHANNELS: usize = 4;

/// The grid of samples around a text region.
#[derive(Clone, Copy, Debug)]
pub struct Patch {
    centre: Point,
    /// Unit vectors along the text and across it.
    along: Point,
    across: Point,
    /// Pixels per sample.
    scale: f32,
    columns: usize,
    /// Samples from the first column to the region.
    start: usize,
}

impl Patch {
    /// Returns the grid around `text`; `None` if the region is too long for its height.
    pub fn around(text: &RotatedRect) -> Option<Self> {
        let (centre, along) = (text.centre(), text.longer_axis());
        let scale = text.short_side() / REGION_ROWS;
        let length = text.long_side() / scale;
        let columns = length + 2.0 * MARGIN;
        if !(columns.is_finite() && scale.is_finite() && columns <= MAX_COLUMNS as f32) {
            return None;
        }
        let columns = (columns.ceil() as usize).next_multiple_of(STRIDE);
        Some(Self {
            centre,
            along,
            across: (-along.1, along.0),
            scale,
            columns,
            start: ((columns as f32 - length) / 2.0).round() as usize,
        })
    }

    /// Returns the number of columns of samples.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Returns the rows of samples in the region.
    pub fn region_rows() -> Range<usize> {
        MARGIN as usize..ROWS - MARGIN as usize
    }

    /// Returns the columns of samples in the region.
    pub fn region_columns(&self) -> Range<usize> {
        self.start..self.columns - self.start
    }

    /// Returns the columns before and after the region, as wide as the margin beside it.
    pub fn margin_columns(&self) -> [Range<usize>; 2] {
        let Range { start, end } = self.region_columns();
        let margin = MARGIN as usize;
        [
            start.saturating_sub(margin)..start,
            end..(end + margin).min(self.columns),
        ]
    }

    /// Returns the columns of the squares at the start and the end of the region.
    pub fn end_columns(&self) -> [Range<usize>; 2] {
        let Range { start, end } = self.region_columns();
        let side = REGION_ROWS as usize;
        [
            start..(start + side).min(end),
            end.saturating_sub(side).max(start)..end,
        ]
    }

    /// Returns the values of shape `[CHANNELS, ROWS, columns]`: RGB and, as the last channel, the inner part
    /// of the region, from -1 to 1. Samples outside the image have the colours of its edge.
    ///
    /// The time hardly depends on the size of the region: large samples are read from a reduced image.
    pub fn values(&self, image: &RgbImage) -> Vec<f32> {
        let factor = self.scale / MIN_REDUCED_SCALE;
        let reduced = (factor >= 2.0)
            .then(|| self.bounds(image.dimensions()))
            .flatten()
            .map(|bounds| ReducedImage::new(image, bounds, factor as u32));
        let (source, scale) = reduced.as_ref().map_or((image, self.scale), |reduced| {
            (reduced.image(), self.scale / reduced.factor())
        });
        let plane = ROWS * self.columns;
        let mut values = vec![-1.0; CHANNELS * plane];
        let count = scale.ceil().clamp(1.0, MAX_POINTS);
        let offsets: Vec<f32> = (0..count as usize)
            .map(|index| (index as f32 + 0.5) / count - 0.5)
            .collect();
        let weight = 1.0 / (127.5 * count * count);
        for row in 0..ROWS {
            for column in 0..self.columns {
                let mut sum = [0.0; 3];
                for down in &offsets {
                    for right in &offsets {
                        let point = self.to_image((column as f32 + right, row as f32 + down));
                        let point = reduced.as_ref().map_or(point, |reduced| reduced.position(point));
                        for (sum, value) in sum.iter_mut().zip(colour_at(source, point)) {
                            *sum += value;
                        }
                    }
                }
                for (channel, sum) in sum.iter().enumerate() {
                    values[channel * plane + row * self.columns + column] = sum * weight - 1.0;
                }
            }
        }
        let columns = self.region_columns();
        let rows = Self::region_rows();
        for row in rows.start + INSET..rows.end - INSET {
            let first = 3 * plane + row * self.columns;
            values[first + columns.start + INSET..first + columns.end - INSET].fill(1.0);
        }
        values
    }

    /// Returns the interpolated value of `samples`, row-major, at a pixel of the image; 0 outside the grid.
    pub fn value_at(&self, samples: &[f32], pixel: Point) -> f32 {
        let (column, row) = self.to_samples(pixel);
        if column >= 0.0 && row >= 0.0 {
            // Truncation, and one check per row: faster than `floor` without SSE 4.1, and a check per sample.
            let (left, top) = (column as usize, row as usize);
            let start = top * self.columns + left;
            let rows = [start, start + self.columns].map(|start| samples.get(start..start + 2));
            if left + 1 < self.columns
                && let [Some([a, b]), Some([c, d])] = rows
            {
                let (right_share, bottom_share) = (column - left as f32, row - top as f32);
                let mix = |left: &f32, right: &f32| left * (1.0 - right_share) + right * right_share;
                return mix(a, b) * (1.0 - bottom_share) + mix(c, d) * bottom_share;
            }
        }
        let (left, top) = (column.floor(), row.floor());
        let (right_share, bottom_share) = (column - left, row - top);
        let value = |column: f32, row: f32| {
            let inside = (0.0..self.columns as f32).contains(&column) && (0.0..ROWS as f32).contains(&row);
            let at = inside.then(|| row as usize * self.columns + column as usize);
            at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0)
        };
        let mix = |row: f32| value(left, row) * (1.0 - right_share) + value(left + 1.0, row) * right_share;
        mix(top) * (1.0 - bottom_share) + mix(top + 1.0) * bottom_share
    }

    /// Returns the part of an image of `size` that the grid covers, with one sample more on each side.
    fn bounds(&self, size: (u32, u32)) -> Option<Rect> {
        let (columns, rows) = (self.columns as f32, ROWS as f32);
        let corners = [(-1.0, -1.0), (columns, -1.0), (columns, rows), (-1.0, rows)];
        RotatedRect::around(&corners.map(|corner| self.to_image(corner)))?.bounds(size)
    }

    fn middle(&self) -> Point {
        ((self.columns as f32 - 1.0) / 2.0, (ROWS as f32 - 1.0) / 2.0)
    }

    fn to_image(self, (column, row): Point) -> Point {
        let middle = self.middle();
        let (right, down) = ((column - middle.0) * self.scale, (row - middle.1) * self.scale);
        (
            self.centre.0 + right * self.along.0 + down * self.across.0,
            self.centre.1 + right * self.along.1 + down * self.across.1,
        )
    }

    fn to_samples(self, (x, y): Point) -> Point {
        let middle = self.middle();
        let (x, y) = ((x - self.centre.0) / self.scale, (y - self.centre.1) / self.scale);
        (
            x * self.along.0 + y * self.along.1 + middle.0,
            x * self.across.0 + y * self.across.1 + middle.1,
        )
    }
}

/// Returns the bilinearly interpolated colour at a point, 0 to 255, or that of the nearest pixel outside the
/// image.
fn colour_at(image: &RgbImage, (x, y): Point) -> [f32; 3] {
    let (width, height) = image.dimensions();
    let x = x.clamp(0.0, width.saturating_sub(1) as f32);
    let y = y.clamp(0.0, height.saturating_sub(1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (right_share, bottom_share) = (x - left as f32, y - top as f32);
    let pixels = image.as_raw().as_chunks::<3>().0;
    let right = (left + 1).min(width.saturating_sub(1) as usize);
    let bottom = (top + 1).min(height.saturating_sub(1) as usize);
    let pixel = |column: usize, row: usize| {
        let found = pixels.get(row * width as usize + column).copied();
        found.unwrap_or_default().map(f32::from)
    };
    let corners = [
        (pixel(left, top), (1.0 - right_share) * (1.0 - bottom_share)),
        (pixel(right, top), right_share * (1.0 - bottom_share)),
        (pixel(left, bottom), (1.0 - right_share) * bottom_share),
        (pixel(right, bottom), right_share * bottom_share),
    ];
    let mut mixed = [0.0; 3];
    for (colour, weight) in corners {
        for (mixed, value) in mixed.iter_mut().zip(colour) {
            *mixed += weight * value;
        }
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(corners: &[Point]) -> Patch {
        Patch::around(&RotatedRect::around(corners).unwrap()).unwrap()
    }

    fn bar() -> Patch {
        patch(&[(100.0, 50.0), (228.0, 50.0), (228.0, 82.0), (100.0, 82.0)])
    }

    #[test]
    fn region_channel_fills_the_middle_rows() {
        let found = bar();
        assert_eq!((found.columns(), found.scale), (368, 0.4));
        let values = found.values(&RgbImage::new(300, 200));
        let region = &values[3 * ROWS * 368..];
        let is_inside = |column: usize, row: usize| region[row * 368 + column] > 0.0;
        assert!(is_inside(32, 32) && is_inside(335, 95) && is_inside(150, 50));
        assert!(!is_inside(31, 50) && !is_inside(336, 50) && !is_inside(150, 31) && !is_inside(150, 96));
    }

    #[test]
    fn samples_have_the_colours_of_their_pixels() {
        let image = RgbImage::from_fn(300, 200, |x, y| [(x / 2) as u8, y as u8, 7].into());
        let found = bar();
        let values = found.values(&image);
        let (x, y) = found.to_image((200.0, 60.0));
        let at = |channel: usize| values[(channel * ROWS + 60) * 368 + 200];
        assert!((at(0) - (x / 2.0 / 127.5 - 1.0)).abs() < 0.01);
        assert!((at(1) - (y / 127.5 - 1.0)).abs() < 0.01);
        assert!((at(2) - (7.0 / 127.5 - 1.0)).abs() < 0.01);
    }

    #[test]
    fn reduction_averages_all_pixels() {
        let stripes = RgbImage::from_fn(900, 500, |x, _| [if x % 2 == 0 { 0 } else { 255 }; 3].into());
        let found = patch(&[(200.0, 100.0), (712.0, 100.0), (712.0, 420.0), (200.0, 420.0)]);
        let values = found.values(&stripes);
        assert!(
            values[..ROWS * found.columns()]
                .iter()
                .all(|value| value.abs() < 0.02)
        );
    }

    #[test]
    fn reduced_image_has_equal_colours() {
        let image = RgbImage::from_fn(1500, 1200, |x, y| [(x / 8) as u8, (y / 8) as u8, 7].into());
        let found = patch(&[(300.0, 200.0), (1100.0, 300.0), (1034.0, 828.0), (234.0, 728.0)]);
        assert!(found.scale > 2.0 * MIN_REDUCED_SCALE);
        let values = found.values(&image);
        for (column, row) in [(20, 10), (80, 64), (120, 100)] {
            let (x, y) = found.to_image((column as f32, row as f32));
            let at =
                |channel: usize| (values[(channel * ROWS + row) * found.columns() + column] + 1.0) * 127.5;
            assert!((at(0) - (x / 8.0 - 0.44)).abs() < 0.6, "{} {x}", at(0));
            assert!((at(1) - (y / 8.0 - 0.44)).abs() < 0.6, "{} {y}", at(1));
        }
    }

    #[test]
    fn pixels_and_samples_are_inverse_in_rotated_text() {
        let found = patch(&[(50.0, 80.0), (140.0, 20.0), (160.0, 50.0), (70.0, 110.0)]);
        let mut samples = vec![0.0; ROWS * found.columns()];
        samples[40 * found.columns() + 70] = 1.0;
        let pixel = found.to_image((70.0, 40.0));
        assert!((found.value_at(&samples, pixel) - 1.0).abs() < 1e-2);
        let beside = found.to_image((70.5, 40.0));
        assert!((found.value_at(&samples, beside) - 0.5).abs() < 1e-2);
        assert!(found.value_at(&samples, (-900.0, 4e9)) == 0.0);
    }

    #[test]
    fn extreme_regions_have_no_patch() {
        let line = RotatedRect::around(&[(0.0, 0.0), (1e9, 0.0), (1e9, 20.0), (0.0, 20.0)]).unwrap();
        assert!(Patch::around(&line).is_none());
    }
}

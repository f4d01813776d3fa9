//! The working grid: a rectangle of the image, sampled at the network's resolution.

use iopaint_imaging::{Coverage, Rect, RgbImage};

/// Cells on the longer side of a frame: the side of u2netp's map. More cells carry no more information.
pub(super) const MAX_CELLS: u32 = 320;

/// A rectangle of the image, divided into cells of at least one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The rectangle, in pixels of the image.
    pub rect: Rect,
    /// Cells per row.
    pub columns: usize,
    /// Rows of cells.
    pub rows: usize,
}

impl Frame {
    /// Divides a non-empty rectangle into nearly square cells, at most [`MAX_CELLS`] on a side.
    pub fn new(rect: Rect) -> Self {
        let scale = f64::from(MAX_CELLS) / f64::from(rect.width.max(rect.height).max(1));
        let cells = |side: u32| ((f64::from(side) * scale.min(1.0)).round() as usize).max(1);
        Self {
            rect,
            columns: cells(rect.width),
            rows: cells(rect.height),
        }
    }

    /// Returns the number of cells.
    pub fn len(&self) -> usize {
        self.columns * self.rows
    }

    /// Returns the cell of pixel (x, y); `None` outside the rectangle.
    pub fn cell(&self, x: u32, y: u32) -> Option<usize> {
        let (dx, dy) = (x.checked_sub(self.rect.x)?, y.checked_sub(self.rect.y)?);
        if dx >= self.rect.width || dy >= self.rect.height {
            return None;
        }
        let index = |offset: u32, cells: usize, side: u32| offset as usize * cells / side as usize;
        Some(index(dy, self.rows, self.rect.height) * self.columns + index(dx, self.columns, self.rect.width))
    }

    /// Returns the centre of a cell, in pixels of the image.
    pub fn centre(&self, cell: usize) -> (f32, f32) {
        let (row, column) = (cell / self.columns, cell % self.columns);
        let at = |start: u32, side: u32, index: usize, cells: usize| {
            start as f32 + (index as f32 + 0.5) * side as f32 / cells as f32
        };
        (
            at(self.rect.x, self.rect.width, column, self.columns),
            at(self.rect.y, self.rect.height, row, self.rows),
        )
    }

    /// Returns the rectangle of the pixels of the cells in `columns` and `rows`, which aren't empty.
    pub fn pixels(&self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> Rect {
        // The first pixel of a cell: the smallest offset with offset * cells / side == index.
        let start = |index: usize, cells: usize, side: u32| (index * side as usize).div_ceil(cells) as u32;
        let (left, right) = (
            start(columns.start, self.columns, self.rect.width),
            start(columns.end, self.columns, self.rect.width),
        );
        let (top, bottom) = (
            start(rows.start, self.rows, self.rect.height),
            start(rows.end, self.rows, self.rect.height),
        );
        Rect {
            x: self.rect.x + left,
            y: self.rect.y + top,
            width: right - left,
            height: bottom - top,
        }
    }

    /// Returns the rectangle of the pixels of all cells that `is_member` marks; `None` if it marks none.
    pub fn bounds(&self, is_member: impl Fn(usize) -> bool) -> Option<Rect> {
        let mut bounds: Option<[usize; 4]> = None;
        for cell in (0..self.len()).filter(|&cell| is_member(cell)) {
            let (x, y) = (cell % self.columns, cell / self.columns);
            let [x0, y0, x1, y1] = bounds.unwrap_or([x, y, x, y]);
            bounds = Some([x0.min(x), y0.min(y), x1.max(x), y1.max(y)]);
        }
        bounds.map(|[x0, y0, x1, y1]| self.pixels(x0..x1 + 1, y0..y1 + 1))
    }

    /// Returns the mean colour of each cell, RGB in 0 to 1.
    pub fn colours(&self, image: &RgbImage) -> Vec<[f32; 3]> {
        let stride = image.width() as usize * 3;
        let columns: Vec<Rect> = (0..self.columns).map(|x| self.pixels(x..x + 1, 0..1)).collect();
        let mut colours = Vec::with_capacity(self.len());
        // The sums of the samples of each column of pixels.
        let mut sums = vec![0_u32; self.rect.width as usize * 3];
        for y in 0..self.rows {
            let rows = self.pixels(0..1, y..y + 1);
            sums.fill(0);
            for row in rows.y..rows.y + rows.height {
                let start = row as usize * stride + self.rect.x as usize * 3;
                let samples = image.as_raw().get(start..start + sums.len());
                for (sum, sample) in sums.iter_mut().zip(samples.unwrap_or_default()) {
                    *sum += u32::from(*sample);
                }
            }
            for cell in &columns {
                let start = (cell.x - self.rect.x) as usize;
                let pixels = sums.as_chunks::<3>().0.iter().skip(start);
                let mut sum = [0_u64; 3];
                for pixel in pixels.take(cell.width as usize) {
                    for (sum, samples) in sum.iter_mut().zip(pixel) {
                        *sum += u64::from(*samples);
                    }
                }
                let scale = 1.0 / (255.0 * cell.width as f32 * rows.height as f32);
                colours.push(sum.map(|sum| sum as f32 * scale));
            }
        }
        colours
    }

    /// Samples a map that covers the frame's rectangle at the cells' centres, bilinearly; values 0 to 1.
    pub fn sample(&self, map: &Coverage) -> Vec<f32> {
        let (width, height) = map.dimensions();
        let across = taps(self.columns, width as usize);
        let mut values = Vec::with_capacity(self.len());
        for down in taps(self.rows, height as usize) {
            let row = |y: usize| map.values().get(y * width as usize..(y + 1) * width as usize);
            let (Some(upper), Some(lower)) = (row(down.0), row(down.1)) else {
                values.resize(values.len() + self.columns, 0.0);
                continue;
            };
            for &(left, right, weight) in &across {
                let mix = |row: &[u8]| {
                    let value = |x: usize| row.get(x).map_or(0.0, |value| f32::from(*value));
                    value(left) + (value(right) - value(left)) * weight
                };
                values.push((mix(upper) + (mix(lower) - mix(upper)) * down.2) / 255.0);
            }
        }
        values
    }
}

/// Returns, for each of `target` evenly spaced samples, the two neighbours among `source` samples of the same
/// extent and the weight of the second.
pub(super) fn taps(target: usize, source: usize) -> Vec<(usize, usize, f32)> {
    let last = source.saturating_sub(1);
    let position = |index: usize| {
        let at = (index as f32 + 0.5) * source as f32 / target as f32 - 0.5;
        let at = at.clamp(0.0, last as f32);
        let first = at as usize;
        (first, (first + 1).min(last), at - first as f32)
    };
    (0..target).map(position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(x: u32, y: u32, width: u32, height: u32) -> Frame {
        Frame::new(Rect { x, y, width, height })
    }

    #[test]
    fn cells_partition_the_pixels() {
        for (width, height) in [(1, 1), (7, 640), (333, 321), (5, 3)] {
            let frame = frame(2, 3, width, height);
            let mut pixels = 0;
            for cell in 0..frame.len() {
                let (x, y) = (cell % frame.columns, cell / frame.columns);
                let rect = frame.pixels(x..x + 1, y..y + 1);
                assert!(rect.width > 0 && rect.height > 0);
                assert_eq!(frame.cell(rect.x, rect.y), Some(cell));
                let last = (rect.x + rect.width - 1, rect.y + rect.height - 1);
                assert_eq!(frame.cell(last.0, last.1), Some(cell));
                pixels += rect.width * rect.height;
            }
            assert_eq!(pixels, width * height);
        }
    }

    #[test]
    fn colours_are_means() {
        let image = RgbImage::from_fn(640, 2, |x, _| image::Rgb([(x % 2 * 100) as u8, 255, 0]));
        let colours = frame(0, 0, 640, 2).colours(&image);
        assert_eq!(colours.len(), 320);
        assert!((colours[7][0] - 50.0 / 255.0).abs() < 1e-6);
        assert!((colours[7][1] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn constant_maps_stay_constant() {
        let map = Coverage::new(iopaint_imaging::GrayImage::from_pixel(5, 4, image::Luma([255])));
        assert!(
            frame(0, 0, 9, 30)
                .sample(&map)
                .iter()
                .all(|value| (value - 1.0).abs() < 1e-6)
        );
    }
}

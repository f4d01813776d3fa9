//! The picture that is being filled, and how its pixels are read from the grid of the march.

use iopaint_imaging::RgbImage;

/// Which lines (rows or columns) of the picture stand for a line of the grid and its neighbours.
///
/// `OpenCV` reads the second line of a picture in place of the first, and the last but one beside the last; results
/// at the edges depend on it.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    /// The line itself.
    pub at: usize,
    /// The one before it.
    pub before: usize,
    /// The line itself as seen from the one after it.
    pub last: usize,
    /// The one after it.
    pub after: usize,
}

/// The lines for each line of the grid inside its border, of a side of `side` pixels.
fn lines(side: usize) -> Vec<Lines> {
    let end = side.saturating_sub(1);
    (0..side)
        .map(|line| {
            let at = if line == 0 { 1.min(end) } else { line };
            let last = if line == end { end.saturating_sub(1) } else { line };
            Lines {
                at,
                before: at.saturating_sub(1),
                last,
                after: (last + 1).min(end),
            }
        })
        .collect()
}

/// The picture while it is being filled.
pub(super) struct Canvas {
    width: usize,
    pixels: Vec<[u8; 3]>,
    /// For each row.
    pub rows: Vec<Lines>,
    /// For each column.
    pub columns: Vec<Lines>,
}

impl Canvas {
    pub fn new(image: &RgbImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        Self {
            width,
            pixels: image.as_raw().as_chunks::<3>().0.to_vec(),
            rows: lines(height),
            columns: lines(width),
        }
    }

    /// One row's pixels.
    pub fn row(&self, y: usize) -> &[[u8; 3]] {
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    pub fn set(&mut self, x: usize, y: usize, pixel: [u8; 3]) {
        self.pixels[y * self.width + x] = pixel;
    }

    pub fn into_raw(self) -> Vec<u8> {
        self.pixels.into_flattened()
    }
}

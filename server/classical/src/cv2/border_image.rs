//! The image being filled, with `OpenCV`'s border handling.

use iopaint_imaging::RgbImage;

/// The line (row or column) indices that `OpenCV` reads for a line's central differences.
///
/// `OpenCV` reads the second line of an image in place of the first, and the last but one as the predecessor
/// of the last one's successor; the results at the image's border depend on it.
#[derive(Clone, Copy)]
pub(super) struct LineIndices {
    /// The line itself.
    pub at: usize,
    /// Its predecessor.
    pub before: usize,
    /// The line itself in differences with its successor.
    pub last: usize,
    /// Its successor.
    pub after: usize,
}

/// Returns the indices for each line of a side of `side` pixels.
fn line_indices(side: usize) -> Vec<LineIndices> {
    let end = side.saturating_sub(1);
    (0..side)
        .map(|line| {
            let at = if line == 0 { 1.min(end) } else { line };
            let last = if line == end { end.saturating_sub(1) } else { line };
            LineIndices {
                at,
                before: at.saturating_sub(1),
                last,
                after: (last + 1).min(end),
            }
        })
        .collect()
}

/// The pixels filled so far and the line indices of each row and column.
pub(super) struct BorderImage {
    width: usize,
    pixels: Vec<[u8; 3]>,
    pub rows: Vec<LineIndices>,
    pub columns: Vec<LineIndices>,
}

impl BorderImage {
    pub fn new(image: &RgbImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        Self {
            width,
            pixels: image.as_raw().as_chunks::<3>().0.to_vec(),
            rows: line_indices(height),
            columns: line_indices(width),
        }
    }

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

//! Rectangular regions of an image.

use std::ops::Range;

/// A rectangle in pixels.
#[derive(Clone)]
pub(super) struct ImageRegion {
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
}

impl ImageRegion {
    /// Returns the region grown by `margin` pixels on every side, clipped to an image of `width` x `height`
    /// pixels.
    pub(super) fn grown(self, margin: usize, width: usize, height: usize) -> Self {
        let grown = |range: Range<usize>, side: usize| {
            range.start.saturating_sub(margin)..range.end.saturating_add(margin).min(side)
        };
        Self {
            columns: grown(self.columns, width),
            rows: grown(self.rows, height),
        }
    }

    /// Returns the region's values, row by row, of an image of `width` columns.
    pub(super) fn crop<'v, T>(
        &self,
        values: &'v [T],
        width: usize,
    ) -> impl Iterator<Item = &'v T> + use<'v, T> {
        let (columns, rows) = (self.columns.clone(), self.rows.clone());
        values
            .chunks_exact(width.max(1))
            .skip(rows.start)
            .take(rows.len())
            .flat_map(move |row| row.iter().skip(columns.start).take(columns.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_is_clipped_to_the_image() {
        let region = ImageRegion {
            columns: 3..5,
            rows: 7..8,
        };
        let grown = region.grown(4, 20, 10);
        assert_eq!((grown.columns, grown.rows), (0..9, 3..10));
    }

    #[test]
    fn crop_returns_rows_in_order() {
        let region = ImageRegion {
            columns: 1..3,
            rows: 1..3,
        };
        let values: Vec<u32> = (0..16).collect();
        let cropped: Vec<u32> = region.crop(&values, 4).copied().collect();
        assert_eq!(cropped, [5, 6, 9, 10]);
    }
}

//! The known pixels around one that is to be filled.

use std::ops::RangeInclusive;

use super::march::Field;

/// A disc of pixels.
pub(super) struct Disc {
    radius: usize,
    /// How far the disc goes to each side in the row at this distance from its centre.
    reach: Vec<usize>,
}

/// One row of a disc, inside the picture: in coordinates of the picture, whose first pixel is (1, 1) in the grid.
pub(super) struct Row {
    pub y: usize,
    pub columns: RangeInclusive<usize>,
}

impl Disc {
    /// The disc of all pixels that are at most `radius` pixels from its centre.
    pub fn new(radius: usize) -> Self {
        let reach = (0..=radius)
            .map(|dy| (radius * radius - dy * dy).isqrt())
            .collect();
        Self { radius, reach }
    }

    /// How many pixels it has, about.
    pub fn area(&self) -> usize {
        3 * self.radius * self.radius + 1
    }

    /// Its rows around (x, y) in a picture of `width` x `height` pixels, from the top.
    pub fn rows(&self, (x, y): (usize, usize), (width, height): (usize, usize)) -> impl Iterator<Item = Row> {
        let top = y.saturating_sub(self.radius);
        let bottom = (y + self.radius).min(height.saturating_sub(1));
        (top..=bottom).map(move |row| {
            let reach = self.reach[row.abs_diff(y)];
            Row {
                y: row,
                columns: x.saturating_sub(reach)..=(x + reach).min(width.saturating_sub(1)),
            }
        })
    }
}

/// Whether the neighbours of a pixel, the one before it and the one after it, are unknown.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub vertical: [bool; 2],
    pub horizontal: [bool; 2],
}

impl Around {
    pub fn of(field: &Field, at: usize) -> Self {
        Self {
            vertical: [at - field.stride, at + field.stride].map(|beside| field.unknown[beside]),
            horizontal: [at - 1, at + 1].map(|beside| field.unknown[beside]),
        }
    }
}

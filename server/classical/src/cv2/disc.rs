//! The neighbourhood of a pixel to fill.

use std::ops::RangeInclusive;

use super::fast_marching::ArrivalTimes;

/// A disc of pixels.
pub(super) struct Disc {
    radius: usize,
    /// Half the width of the row at each vertical distance from the centre.
    half_widths: Vec<usize>,
}

/// A row of a disc, clipped to the image. Image pixel (0, 0) is pixel (1, 1) of the grid of [`ArrivalTimes`].
pub(super) struct DiscRow {
    pub y: usize,
    pub columns: RangeInclusive<usize>,
}

impl Disc {
    /// Creates the disc of all pixels within `radius` pixels of its centre.
    pub fn new(radius: usize) -> Self {
        let half_widths = (0..=radius)
            .map(|dy| (radius * radius - dy * dy).isqrt())
            .collect();
        Self { radius, half_widths }
    }

    /// Returns the approximate number of its pixels, at least 1.
    pub fn area(&self) -> usize {
        3 * self.radius * self.radius + 1
    }

    /// Returns its rows around (x, y) in an image of `width` x `height` pixels, from top to bottom.
    pub fn rows(
        &self,
        (x, y): (usize, usize),
        (width, height): (usize, usize),
    ) -> impl Iterator<Item = DiscRow> {
        let top = y.saturating_sub(self.radius);
        let bottom = (y + self.radius).min(height.saturating_sub(1));
        (top..=bottom).map(move |row| {
            let half_width = self.half_widths[row.abs_diff(y)];
            DiscRow {
                y: row,
                columns: x.saturating_sub(half_width)..=(x + half_width).min(width.saturating_sub(1)),
            }
        })
    }
}

/// Per axis, true for an unknown neighbour before and after a pixel.
#[derive(Clone, Copy)]
pub(super) struct UnknownNeighbours {
    pub vertical: [bool; 2],
    pub horizontal: [bool; 2],
}

impl UnknownNeighbours {
    pub fn of(times: &ArrivalTimes, at: usize) -> Self {
        Self {
            vertical: [at - times.stride, at + times.stride].map(|neighbour| times.unknown[neighbour]),
            horizontal: [at - 1, at + 1].map(|neighbour| times.unknown[neighbour]),
        }
    }
}

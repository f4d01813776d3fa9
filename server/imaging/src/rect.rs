//! Rectangles on an image.

/// A non-empty rectangle, in pixels of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Left edge, inclusive.
    pub x: u32,
    /// Top edge, inclusive.
    pub y: u32,
    /// Number of columns.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
}

impl Rect {
    /// Returns the rectangle of a whole image of `width` x `height` pixels.
    #[must_use]
    pub const fn whole((width, height): (u32, u32)) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// Returns width and height.
    #[must_use]
    pub const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Returns the smallest rectangle that contains both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: (self.x + self.width).max(other.x + other.width) - x,
            height: (self.y + self.height).max(other.y + other.height) - y,
        }
    }

    /// Returns the common part; `None` if the rectangles don't overlap.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let right = (self.x + self.width).min(other.x + other.width);
        let bottom = (self.y + self.height).min(other.y + other.height);
        (x < right && y < bottom).then(|| Self {
            x,
            y,
            width: right - x,
            height: bottom - y,
        })
    }

    /// Returns true if `other` lies within this rectangle.
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.x + other.width <= self.x + self.width
            && other.y + other.height <= self.y + self.height
    }

    /// Returns true if the rectangle isn't empty and lies within a picture of `width` x `height` pixels. Any
    /// position and size is valid.
    #[must_use]
    pub fn is_within(&self, (width, height): (u32, u32)) -> bool {
        let inside = |origin: u32, size: u32, side: u32| {
            size > 0 && origin.checked_add(size).is_some_and(|end| end <= side)
        };
        inside(self.x, self.width, width) && inside(self.y, self.height, height)
    }

    /// Returns the values of the rectangle's pixels, row by row. `values` are row-major with `columns`
    /// columns.
    pub fn crop<'v, T>(&self, values: &'v [T], columns: usize) -> impl Iterator<Item = &'v T> + use<'v, T> {
        let (x, width) = (self.x as usize, self.width as usize);
        let rows = values.chunks_exact(columns.max(1));
        let rows = rows.skip(self.y as usize).take(self.height as usize);
        rows.flat_map(move |row| row.iter().skip(x).take(width))
    }

    /// Returns the rectangle with `margin` pixels more on every side, clipped to an image of `width` x
    /// `height` pixels that contains the rectangle.
    #[must_use]
    pub fn grown_and_clipped(&self, margin: u32, (width, height): (u32, u32)) -> Self {
        let (x, y) = (self.x.saturating_sub(margin), self.y.saturating_sub(margin));
        let end = |start: u32, length: u32, side: u32| (start + length).saturating_add(margin).min(side);
        Self {
            x,
            y,
            width: end(self.x, self.width, width) - x,
            height: end(self.y, self.height, height) - y,
        }
    }

    /// Returns the rectangle with `margin` pixels more on every side, within an image of `width` x `height`
    /// pixels. Margin that the image's edge cuts off is added on the opposite side.
    #[must_use]
    pub fn grown(&self, margin: u32, (width, height): (u32, u32)) -> Self {
        let (x, columns) = grown_span(self.x, self.width, margin, width);
        let (y, rows) = grown_span(self.y, self.height, margin, height);
        Self {
            x,
            y,
            width: columns,
            height: rows,
        }
    }
}

/// Returns start and length of a span with `margin` more at both ends, within `0..side`. Margin that is cut
/// off at one end is added at the other.
#[must_use]
pub fn grown_span(start: u32, length: u32, margin: u32, side: u32) -> (u32, u32) {
    let length = length.saturating_add(margin.saturating_mul(2)).min(side);
    (start.saturating_sub(margin).min(side - length), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECT: Rect = Rect {
        x: 2,
        y: 3,
        width: 4,
        height: 2,
    };

    #[test]
    fn grown_moves_cut_margin_to_the_opposite_side() {
        let expected = Rect {
            x: 0,
            y: 0,
            width: 10,
            height: 7,
        };
        assert_eq!(RECT.grown(3, (20, 7)), expected);
    }

    #[test]
    fn crop_returns_rows_in_order() {
        let rect = Rect {
            x: 1,
            y: 1,
            width: 2,
            height: 2,
        };
        let values: Vec<u32> = (0..16).collect();
        let cropped: Vec<u32> = rect.crop(&values, 4).copied().collect();
        assert_eq!(cropped, [5, 6, 9, 10]);
    }

    #[test]
    fn clipped_margin_is_lost() {
        let expected = Rect {
            x: 0,
            y: 0,
            width: 9,
            height: 7,
        };
        assert_eq!(RECT.grown_and_clipped(3, (20, 7)), expected);
        assert_eq!(RECT.grown_and_clipped(u32::MAX, (20, 7)), Rect::whole((20, 7)));
    }
}

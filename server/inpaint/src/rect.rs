//! Rectangles on an image.

use iopaint_imaging::GrayImage;

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
    pub(crate) const fn whole((width, height): (u32, u32)) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// Returns the smallest rectangle that contains both.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: (self.x + self.width).max(other.x + other.width) - x,
            height: (self.y + self.height).max(other.y + other.height) - y,
        }
    }

    /// Returns the common part; `None` if the rectangles don't overlap.
    pub(crate) fn intersection(&self, other: &Self) -> Option<Self> {
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
    pub(crate) fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.x + other.width <= self.x + self.width
            && other.y + other.height <= self.y + self.height
    }

    /// Returns the rectangle with `margin` pixels more on every side, within an image of `width` x `height`
    /// pixels. Margin that the image's edge cuts off is added on the opposite side.
    pub(crate) fn grown(&self, margin: u32, (width, height): (u32, u32)) -> Self {
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
pub(crate) fn grown_span(start: u32, length: u32, margin: u32, side: u32) -> (u32, u32) {
    let length = length.saturating_add(margin.saturating_mul(2)).min(side);
    (start.saturating_sub(margin).min(side - length), length)
}

/// Returns the bounding box of the pixels of `mask` that aren't 0, which are all that a run may change if it
/// keeps the pixels outside the hole. `None` if all pixels are 0.
#[must_use]
pub fn changed_box(mask: &GrayImage) -> Option<Rect> {
    let width = mask.width() as usize;
    if width == 0 {
        return None;
    }
    let (mut left, mut right) = (width, 0);
    let (mut top, mut bottom) = (None, 0);
    for (y, row) in (0..).zip(mask.as_raw().chunks_exact(width)) {
        let Some(first) = row.iter().position(|&value| value != 0) else {
            continue;
        };
        let last = row.iter().rposition(|&value| value != 0).unwrap_or(first);
        left = left.min(first);
        right = right.max(last + 1);
        top = top.or(Some(y));
        bottom = y + 1;
    }
    top.map(|top| Rect {
        x: left as u32,
        y: top,
        width: (right - left) as u32,
        height: bottom - top,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_box_is_the_bounding_box() {
        let mut mask = GrayImage::new(9, 7);
        assert_eq!(changed_box(&mask), None);
        mask.as_mut()[9 * 2 + 3] = 1;
        mask.as_mut()[9 * 5 + 8] = 255;
        let expected = Rect {
            x: 3,
            y: 2,
            width: 6,
            height: 4,
        };
        assert_eq!(changed_box(&mask), Some(expected));
    }

    #[test]
    fn empty_mask_has_no_changed_box() {
        assert_eq!(changed_box(&GrayImage::new(0, 5)), None);
    }
}

//! Rectangles on an image.

use iopaint_imaging::GrayImage;

/// A rectangle in pixels of the image, not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rect {
    /// Left edge, inclusive.
    pub x: u32,
    /// Top edge, inclusive.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Rect {
    /// The whole of an image of `width` x `height` pixels.
    pub(crate) const fn whole((width, height): (u32, u32)) -> Self {
        Self {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// The smallest rectangle with all pixels of both.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: (self.x + self.width).max(other.x + other.width) - x,
            height: (self.y + self.height).max(other.y + other.height) - y,
        }
    }

    /// The pixels that both have; `None` where they have none together.
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

    /// Whether every pixel of `other` is one of this rectangle's.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        self.x <= other.x
            && self.y <= other.y
            && other.x + other.width <= self.x + self.width
            && other.y + other.height <= self.y + self.height
    }
}

/// The smallest rectangle with every pixel of `mask` that isn't 0: what a run that keeps the pixels outside the
/// hole may change. `None` where nothing is to be filled.
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
    fn the_changed_box_holds_every_pixel_that_is_not_kept_and_no_empty_edge() {
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
    fn a_mask_without_pixels_has_no_changed_box() {
        assert_eq!(changed_box(&GrayImage::new(0, 5)), None);
    }
}

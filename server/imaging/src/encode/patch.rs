//! New pixels for a part of a picture.

use image::RgbImage;

use crate::{EncodeError, Mask, Rect};

/// New pixels for a rectangle of an upright picture.
#[derive(Debug, Clone, Copy)]
pub struct Patch<'a> {
    /// Colours, in the colour space of the decoded picture. Those of unchanged pixels have no effect.
    pub pixels: &'a RgbImage,
    /// The changed pixels, of the size of `pixels`.
    pub changed: &'a Mask,
    /// Distance of the rectangle from the left edge of the picture, in pixels.
    pub x: u32,
    /// Distance from the top edge, in pixels.
    pub y: u32,
}

impl<'a> Patch<'a> {
    /// Returns the patch that replaces the pixels of `changed` in a whole picture.
    #[must_use]
    pub fn whole(pixels: &'a RgbImage, changed: &'a Mask) -> Self {
        Self {
            pixels,
            changed,
            x: 0,
            y: 0,
        }
    }

    /// Returns the new colour of the picture's pixel (x, y); `None` if the pixel doesn't change.
    pub(super) fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        let (x, y) = (x.checked_sub(self.x)?, y.checked_sub(self.y)?);
        self.changed
            .is_hole(x, y)
            .then(|| self.pixels.get_pixel_checked(x, y))?
            .map(|pixel| pixel.0)
    }

    /// Calls `visit` with each changed pixel of the picture, row by row.
    pub(super) fn for_each_changed(&self, mut visit: impl FnMut(u32, u32)) {
        let rows = self
            .changed
            .values()
            .chunks_exact(self.changed.width().max(1) as usize);
        for (y, row) in (self.y..).zip(rows) {
            for x in memchr::memchr_iter(255, row) {
                visit(self.x + x as u32, y);
            }
        }
    }

    /// Checks that the patch lies within a picture of `size`.
    pub(super) fn check(&self, size: (u32, u32)) -> Result<(), EncodeError> {
        let (expected, found) = (self.pixels.dimensions(), self.changed.dimensions());
        if expected != found {
            return Err(EncodeError::SizeMismatch { expected, found });
        }
        let area = Rect {
            x: self.x,
            y: self.y,
            width: expected.0,
            height: expected.1,
        };
        if area.is_within(size) {
            Ok(())
        } else {
            Err(EncodeError::OutsidePicture)
        }
    }
}

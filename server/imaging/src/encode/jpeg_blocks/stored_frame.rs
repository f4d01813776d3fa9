//! A patch in the frame of the stored pixels, before the orientation is applied.

use image::metadata::Orientation;

use crate::encode::Patch;

/// An upright patch, addressed by stored pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredFrame<'a> {
    patch: &'a Patch<'a>,
    /// The transform from stored to upright pixels.
    orientation: Orientation,
    /// Width and height of the stored picture in pixels.
    size: (u32, u32),
}

impl<'a> StoredFrame<'a> {
    /// `size` is the stored size in pixels.
    pub fn new(patch: &'a Patch<'a>, size: (u32, u32), orientation: Orientation) -> Self {
        Self {
            patch,
            orientation,
            size,
        }
    }

    /// Returns the new colour of a stored pixel; `None` if the pixel doesn't change. Positions beyond the
    /// edge stand for the closest pixel of the picture.
    pub fn pixel(&self, (x, y): (usize, usize)) -> Option<[u8; 3]> {
        let (width, height) = self.size;
        let clamped = |at: usize, side: u32| u32::try_from(at).map_or(side - 1, |at| at.min(side - 1));
        let at = (clamped(x, width), clamped(y, height));
        let (x, y) = transformed(self.orientation, self.size, at);
        self.patch.pixel(x, y)
    }

    /// Calls `visit` with each stored pixel that changes, in any order.
    pub fn for_each_changed(&self, mut visit: impl FnMut(usize, usize)) {
        let (width, height) = self.size;
        // The other transforms are their own inverses.
        let (inverse, upright) = match self.orientation {
            Orientation::Rotate90 => (Orientation::Rotate270, (height, width)),
            Orientation::Rotate270 => (Orientation::Rotate90, (height, width)),
            other if other.to_exif() < 5 => (other, (width, height)),
            other => (other, (height, width)),
        };
        self.patch.for_each_changed(|x, y| {
            let (x, y) = transformed(inverse, upright, (x, y));
            visit(x as usize, y as usize);
        });
    }
}

/// Returns the position of pixel `(x, y)` of a picture of `width` x `height` after the orientation is
/// applied.
fn transformed(orientation: Orientation, (width, height): (u32, u32), (x, y): (u32, u32)) -> (u32, u32) {
    let (right, bottom) = (width - 1 - x, height - 1 - y);
    match orientation {
        Orientation::NoTransforms => (x, y),
        Orientation::FlipHorizontal => (right, y),
        Orientation::Rotate180 => (right, bottom),
        Orientation::FlipVertical => (x, bottom),
        Orientation::Rotate90FlipH => (y, x),
        Orientation::Rotate90 => (bottom, x),
        Orientation::Rotate270FlipH => (bottom, right),
        Orientation::Rotate270 => (y, right),
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, Rgb, RgbImage};
    use rstest::rstest;

    use super::*;
    use crate::Mask;

    #[rstest]
    fn pixels_match_the_oriented_picture(#[values(1, 2, 3, 4, 5, 6, 7, 8)] exif: u8) {
        let orientation = Orientation::from_exif(exif).unwrap();
        let stored = RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, y as u8, 0]));
        let mut upright = DynamicImage::ImageRgb8(stored.clone());
        upright.apply_orientation(orientation);
        let upright = upright.into_rgb8();
        let changed = Mask::from_fn(upright.width(), upright.height(), |x, y| {
            upright.get_pixel(x, y).0 == [2, 1, 0]
        });
        let patch = Patch::whole(&upright, &changed);
        let frame = StoredFrame::new(&patch, (3, 2), orientation);
        for (x, y, pixel) in stored.enumerate_pixels() {
            let expected = ((x, y) == (2, 1)).then_some(pixel.0);
            assert_eq!(frame.pixel((x as usize, y as usize)), expected);
        }
        assert_eq!(frame.pixel((3, 7)), Some([2, 1, 0]));
        let mut visited = Vec::new();
        frame.for_each_changed(|x, y| visited.push((x, y)));
        assert_eq!(visited, [(2, 1)]);
    }
}

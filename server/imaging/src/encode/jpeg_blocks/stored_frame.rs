//! The result and its hole in the frame of the stored pixels, before the orientation is applied.

use image::{RgbImage, metadata::Orientation};

use crate::Mask;

/// An upright result and hole, addressed by stored pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredFrame<'a> {
    result: &'a RgbImage,
    hole: &'a Mask,
    /// The transform from stored to upright pixels.
    orientation: Orientation,
    /// Width and height of the stored picture in pixels.
    size: (usize, usize),
}

impl<'a> StoredFrame<'a> {
    /// `result` and `hole` have the upright size.
    pub fn new(result: &'a RgbImage, hole: &'a Mask, orientation: Orientation) -> Self {
        let (width, height) = result.dimensions();
        let (width, height) = (width as usize, height as usize);
        Self {
            result,
            hole,
            orientation,
            size: if orientation.to_exif() < 5 {
                (width, height)
            } else {
                (height, width)
            },
        }
    }

    /// Returns width and height of the stored picture in pixels.
    pub fn size(&self) -> (usize, usize) {
        self.size
    }

    /// Returns true if the stored pixel belongs to the hole.
    pub fn is_hole(&self, at: (usize, usize)) -> bool {
        let (x, y) = transformed(self.orientation, self.size, at);
        self.hole.is_hole(x as u32, y as u32)
    }

    /// Returns the result's colour at a stored pixel.
    pub fn pixel(&self, at: (usize, usize)) -> [u8; 3] {
        let (x, y) = transformed(self.orientation, self.size, at);
        self.result.get_pixel(x as u32, y as u32).0
    }

    /// Calls `visit` with each stored pixel of the hole, in any order.
    pub fn for_each_hole_pixel(&self, mut visit: impl FnMut(usize, usize)) {
        let upright = (self.result.width() as usize, self.result.height() as usize);
        // The other transforms are their own inverses.
        let inverse = match self.orientation {
            Orientation::Rotate90 => Orientation::Rotate270,
            Orientation::Rotate270 => Orientation::Rotate90,
            other => other,
        };
        for (y, row) in self.hole.values().chunks_exact(upright.0).enumerate() {
            for x in memchr::memchr_iter(255, row) {
                let (x, y) = transformed(inverse, upright, (x, y));
                visit(x, y);
            }
        }
    }
}

/// Returns the position of pixel `(x, y)` of a picture of `width` x `height` after the orientation is
/// applied.
fn transformed(
    orientation: Orientation,
    (width, height): (usize, usize),
    (x, y): (usize, usize),
) -> (usize, usize) {
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
    use image::{DynamicImage, Rgb};
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn pixels_match_the_oriented_picture(#[values(1, 2, 3, 4, 5, 6, 7, 8)] exif: u8) {
        let orientation = Orientation::from_exif(exif).unwrap();
        let stored = RgbImage::from_fn(3, 2, |x, y| Rgb([x as u8, y as u8, 0]));
        let mut upright = DynamicImage::ImageRgb8(stored.clone());
        upright.apply_orientation(orientation);
        let upright = upright.into_rgb8();
        let hole = Mask::from_fn(upright.width(), upright.height(), |x, y| {
            upright.get_pixel(x, y).0 == [2, 1, 0]
        });
        let frame = StoredFrame::new(&upright, &hole, orientation);
        assert_eq!(frame.size(), (3, 2));
        for (x, y, pixel) in stored.enumerate_pixels() {
            let at = (x as usize, y as usize);
            assert_eq!(frame.pixel(at), pixel.0);
            assert_eq!(frame.is_hole(at), at == (2, 1));
        }
        let mut visited = Vec::new();
        frame.for_each_hole_pixel(|x, y| visited.push((x, y)));
        assert_eq!(visited, [(2, 1)]);
    }
}

//! Masks: the hole of an image as a binary [`Mask`] or as soft [`Coverage`], and the thresholds between them.

use image::{GrayImage, Luma, RgbImage};

use crate::Rect;

/// A threshold for the binarization of coverage: values of at least this belong to the hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold(u8);

impl Threshold {
    /// Any coverage: the pixels that a run may change, and the hole of models that ignore partial coverage.
    /// The TorchScript models of the LaMa contract binarize by `mask > 0` in `IOPaint`.
    pub const ANY: Self = Self(1);
    /// The masks of inpaint requests. `IOPaint`'s API binarizes by `cv2.threshold(mask, 127, 255,
    /// THRESH_BINARY)`, that is `mask > 127`.
    pub const INPAINT_REQUEST: Self = Self(128);
    /// The masks of `iopaint run`. `IOPaint`'s batch command uses `mask >= 127`, one level below its API.
    pub const BATCH: Self = Self(127);
    /// The masks of adjust-mask requests, as in `IOPaint`: `mask >= 127`.
    pub const ADJUST_MASK: Self = Self(127);
    /// The components of the hole under the Crop strategy. `IOPaint` binarizes by `cv2.threshold(mask, 127,
    /// 255, THRESH_BINARY)` before `findContours`.
    pub const CONTOURS: Self = Self(128);
    /// The pixels that are taken from the result of a scaled run. `IOPaint` keeps the pixels where `mask <
    /// 127`.
    pub const SCALED_RESULT: Self = Self(127);
    /// The masks of plugins. `IOPaint` takes the pixels of the network's mask where `mask > 128`.
    pub const PLUGIN: Self = Self(129);
    /// The input of MI-GAN and `FcF`. `IOPaint` binarizes it by `mask > 120`.
    pub const MIGAN: Self = Self(121);
    /// The input of MAT. `IOPaint` binarizes it by `mask > 127`.
    pub const MAT: Self = Self(128);
    /// The input of LDM. `IOPaint` binarizes it by `mask / 255 >= 0.5`.
    pub const LDM: Self = Self(128);
    /// The input of ZITS. `IOPaint` binarizes it by `mask > 127`.
    pub const ZITS: Self = Self(128);

    /// Returns true if a pixel with this coverage belongs to the hole.
    #[must_use]
    pub const fn is_hole(self, value: u8) -> bool {
        value >= self.0
    }

    /// Returns the smallest value that belongs to the hole.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }
}

/// A binary mask: 255 for the pixels of the hole, 0 for known pixels. No other values occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Coverage);

impl Mask {
    /// Returns a mask without a hole.
    #[must_use]
    pub fn empty(width: u32, height: u32) -> Self {
        Self(Coverage(GrayImage::new(width, height)))
    }

    /// Returns a mask whose hole is the whole image.
    #[must_use]
    pub fn full(width: u32, height: u32) -> Self {
        Self(Coverage(GrayImage::from_pixel(width, height, Luma([255]))))
    }

    /// Returns the mask of the pixels (x, y) for which `is_hole` is true.
    #[must_use]
    pub fn from_fn(width: u32, height: u32, is_hole: impl Fn(u32, u32) -> bool) -> Self {
        let value = |x, y| Luma([if is_hole(x, y) { 255 } else { 0 }]);
        Self(Coverage(GrayImage::from_fn(width, height, value)))
    }

    /// Returns the mask of row-major flags, true for hole pixels; `None` if their number isn't `width` x
    /// `height`.
    #[must_use]
    pub fn from_flags(width: u32, height: u32, flags: impl IntoIterator<Item = bool>) -> Option<Self> {
        let values = flags.into_iter().map(|hole| if hole { 255 } else { 0 }).collect();
        let gray = GrayImage::from_raw(width, height, values)?;
        Some(Self(Coverage(gray)))
    }

    /// Returns the mask as coverage: 255 for hole pixels, 0 for known pixels.
    #[must_use]
    pub fn as_coverage(&self) -> &Coverage {
        &self.0
    }

    /// Converts the mask to coverage.
    #[must_use]
    pub fn into_coverage(self) -> Coverage {
        self.0
    }

    /// Returns width and height in pixels.
    #[must_use]
    pub fn dimensions(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    /// Returns the width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Returns the height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// Returns the row-major values, 0 or 255.
    #[must_use]
    pub fn values(&self) -> &[u8] {
        self.0.values()
    }

    /// Iterates over the pixels in row-major order: true for hole pixels.
    pub fn flags(&self) -> impl Iterator<Item = bool> + Clone {
        self.values().iter().map(|value| *value > 0)
    }

    /// Returns true if (x, y) is inside the image and belongs to the hole.
    #[must_use]
    pub fn is_hole(&self, x: u32, y: u32) -> bool {
        self.0.get(x, y) > 0
    }

    /// Returns the bounding box of the hole; `None` without a hole.
    #[must_use]
    pub fn bounding_box(&self) -> Option<Rect> {
        self.0.bounding_box()
    }

    /// Returns the mask with hole and known pixels exchanged.
    #[must_use]
    pub fn inverted(mut self) -> Self {
        for value in self.0.0.iter_mut() {
            *value = !*value;
        }
        self
    }

    /// Adds the columns `columns` of row `y` to the hole. Pixels outside the image are ignored.
    pub fn fill_row(&mut self, y: usize, columns: std::ops::Range<usize>) {
        self.0.fill_row(y, columns, 255);
    }

    pub(crate) fn from_values(gray: GrayImage) -> Self {
        Self(Coverage(gray))
    }
}

/// Bytes that are compared with 0 at a time.
const VECTORIZED_BYTES: usize = 256;

/// Soft coverage of an image by the hole: 255 fills a pixel, 0 keeps it, values between blend. Masks have
/// such values when they are decoded or resized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage(GrayImage);

impl Coverage {
    /// Interprets gray values as coverage.
    #[must_use]
    pub fn new(gray: GrayImage) -> Self {
        Self(gray)
    }

    /// Returns the coverage as a gray image.
    #[must_use]
    pub fn as_gray(&self) -> &GrayImage {
        &self.0
    }

    /// Converts the coverage to a gray image.
    #[must_use]
    pub fn into_gray(self) -> GrayImage {
        self.0
    }

    /// Returns width and height in pixels.
    #[must_use]
    pub fn dimensions(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    /// Returns the width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Returns the height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// Returns the row-major values.
    #[must_use]
    pub fn values(&self) -> &[u8] {
        self.0.as_raw()
    }

    /// Iterates over the rows of values.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.values().chunks_exact(self.width().max(1) as usize)
    }

    /// Returns the value at (x, y); 0 outside the image.
    #[must_use]
    pub fn get(&self, x: u32, y: u32) -> u8 {
        self.0.get_pixel_checked(x, y).map_or(0, |Luma([value])| *value)
    }

    /// Returns the bounding box of the pixels that aren't 0, which are all that a run may change if it keeps
    /// the pixels outside the hole. `None` if all pixels are 0.
    #[must_use]
    pub fn bounding_box(&self) -> Option<Rect> {
        let (mut left, mut right) = (self.width() as usize, 0);
        let (mut top, mut bottom) = (None, 0);
        for (y, row) in (0..).zip(self.rows()) {
            // Unlike the search for a position, this is compiled to vector instructions.
            let is_zero = |values: &[u8]| values.iter().fold(0, |bits, value| bits | value) == 0;
            if row.chunks(VECTORIZED_BYTES).all(is_zero) {
                continue;
            }
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

    /// Returns the hole at a threshold.
    #[must_use]
    pub fn binarized(mut self, threshold: Threshold) -> Mask {
        for Luma([value]) in self.0.pixels_mut() {
            *value = if threshold.is_hole(*value) { 255 } else { 0 };
        }
        Mask(self)
    }

    /// Sets the pixels of `area` to 0.
    pub fn clear(&mut self, area: Rect) {
        let columns = area.x as usize..(area.x + area.width) as usize;
        for y in area.y..area.y + area.height {
            self.fill_row(y as usize, columns.clone(), 0);
        }
    }

    fn fill_row(&mut self, y: usize, columns: std::ops::Range<usize>, value: u8) {
        let width = self.width() as usize;
        let (start, end) = (columns.start.min(width), columns.end.min(width));
        if let Some(pixels) = self.0.get_mut(y * width + start..y * width + end) {
            pixels.fill(value);
        }
    }
}

/// Returns ITU-R BT.601 luma in 16-bit fixed point, as Pillow computes it: 0.299 R + 0.587 G + 0.114 B,
/// rounded to nearest.
pub(crate) fn luma(rgb: &RgbImage) -> GrayImage {
    let mut gray = GrayImage::new(rgb.width(), rgb.height());
    for (&image::Rgb([r, g, b]), Luma([l])) in rgb.pixels().zip(gray.pixels_mut()) {
        let sum = 19595 * u32::from(r) + 38470 * u32::from(g) + 7471 * u32::from(b) + 0x8000;
        *l = (sum >> 16) as u8;
    }
    gray
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounding_box_contains_all_nonzero_pixels() {
        let mut gray = GrayImage::new(9, 7);
        assert_eq!(Coverage::new(gray.clone()).bounding_box(), None);
        gray.as_mut()[9 * 2 + 3] = 1;
        gray.as_mut()[9 * 5 + 8] = 255;
        let expected = Rect {
            x: 3,
            y: 2,
            width: 6,
            height: 4,
        };
        assert_eq!(Coverage::new(gray).bounding_box(), Some(expected));
    }

    #[test]
    fn last_pixels_of_wide_rows_count() {
        let width = 2 * VECTORIZED_BYTES as u32 + 7;
        let mask = Mask::from_fn(width, 3, |x, y| (x, y) == (width - 1, 1));
        let expected = Rect {
            x: width - 1,
            y: 1,
            width: 1,
            height: 1,
        };
        assert_eq!(mask.bounding_box(), Some(expected));
    }

    #[test]
    fn empty_mask_has_no_bounding_box() {
        assert_eq!(Mask::empty(0, 5).bounding_box(), None);
    }

    #[test]
    fn binarization_includes_the_threshold() {
        let gray = GrayImage::from_raw(4, 1, vec![0, 127, 128, 255]).unwrap();
        let mask = Coverage::new(gray).binarized(Threshold::INPAINT_REQUEST);
        assert_eq!(mask.values(), &[0, 0, 255, 255]);
    }

    #[test]
    fn rows_outside_the_image_are_ignored() {
        let mut mask = Mask::empty(3, 2);
        mask.fill_row(1, 1..9);
        mask.fill_row(5, 0..3);
        assert_eq!(mask.values(), &[0, 0, 0, 0, 255, 255]);
    }
}

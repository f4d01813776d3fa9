//! Masks: any picture to gray, and gray to hole or not.

use image::{GrayImage, Luma, RgbImage};

/// ITU-R 601 luma in 16-bit fixed point, as Pillow computes it: 0.299 R + 0.587 G + 0.114 B, rounded to nearest.
pub(crate) fn luma(rgb: &RgbImage) -> GrayImage {
    let mut gray = GrayImage::new(rgb.width(), rgb.height());
    for (&image::Rgb([r, g, b]), Luma([l])) in rgb.pixels().zip(gray.pixels_mut()) {
        let sum = 19595 * u32::from(r) + 38470 * u32::from(g) + 7471 * u32::from(b) + 0x8000;
        *l = (sum >> 16) as u8;
    }
    gray
}

/// Makes a mask of two values: 255 (to be filled) where a pixel is `at_least` or more, else 0.
pub fn threshold(mask: &mut GrayImage, at_least: u8) {
    for Luma([value]) in mask.pixels_mut() {
        *value = if *value >= at_least { 255 } else { 0 };
    }
}

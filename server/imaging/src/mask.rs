//! Masks: luma and binarization.

use image::{GrayImage, Luma, RgbImage};

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

/// Binarizes a mask: 255 (hole) for values of at least `at_least`, else 0.
pub fn threshold(mask: &mut GrayImage, at_least: u8) {
    for Luma([value]) in mask.pixels_mut() {
        *value = if *value >= at_least { 255 } else { 0 };
    }
}

//! Resizing with the triangle kernel, bit-exact with Pillow's `Image.resize(size, BILINEAR)` on 8-bit images.

use image::RgbImage;

use crate::resample::{Kernel, resize};

const KERNEL: Kernel = Kernel {
    support: 1.0,
    weight: triangle,
};

/// Resizes an RGB image to `width` x `height` pixels. An image without pixels gives black.
#[must_use]
pub fn resize_rgb(image: &RgbImage, width: u32, height: u32) -> RgbImage {
    let values = resize::<3>(image.as_raw(), image.dimensions(), (width, height), KERNEL);
    RgbImage::from_raw(width, height, values).unwrap_or_else(|| RgbImage::new(width, height))
}

/// The triangle kernel: 1 - |x| for |x| < 1.
fn triangle(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected values are Pillow 9.5's: np.array(Image.fromarray(a).resize(size, Image.BILINEAR)).

    #[test]
    fn sizes_match_pillow() {
        let value = |x: u32, y: u32, channel: u32| ((x * x * 7 + y * 31 + channel * 50 + x * 13) % 256) as u8;
        let image = RgbImage::from_fn(7, 5, |x, y| {
            image::Rgb([0, 1, 2].map(|channel| value(x, y, channel)))
        });
        assert_eq!(resize_rgb(&image, 3, 2).as_raw(), &REDUCED);
        assert_eq!(resize_rgb(&image, 5, 9).as_raw()[..45], ENLARGED);
    }

    const REDUCED: [u8; 18] = [
        51, 101, 151, 127, 158, 135, 118, 121, 127, 113, 163, 196, 143, 145, 107, 108, 145, 126,
    ];
    const ENLARGED: [u8; 45] = [
        7, 57, 107, 39, 89, 139, 105, 155, 158, 198, 134, 42, 129, 94, 144, 17, 67, 117, 49, 99, 149, 115,
        165, 168, 170, 144, 52, 111, 104, 154, 35, 85, 135, 67, 117, 167, 133, 183, 186, 124, 162, 70, 81,
        122, 172,
    ];
}

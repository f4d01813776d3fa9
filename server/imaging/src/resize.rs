//! Scaling.

use image::GrayImage;

/// Scales a mask to `width` x `height` by taking the nearest pixel, floor(x * source / target), as `OpenCV`'s
/// `INTER_NEAREST` does. A zero side gives an empty image.
#[must_use]
pub fn nearest_gray(image: &GrayImage, width: u32, height: u32) -> GrayImage {
    let at = |position: u32, source: u32, target: u32| {
        (u64::from(position) * u64::from(source) / u64::from(target.max(1))) as u32
    };
    GrayImage::from_fn(width, height, |x, y| {
        let (x, y) = (at(x, image.width(), width), at(y, image.height(), height));
        image.get_pixel_checked(x, y).copied().unwrap_or(image::Luma([0]))
    })
}

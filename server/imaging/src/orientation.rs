//! The orientation of a file, from its metadata. Probing and decoding share this function.

use image::metadata::Orientation;

use crate::{
    ImageFormat,
    decode::{jpeg, png, webp},
    metadata::{exif, ifd, xmp},
};

/// Returns the transform that shows the stored pixels upright.
pub(crate) fn read(format: ImageFormat, bytes: &[u8]) -> Orientation {
    let value = match format {
        ImageFormat::Jpeg => jpeg::exif(bytes).as_deref().and_then(exif::orientation),
        ImageFormat::Png => png::exif(bytes)
            .as_deref()
            .and_then(exif::orientation)
            .or_else(|| png::xmp(bytes).as_deref().and_then(xmp::orientation)),
        ImageFormat::WebP => webp::exif(bytes).and_then(exif::orientation),
        ImageFormat::Tiff => ifd::orientation(bytes),
        ImageFormat::Bmp | ImageFormat::Gif => None,
    };
    value
        .and_then(|value| u8::try_from(value).ok())
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms)
}

/// Returns `size` with the orientation applied: swapped for rotations by 90 and 270 degrees.
pub(crate) fn upright(orientation: Orientation, (width, height): (u32, u32)) -> (u32, u32) {
    if orientation.to_exif() < 5 {
        (width, height)
    } else {
        (height, width)
    }
}

//! The orientation of a file, from its metadata alone. Probing and decoding share this one reading.

use image::metadata::Orientation;

use crate::{
    Format,
    decode::{jpeg, png, webp},
    metadata::{exif, ifd, xmp},
};

/// Returns the transform that shows the stored pixels upright.
pub(crate) fn read(format: Format, bytes: &[u8]) -> Orientation {
    let value = match format {
        Format::Jpeg => jpeg::exif(bytes).as_deref().and_then(exif::orientation),
        Format::Png => png::exif(bytes)
            .as_deref()
            .and_then(exif::orientation)
            .or_else(|| png::xmp(bytes).and_then(xmp::orientation)),
        Format::WebP => webp::chunk(bytes, *b"EXIF").and_then(exif::orientation),
        Format::Tiff => ifd::orientation(bytes),
        Format::Bmp | Format::Gif => None,
    };
    value
        .and_then(Orientation::from_exif)
        .unwrap_or(Orientation::NoTransforms)
}

/// Swaps the sides of a `size` that is shown on its side.
pub(crate) fn upright(orientation: Orientation, (width, height): (u32, u32)) -> (u32, u32) {
    if orientation.to_exif() < 5 {
        (width, height)
    } else {
        (height, width)
    }
}

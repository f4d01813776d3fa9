//! Formats written through the `image` crate.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};

use crate::{EncodeError, Format};

pub(super) fn encode(image: &DynamicImage, format: Format) -> Result<Vec<u8>, EncodeError> {
    let codec = match format {
        Format::WebP => ImageFormat::WebP,
        Format::Bmp => ImageFormat::Bmp,
        _ => ImageFormat::Tiff,
    };
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, codec)
        .map_err(|error| EncodeError::codec(format, error))?;
    Ok(bytes.into_inner())
}

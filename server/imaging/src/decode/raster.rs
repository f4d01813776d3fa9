//! Formats read through the `image` crate.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, metadata::Orientation};

use super::Decoded;
use crate::{DecodeError, Format, Limits, metadata::Metadata};

pub(super) fn decode(bytes: &[u8], format: Format, limits: &Limits) -> Result<Decoded, DecodeError> {
    let codec = match format {
        Format::WebP => image::ImageFormat::WebP,
        Format::Bmp => image::ImageFormat::Bmp,
        Format::Tiff => image::ImageFormat::Tiff,
        _ => image::ImageFormat::Gif,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), codec);
    let mut bounds = image::Limits::default();
    bounds.max_alloc = Some(limits.codec_bytes());
    reader.limits(bounds);
    let error = |error: ImageError| match error {
        ImageError::Unsupported(what) => DecodeError::Unsupported(format!("This kind of {format} ({what})")),
        other => DecodeError::damaged(format, other),
    };
    let mut decoder = reader.into_decoder().map_err(error)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let icc = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(error)?;
    Ok(Decoded {
        image,
        orientation,
        metadata: Metadata { icc },
    })
}

//! Lossless WebP.

use image_webp::{ColorType, WebPEncoder};

use super::pixels::{OutputPixels, OutputSamples};
use crate::{EncodeError, ImageFormat, metadata::Metadata};

pub(super) fn encode(pixels: &OutputPixels<'_>, metadata: &Metadata) -> Result<Vec<u8>, EncodeError> {
    let OutputSamples::Eight(samples) = &pixels.samples else {
        return Err(EncodeError::codec(
            ImageFormat::WebP,
            "the format has no 16-bit samples",
        ));
    };
    let kind = if pixels.alpha {
        ColorType::Rgba8
    } else {
        ColorType::Rgb8
    };
    let mut bytes = Vec::new();
    let mut encoder = WebPEncoder::new(&mut bytes);
    encoder.set_icc_profile(metadata.icc.clone().unwrap_or_default());
    encoder.set_exif_metadata(metadata.exif.clone().unwrap_or_default());
    encoder.set_xmp_metadata(metadata.xmp.clone().unwrap_or_default());
    encoder
        .encode(samples, pixels.width, pixels.height, kind)
        .map_err(|error| EncodeError::codec(ImageFormat::WebP, error))?;
    Ok(bytes)
}

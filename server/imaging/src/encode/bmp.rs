//! BMP with 24 bits, or 32 bits with alpha.

use image::{ExtendedColorType, codecs::bmp::BmpEncoder};

use super::pixels::{OutputPixels, OutputSamples};
use crate::{
    EncodeError, ImageFormat,
    metadata::{Extras, Metadata},
};

pub(super) fn encode(pixels: &OutputPixels<'_>, metadata: &Metadata) -> Result<Vec<u8>, EncodeError> {
    let OutputSamples::Eight(samples) = &pixels.samples else {
        return Err(EncodeError::codec(
            ImageFormat::Bmp,
            "the format has no 16-bit samples",
        ));
    };
    let kind = if pixels.alpha {
        ExtendedColorType::Rgba8
    } else {
        ExtendedColorType::Rgb8
    };
    let mut bytes = Vec::new();
    BmpEncoder::new(&mut bytes)
        .encode(samples, pixels.width, pixels.height, kind)
        .map_err(|error| EncodeError::codec(ImageFormat::Bmp, error))?;
    if let (Extras::Bmp { density }, Some(stored)) = (&metadata.extras, bytes.get_mut(38..46)) {
        stored.copy_from_slice(density);
    }
    Ok(bytes)
}

//! BMP: 24 bits, or 32 bits with alpha.

use image::{ExtendedColorType, codecs::bmp::BmpEncoder};

use super::pixels::{Pixels, Samples};
use crate::{
    EncodeError, ImageFormat,
    metadata::{Extras, Metadata},
};

pub(super) fn encode(pixels: &Pixels<'_>, metadata: &Metadata) -> Result<Vec<u8>, EncodeError> {
    let Samples::Eight(samples) = &pixels.samples else {
        return Err(EncodeError::codec(ImageFormat::Bmp, "it has no 16-bit samples"));
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
    if let (Extras::Bmp { density }, Some(place)) = (&metadata.extras, bytes.get_mut(38..46)) {
        place.copy_from_slice(density);
    }
    Ok(bytes)
}

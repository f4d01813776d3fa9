//! Masks as PNG: translucent overlays, and gray images.

use std::borrow::Cow;

use super::pixels::{OutputPixels, OutputSamples};
use crate::{EncodeError, ImageFormat, Mask, metadata::Metadata};

/// The colour of the hole, RGBA: the brush colour of IOPaint's page.
const STROKE: [u8; 4] = [255, 203, 0, 186];

/// Encodes a mask as RGBA PNG: the brush colour for the hole, else transparent.
///
/// # Errors
/// [`EncodeError::Codec`] for a mask without pixels.
pub fn encode_overlay(mask: &Mask) -> Result<Vec<u8>, EncodeError> {
    let samples = mask
        .flags()
        .flat_map(|hole| if hole { STROKE } else { [0; 4] })
        .collect();
    let pixels = OutputPixels {
        width: mask.width(),
        height: mask.height(),
        alpha: true,
        samples: OutputSamples::Eight(Cow::Owned(samples)),
    };
    super::png::encode(&pixels, &Metadata::default())
}

/// Encodes a mask as gray PNG: white for the hole, black elsewhere.
///
/// # Errors
/// [`EncodeError::Codec`] for a mask without pixels.
pub fn encode_mask(mask: &Mask) -> Result<Vec<u8>, EncodeError> {
    let failed = |error| EncodeError::codec(ImageFormat::Png, error);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, mask.width(), mask.height());
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(mask.values()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeLimits, Threshold, decode_mask};

    #[test]
    fn gray_mask_round_trips() {
        let mask = Mask::from_fn(5, 3, |x, y| x > y);
        let limits = DecodeLimits {
            max_pixels: 100,
            max_side: 100,
        };
        let decoded = decode_mask(&encode_mask(&mask).unwrap(), &limits).unwrap();
        assert_eq!(decoded.binarized(Threshold::INPAINT_REQUEST), mask);
    }
}

//! JPEG, with full chroma resolution at high quality.

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::EncodeOptions;
use crate::{EncodeError, Format, metadata::Metadata};

pub(super) fn encode(
    result: &RgbImage,
    metadata: &Metadata,
    options: EncodeOptions,
) -> Result<Vec<u8>, EncodeError> {
    let failed = |error| EncodeError::codec(Format::Jpeg, error);
    let too_large = || EncodeError::codec(Format::Jpeg, "a side is longer than 65535 pixels");
    let width = u16::try_from(result.width()).map_err(|_| too_large())?;
    let height = u16::try_from(result.height()).map_err(|_| too_large())?;
    let quality = options.quality.clamp(1, 100);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(if quality >= 90 {
        SamplingFactor::R_4_4_4
    } else {
        SamplingFactor::R_4_2_0
    });
    encoder.set_optimized_huffman_tables(true);
    if let Some(icc) = &metadata.icc {
        encoder.add_icc_profile(icc).map_err(failed)?;
    }
    encoder
        .encode(result.as_raw(), width, height, ColorType::Rgb)
        .map_err(failed)?;
    Ok(bytes)
}

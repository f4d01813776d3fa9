//! JPEG, with full chroma resolution at high quality.

use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, PixelDensity, PixelDensityUnit, SamplingFactor};

use crate::{
    EncodeError, Format,
    decode::jpeg::XMP,
    metadata::{Extras, Metadata},
};

/// The most bytes that one APP segment holds.
const SEGMENT: usize = 65533;

/// Up to so many pixels a file gets Huffman tables of its own, for which it is gone over twice: a tenth smaller, and 1.75
/// times as long in the making, which counts for a camera's photo.
const OWN_TABLES: u32 = 1 << 22;

pub(super) fn encode(result: &RgbImage, metadata: &Metadata, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let failed = |error| EncodeError::codec(Format::Jpeg, error);
    let too_large = || EncodeError::codec(Format::Jpeg, "a side is longer than 65535 pixels");
    let width = u16::try_from(result.width()).map_err(|_| too_large())?;
    let height = u16::try_from(result.height()).map_err(|_| too_large())?;
    let quality = quality.clamp(1, 100);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(if quality >= 90 {
        SamplingFactor::R_4_4_4
    } else {
        SamplingFactor::R_4_2_0
    });
    encoder.set_optimized_huffman_tables(u32::from(width) * u32::from(height) <= OWN_TABLES);
    if let Extras::Jpeg {
        density: Some((unit, x, y)),
    } = metadata.extras
    {
        let unit = match unit {
            1 => PixelDensityUnit::Inches,
            2 => PixelDensityUnit::Centimeters,
            _ => PixelDensityUnit::PixelAspectRatio,
        };
        encoder.set_density(PixelDensity {
            density: (x, y),
            unit,
        });
    }
    // A block came out of one segment and only shrank since; what doesn't fit all the same is left out.
    if let Some(exif) = metadata.exif.as_ref().filter(|exif| exif.len() + 6 <= SEGMENT) {
        encoder.add_exif_metadata(exif).map_err(failed)?;
    }
    if let Some(xmp) = metadata
        .xmp
        .as_ref()
        .filter(|xmp| xmp.len() + XMP.len() <= SEGMENT)
    {
        encoder.add_app_segment(1, [XMP, xmp].concat()).map_err(failed)?;
    }
    if let Some(icc) = &metadata.icc {
        encoder.add_icc_profile(icc).map_err(failed)?;
    }
    encoder
        .encode(result.as_raw(), width, height, ColorType::Rgb)
        .map_err(failed)?;
    Ok(bytes)
}

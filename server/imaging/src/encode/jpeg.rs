//! JPEG, with full chroma resolution at high quality.

use std::num::NonZeroUsize;
use std::ops::Range;

use image::RgbImage;
use jpeg_encoder::{
    ColorType, Encoder, EncodingError, JfifWrite, PixelDensity, PixelDensityUnit, SamplingFactor,
};

use super::strips::Strips;
use crate::{
    EncodeError, ImageFormat,
    decode::jpeg::XMP,
    metadata::{Extras, Metadata},
};

/// The largest payload of an APP segment, in bytes.
const SEGMENT: usize = 65533;
/// The largest colour profile in bytes: 254 segments (ICC.1, B.4), the encoder's limit.
const MAX_PROFILE: usize = 254 * (SEGMENT - 14);

/// The largest number of pixels for which Huffman tables are optimized. That takes a second pass: the file is
/// a tenth smaller, but encoding takes 1.75 times as long, which matters for camera photos.
const OPTIMIZED_TABLES_MAX_PIXELS: u32 = 1 << 22;

pub(super) fn encode(
    result: &RgbImage,
    metadata: &Metadata,
    quality: u8,
    threads: NonZeroUsize,
) -> Result<Vec<u8>, EncodeError> {
    let too_large = || EncodeError::codec(ImageFormat::Jpeg, "a side is longer than 65535 pixels");
    let width = u16::try_from(result.width()).map_err(|_| too_large())?;
    let height = u16::try_from(result.height()).map_err(|_| too_large())?;
    let small = u32::from(width) * u32::from(height) <= OPTIMIZED_TABLES_MAX_PIXELS;
    let settings = JpegSettings {
        quality: quality.clamp(1, 100),
        optimized_tables: small,
    };
    if threads.get() > 1
        && !small
        && let Some(strips) = Strips::plan(width, height, settings.mcu_side(), threads)
    {
        return strips.encode(|rows, first, interval| {
            let pixels = rows_of(result, &rows);
            let height = u16::try_from(rows.len()).map_err(|_| too_large())?;
            settings.write(pixels, (width, height), first.then_some(metadata), Some(interval))
        });
    }
    settings.write(result.as_raw(), (width, height), Some(metadata), None)
}

fn rows_of<'a>(image: &'a RgbImage, rows: &Range<usize>) -> &'a [u8] {
    let row = image.width() as usize * 3;
    &image.as_raw()[rows.start * row..rows.end * row]
}

/// The settings that all strips of a file share.
#[derive(Clone, Copy)]
struct JpegSettings {
    quality: u8,
    optimized_tables: bool,
}

impl JpegSettings {
    fn sampling(self) -> SamplingFactor {
        if self.quality >= 90 {
            SamplingFactor::R_4_4_4
        } else {
            SamplingFactor::R_4_2_0
        }
    }

    /// Returns the side of an MCU in pixels.
    fn mcu_side(self) -> u16 {
        if self.sampling() == SamplingFactor::R_4_4_4 {
            8
        } else {
            16
        }
    }

    /// Encodes RGB `pixels` as a complete file. `interval` is the restart interval in MCUs.
    fn write(
        self,
        pixels: &[u8],
        (width, height): (u16, u16),
        metadata: Option<&Metadata>,
        interval: Option<u16>,
    ) -> Result<Vec<u8>, EncodeError> {
        let failed = |error| EncodeError::codec(ImageFormat::Jpeg, error);
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.quality);
        encoder.set_sampling_factor(self.sampling());
        encoder.set_optimized_huffman_tables(self.optimized_tables);
        encoder.set_restart_interval(interval.unwrap_or(0));
        if let Some(metadata) = metadata {
            write_metadata(&mut encoder, metadata).map_err(failed)?;
        }
        encoder
            .encode(pixels, width, height, ColorType::Rgb)
            .map_err(failed)?;
        Ok(bytes)
    }
}

fn write_metadata<W: JfifWrite>(encoder: &mut Encoder<W>, metadata: &Metadata) -> Result<(), EncodingError> {
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
    // A block that doesn't fit into a segment is dropped. Blocks from JPEG files fit, since cleaning only
    // shrinks them.
    if let Some(exif) = metadata.exif.as_ref().filter(|exif| exif.len() + 6 <= SEGMENT) {
        encoder.add_exif_metadata(exif)?;
    }
    if let Some(xmp) = metadata
        .xmp
        .as_ref()
        .filter(|xmp| xmp.len() + XMP.len() <= SEGMENT)
    {
        encoder.add_app_segment(1, [XMP, xmp].concat())?;
    }
    if let Some(icc) = metadata.icc.as_ref().filter(|icc| icc.len() <= MAX_PROFILE) {
        encoder.add_icc_profile(icc)?;
    }
    Ok(())
}

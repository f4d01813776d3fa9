//! PNG.

use std::borrow::Cow;
use std::io::Write;

use png::chunk::ChunkType;

use super::pixels::{OutputPixels, OutputSamples};
use crate::{
    EncodeError, ImageFormat,
    metadata::{Extras, Metadata},
};

/// The largest `IDAT` chunk, in bytes. Readers hold a chunk in memory, and `OpenCV` warns of chunks over 8
/// MB.
const CHUNK: usize = 1 << 18;

pub(super) fn encode(pixels: &OutputPixels<'_>, metadata: &Metadata) -> Result<Vec<u8>, EncodeError> {
    let data: Cow<'_, [u8]> = match &pixels.samples {
        OutputSamples::Eight(samples) => Cow::Borrowed(samples),
        OutputSamples::Sixteen(samples) => {
            Cow::Owned(samples.iter().flat_map(|sample| sample.to_be_bytes()).collect())
        }
    };
    let compressed = encode_with(pixels, &data, metadata, png::Compression::Fast)?;
    if compressed.len() <= data.len() {
        return Ok(compressed);
    }
    // Fast compression enlarges noise.
    let uncompressed = encode_with(pixels, &data, metadata, png::Compression::NoCompression)?;
    Ok(if uncompressed.len() < compressed.len() {
        uncompressed
    } else {
        compressed
    })
}

/// Encodes `data`, the samples of `pixels` with 16-bit samples in big-endian order.
fn encode_with(
    pixels: &OutputPixels<'_>,
    data: &[u8],
    metadata: &Metadata,
    compression: png::Compression,
) -> Result<Vec<u8>, EncodeError> {
    let failed = |error| EncodeError::codec(ImageFormat::Png, error);
    let mut info = png::Info::with_size(pixels.width, pixels.height);
    info.color_type = if pixels.alpha {
        png::ColorType::Rgba
    } else {
        png::ColorType::Rgb
    };
    if matches!(pixels.samples, OutputSamples::Sixteen(_)) {
        info.bit_depth = png::BitDepth::Sixteen;
    }
    info.icc_profile = metadata.icc.as_deref().map(Into::into);
    info.exif_metadata = metadata.exif.as_deref().map(Into::into);
    if let Extras::Jpeg {
        density: Some(density),
    } = metadata.extras
    {
        info.pixel_dims = pixels_per_metre(density);
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::with_info(&mut bytes, info).map_err(failed)?;
    encoder.set_compression(compression);
    let mut writer = encoder.write_header().map_err(failed)?;
    if let Extras::Png { colour, other } = &metadata.extras {
        for chunk in colour.iter().chain(other) {
            writer
                .write_chunk(ChunkType(chunk.kind), &chunk.data)
                .map_err(failed)?;
        }
    }
    if let Some(xmp) = &metadata.xmp {
        let packet = [b"XML:com.adobe.xmp\0\0\0\0\0".as_slice(), xmp].concat();
        writer.write_chunk(png::chunk::iTXt, &packet).map_err(failed)?;
    }
    let mut stream = writer.stream_writer_with_size(CHUNK).map_err(failed)?;
    stream
        .write_all(data)
        .map_err(|error| EncodeError::codec(ImageFormat::Png, error))?;
    stream.finish().map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// Converts the density of a JFIF header (unit, horizontal, vertical) to PNG's; `None` if it only states that
/// pixels are square.
fn pixels_per_metre((unit, x, y): (u8, u16, u16)) -> Option<png::PixelDimensions> {
    let (per_metre, unit) = match unit {
        1 => (1.0 / 0.0254, png::Unit::Meter),
        2 => (100.0, png::Unit::Meter),
        _ if x != y => (1.0, png::Unit::Unspecified),
        _ => return None,
    };
    let scaled = |density: u16| (f64::from(density) * per_metre).round() as u32;
    Some(png::PixelDimensions {
        xppu: scaled(x),
        yppu: scaled(y),
        unit,
    })
}

//! PNG. Of animations, the default image.

mod chunks;
mod metadata;

use image::{DynamicImage, GrayImage, ImageBuffer, RgbImage, RgbaImage};
use png::{BitDepth, ColorType, Transformations};

use self::chunks::{PixelChunks, chunks};
pub(crate) use self::metadata::{exif, xmp};
use super::decoded_file::DecodedFile;
use crate::{DecodeError, DecodeLimits, ImageFormat};

/// Returns width and height from the header chunk.
pub(crate) fn size(bytes: &[u8]) -> Result<(u64, u64), DecodeError> {
    let first = chunks(bytes).next();
    match first.map(|chunk| (chunk.kind, chunk.data)) {
        Some((kind, [w3, w2, w1, w0, h3, h2, h1, h0, ..])) if &kind == b"IHDR" => Ok((
            u64::from(u32::from_be_bytes([*w3, *w2, *w1, *w0])),
            u64::from(u32::from_be_bytes([*h3, *h2, *h1, *h0])),
        )),
        Some((kind, _)) if &kind == b"CgBI" => {
            Err(DecodeError::unsupported("An iPhone-optimised PNG (CgBI)"))
        }
        Some((kind, _)) if &kind != b"IHDR" => Err(DecodeError::damaged(
            ImageFormat::Png,
            "it doesn't begin with a header chunk",
        )),
        _ => Err(DecodeError::damaged(ImageFormat::Png, "the header ends early")),
    }
}

pub(super) fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<DecodedFile, DecodeError> {
    let damaged = |error| DecodeError::damaged(ImageFormat::Png, error);
    let budget = usize::try_from(limits.codec_bytes()).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(PixelChunks::new(bytes), png::Limits { bytes: budget });
    // Expands palettes, packed samples and colour keys to channels; 16-bit samples are kept.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(damaged)?;
    let length = reader
        .output_buffer_size()
        .ok_or_else(|| DecodeError::damaged(ImageFormat::Png, "its size is out of range"))?;
    let mut samples = vec![0; length];
    let frame = reader.next_frame(&mut samples).map_err(damaged)?;
    samples.truncate(frame.buffer_size());
    let image = pixels(&frame, samples)
        .ok_or_else(|| DecodeError::damaged(ImageFormat::Png, "pixels are missing"))?;
    Ok(DecodedFile {
        image,
        metadata: metadata::collect(bytes),
    })
}

fn pixels(frame: &png::OutputInfo, samples: Vec<u8>) -> Option<DynamicImage> {
    let (width, height) = (frame.width, frame.height);
    if frame.bit_depth == BitDepth::Sixteen {
        let samples: Vec<u16> = samples
            .as_chunks()
            .0
            .iter()
            .map(|pair| u16::from_be_bytes(*pair))
            .collect();
        return match frame.color_type {
            ColorType::Grayscale => {
                ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma16)
            }
            ColorType::GrayscaleAlpha => {
                ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLumaA16)
            }
            ColorType::Rgba => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgba16),
            ColorType::Rgb | ColorType::Indexed => {
                ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgb16)
            }
        };
    }
    match frame.color_type {
        ColorType::Grayscale => GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
        ColorType::GrayscaleAlpha => {
            ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLumaA8)
        }
        ColorType::Rgba => RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8),
        ColorType::Rgb | ColorType::Indexed => {
            RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
        }
    }
}

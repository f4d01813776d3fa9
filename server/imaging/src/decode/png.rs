//! PNG, also animated: the default image.

use std::{borrow::Cow, io::Cursor};

use image::{DynamicImage, GrayImage, ImageBuffer, RgbImage, RgbaImage};
use png::{BitDepth, ColorType, Transformations};

use super::Decoded;
use crate::{
    DecodeError, Format, Limits,
    metadata::{Extras, Metadata, PngChunk},
};

/// Chunks that say what the samples mean, and chunks that tell about the picture. Both hold for RGB output too.
const COLOUR: [&[u8; 4]; 4] = [b"cICP", b"gAMA", b"cHRM", b"sRGB"];
const OTHER: [&[u8; 4]; 4] = [b"pHYs", b"tEXt", b"zTXt", b"iTXt"];
/// XMP's place among the text chunks, and an empty language and translation.
const XMP: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, DecodeError> {
    let damaged = |error| DecodeError::damaged(Format::Png, error);
    let budget = usize::try_from(limits.codec_bytes()).unwrap_or(usize::MAX);
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: budget });
    // Palettes, packed samples and colour keys become plain channels, 16-bit samples stay.
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(damaged)?;
    let length = reader
        .output_buffer_size()
        .ok_or_else(|| DecodeError::damaged(Format::Png, "size"))?;
    let mut samples = vec![0; length];
    let frame = reader.next_frame(&mut samples).map_err(damaged)?;
    samples.truncate(frame.buffer_size());
    let info = reader.info();
    let mut metadata = Metadata {
        icc: info.icc_profile.as_deref().map(<[u8]>::to_vec),
        exif: exif(bytes).map(Cow::into_owned),
        xmp: xmp(bytes).map(<[u8]>::to_vec),
        ..Metadata::default()
    };
    collect(bytes, &mut metadata);
    let image =
        pixels(&frame, samples).ok_or_else(|| DecodeError::damaged(Format::Png, "pixels are missing"))?;
    Ok(Decoded { image, metadata })
}

/// Returns the EXIF block, before or behind the pixels.
pub(crate) fn exif(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    chunks(bytes)
        .find(|(kind, _)| kind == b"eXIf")
        .map(|(_, data)| Cow::Borrowed(data))
}

/// Returns the XMP packet, before or behind the pixels.
pub(crate) fn xmp(bytes: &[u8]) -> Option<&[u8]> {
    chunks(bytes)
        .filter(|(kind, _)| kind == b"iTXt")
        .find_map(|(_, data)| data.strip_prefix(XMP))
}

/// Takes the chunks that are carried over as stored.
fn collect(bytes: &[u8], metadata: &mut Metadata) {
    let (mut colour, mut other) = (Vec::new(), Vec::new());
    for (kind, data) in chunks(bytes) {
        let chunk = || PngChunk {
            kind,
            data: data.to_vec(),
        };
        if COLOUR.contains(&&kind) {
            colour.push(chunk());
        } else if OTHER.contains(&&kind)
            && !data.starts_with(b"Raw profile type ")
            && !data.starts_with(b"XML:com.adobe.xmp\0")
        {
            // Raw profiles are EXIF and the like as ImageMagick hides them, thumbnails and all.
            other.push(chunk());
        }
    }
    metadata.extras = Extras::Png { colour, other };
}

/// The chunks behind the signature, as (name, data), up to where the file breaks off.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind = *rest.get(4..)?.first_chunk()?;
        let data = rest.get(8..length.checked_add(8)?)?;
        rest = rest.get(length + 12..).unwrap_or_default();
        Some((kind, data))
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

//! WebP: lossy, lossless, and the first frame of an animation.

use std::io::Cursor;

use image::{DynamicImage, RgbImage, RgbaImage};
use image_webp::WebPDecoder;

use super::Decoded;
use crate::{DecodeError, Format, metadata::Metadata, probe::webp_frame};

/// A RIFF file's chunks from `at` on, as (name, payload).
fn chunks(bytes: &[u8], at: usize) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes.get(at..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (header, after) = rest.split_at_checked(8)?;
        let (name, length) = header.split_at(4);
        let length = u32::from_le_bytes(*length.first_chunk()?) as usize;
        let payload = after.get(..length)?;
        rest = after.get(length + length % 2..).unwrap_or_default();
        Some((name, payload))
    })
}

/// Returns the payload of the first chunk called `name`, with or without a flag for it in the `VP8X` chunk.
pub(crate) fn chunk(bytes: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    chunks(bytes, 12)
        .find(|(found, _)| *found == name)
        .map(|(_, payload)| payload)
}

/// Every picture inside must have the size that its container announces: the codec takes its memory by the one and
/// its loops by the other.
fn check_frames(bytes: &[u8], width: u32, height: u32) -> Result<(), DecodeError> {
    let agree = |name: &[u8], payload: &[u8], width: u32, height: u32| {
        !matches!(name, b"VP8 " | b"VP8L")
            || webp_frame(name, payload) == Some((u64::from(width), u64::from(height)))
    };
    for (name, payload) in chunks(bytes, 12) {
        let fits = if name == b"ANMF" {
            let side = |at| {
                payload
                    .get(at..at + 3)
                    .map(|b| 1 + u32::from_le_bytes([b[0], b[1], b[2], 0]))
            };
            side(6).zip(side(9)).is_some_and(|(frame_width, frame_height)| {
                chunks(payload, 16).all(|(name, data)| agree(name, data, frame_width, frame_height))
            })
        } else {
            agree(name, payload, width, height)
        };
        if !fits {
            return Err(DecodeError::damaged(Format::WebP, "a frame's size is wrong"));
        }
    }
    Ok(())
}

pub(super) fn decode(bytes: &[u8], (width, height): (u32, u32)) -> Result<Decoded, DecodeError> {
    check_frames(bytes, width, height)?;
    let damaged = |error| DecodeError::damaged(Format::WebP, error);
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
    let metadata = Metadata {
        icc: decoder.icc_profile().ok().flatten(),
        exif: chunk(bytes, *b"EXIF").map(<[u8]>::to_vec),
        xmp: decoder.xmp_metadata().ok().flatten(),
        ..Metadata::default()
    };
    if decoder.dimensions() != (width, height) {
        return Err(DecodeError::damaged(Format::WebP, "its size is wrong"));
    }
    let alpha = decoder.has_alpha();
    let pixels = width as usize * height as usize;
    let mut samples = vec![0; pixels * if alpha { 4 } else { 3 }];
    decoder.read_image(&mut samples).map_err(damaged)?;
    let image = if alpha {
        RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8)
    } else {
        RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
    };
    let image = image.ok_or_else(|| DecodeError::damaged(Format::WebP, "pixels are missing"))?;
    Ok(Decoded { image, metadata })
}

//! JPEG.

use image::{DynamicImage, GrayImage, RgbImage, metadata::Orientation};
use zune_jpeg::{
    JpegDecoder,
    errors::DecodeErrors,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::Decoded;
use crate::{DecodeError, Format, Limits, metadata::Metadata};

/// The segments between the file's start and its first scan, as (marker, payload).
pub(crate) fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        loop {
            match rest {
                // Fill bytes may come before a marker; 0x01 and 0xd0..=0xd8 have no payload.
                [0xff, 0xff, ..] => rest = rest.get(1..)?,
                [0xff, 0x01 | 0xd0..=0xd8, ..] => rest = rest.get(2..)?,
                [0xff, 0xd9 | 0xda, ..] => return None,
                [0xff, marker, high, low, ..] => {
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    let payload = rest.get(4..length + 2)?;
                    let marker = *marker;
                    rest = rest.get(length + 2..)?;
                    return Some((marker, payload));
                }
                _ => return None,
            }
        }
    })
}

/// Width and height from the frame header (ITU-T T.81, B.2.2).
pub(crate) fn size(bytes: &[u8]) -> Result<(u64, u64), DecodeError> {
    segments(bytes)
        .find(|(marker, _)| matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc))
        .and_then(|(_, frame)| match frame {
            [_, h1, h0, w1, w0, ..] => Some((
                u64::from(u16::from_be_bytes([*w1, *w0])),
                u64::from(u16::from_be_bytes([*h1, *h0])),
            )),
            _ => None,
        })
        .ok_or_else(|| DecodeError::damaged(Format::Jpeg, "there is no frame header"))
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, DecodeError> {
    let side = limits.max_side as usize;
    let options = DecoderOptions::default()
        .set_max_width(side)
        .set_max_height(side)
        .set_use_unsafe(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(error)?;
    let gray = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let colorspace = if gray { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(colorspace));
    let samples = decoder.decode().map_err(error)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let (width, height) = (width as u32, height as u32);
    let image = if gray {
        GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
    };
    let image = image.ok_or_else(|| DecodeError::damaged(Format::Jpeg, "pixels are missing"))?;
    let orientation = decoder
        .exif()
        .and_then(|exif| Orientation::from_exif_chunk(exif))
        .unwrap_or(Orientation::NoTransforms);
    Ok(Decoded {
        image,
        orientation,
        metadata: Metadata {
            icc: decoder.icc_profile(),
        },
    })
}

fn error(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::Unsupported(what) => DecodeError::Unsupported(format!("This kind of JPEG ({what:?})")),
        other => DecodeError::damaged(Format::Jpeg, other),
    }
}

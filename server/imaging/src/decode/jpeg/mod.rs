//! JPEG: pixels.

mod metadata;
mod segments;

use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::{
    JpegDecoder,
    errors::DecodeErrors,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

pub(crate) use self::metadata::{XMP, exif};
use self::segments::segments;
use super::Decoded;
use crate::{
    DecodeError, Format, Limits,
    colour::{self, Profiles},
    metadata::Metadata,
};

/// Whether an end marker follows the first scan; the decoder fills up what is missing of a file that was cut off.
fn is_whole(bytes: &[u8]) -> bool {
    let mut segments = segments(bytes);
    segments.by_ref().for_each(drop);
    segments.rest.windows(2).any(|marker| marker == [0xff, 0xd9])
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

pub(super) fn decode(bytes: &[u8], limits: &Limits, profiles: Profiles) -> Result<Decoded, DecodeError> {
    if !is_whole(bytes) {
        return Err(DecodeError::damaged(Format::Jpeg, "its end is missing"));
    }
    let side = limits.max_side as usize;
    let options = DecoderOptions::default().set_max_width(side).set_max_height(side);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(error)?;
    // Four channels are taken as stored: what they mean is for the profile to say.
    let stored = match decoder.input_colorspace() {
        Some(stored @ (ColorSpace::Luma | ColorSpace::CMYK | ColorSpace::YCCK)) => stored,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(stored));
    let mut samples = decoder.decode().map_err(error)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let (width, height) = (width as u32, height as u32);
    let mut metadata = Metadata {
        icc: decoder.icc_profile(),
        ..Metadata::default()
    };
    self::metadata::collect(bytes, &mut metadata);
    if matches!(stored, ColorSpace::CMYK | ColorSpace::YCCK) {
        to_cmyk(&mut samples, stored == ColorSpace::YCCK);
        let icc = metadata.icc.as_deref().filter(|_| profiles == Profiles::Apply);
        samples = colour::cmyk_to_rgb(&samples, icc);
        metadata.forget_colour();
    }
    let image = if stored == ColorSpace::Luma {
        GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
    };
    let image = image.ok_or_else(|| DecodeError::damaged(Format::Jpeg, "pixels are missing"))?;
    Ok(Decoded { image, metadata })
}

/// Takes stored samples to CMYK, 255 = full ink. Adobe's programs store inks inverted, and files that others made
/// follow them; YCCK is such a file with its first three channels as luma and chroma, by JFIF's matrix.
fn to_cmyk(samples: &mut [u8], ycck: bool) {
    for [a, b, c, k] in samples.as_chunks_mut().0 {
        if ycck {
            // What the matrix gives is 255 - stored ink, the ink itself.
            [*a, *b, *c] = colour::ycc_to_rgb([*a, *b, *c]);
        } else {
            (*a, *b, *c) = (255 - *a, 255 - *b, 255 - *c);
        }
        *k = 255 - *k;
    }
}

fn error(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::Unsupported(what) => DecodeError::unsupported(format!("This kind of JPEG ({what:?})")),
        other => DecodeError::damaged(Format::Jpeg, other),
    }
}

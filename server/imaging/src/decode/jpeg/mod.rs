//! JPEG: pixels.
//!
//! The headers are read here, as tolerantly as libjpeg reads them. Layouts that cameras write go to a fast decoder, all
//! others to a general one.

mod coefficients;
mod fast;
mod frame;
mod general;
mod huffman;
mod idct;
mod metadata;
mod scans;
mod segments;
mod upsample;

use image::{DynamicImage, GrayImage, RgbImage};

use self::frame::Colour;
pub(crate) use self::{
    frame::size,
    metadata::{XMP, exif},
};
use super::Decoded;
use crate::{
    DecodeError, Format,
    colour::{self, Profiles},
    metadata::Metadata,
};

/// Decodes a JPEG whose size was held against the limits.
pub(super) fn decode(bytes: &[u8], profiles: Profiles) -> Result<Decoded, DecodeError> {
    let stream = scans::read(bytes)?;
    let mut samples = match fast::decode(&stream) {
        Some(samples) => samples,
        None => general::decode(&stream)?,
    };
    let mut metadata = Metadata::default();
    self::metadata::collect(bytes, &mut metadata);
    if matches!(stream.colour, Colour::Cmyk | Colour::Ycck) {
        // Four channels are taken as stored: their meaning depends on the profile.
        to_cmyk(&mut samples, stream.colour == Colour::Ycck);
        let icc = metadata.icc.as_deref().filter(|_| profiles == Profiles::Apply);
        samples = colour::cmyk_to_rgb(&samples, icc);
        metadata.forget_colour();
    }
    let (width, height) = (stream.frame.width as u32, stream.frame.height as u32);
    let image = if stream.colour == Colour::Gray {
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

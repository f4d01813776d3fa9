//! JPEG.
//!
//! Headers are read as tolerantly as by libjpeg. Layouts that cameras write are decoded by a fast decoder,
//! all others by a general one.

pub(crate) mod coefficients;
mod fast;
pub(crate) mod frame;
mod general;
pub(crate) mod huffman;
mod idct;
mod metadata;
pub(crate) mod scans;
pub(crate) mod segments;
mod upsample;

use image::{DynamicImage, GrayImage, RgbImage};

use self::frame::Colour;
pub(crate) use self::{
    frame::size,
    metadata::{XMP, collect, exif},
};
use super::decoded_file::DecodedFile;
use crate::{
    DecodeError, ImageFormat,
    colour::{self, Profiles},
    metadata::Metadata,
};

/// Decodes a JPEG whose size was checked against the limits.
pub(super) fn decode(bytes: &[u8], profiles: Profiles) -> Result<DecodedFile, DecodeError> {
    let stream = scans::read(bytes)?;
    let mut samples = match fast::decode(&stream) {
        Some(samples) => samples,
        None => general::decode(&stream)?,
    };
    let mut metadata = Metadata::default();
    self::metadata::collect(bytes, &mut metadata);
    if matches!(stream.colour, Colour::Cmyk | Colour::Ycck) {
        // Four channels are decoded without conversion, since the profile defines them.
        to_cmyk(&mut samples, stream.colour == Colour::Ycck);
        let icc = metadata.icc.as_deref().filter(|_| profiles == Profiles::Apply);
        samples = colour::cmyk_to_rgb(&samples, icc);
        metadata.drop_colour();
    }
    let (width, height) = (stream.frame.width as u32, stream.frame.height as u32);
    let image = if stream.colour == Colour::Gray {
        GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8)
    };
    let image = image.ok_or_else(|| DecodeError::damaged(ImageFormat::Jpeg, "pixels are missing"))?;
    Ok(DecodedFile { image, metadata })
}

/// Interleaved samples without colour conversion.
pub(crate) struct InterleavedSamples {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    /// Empty while `check` of [`decode_unconverted`] runs.
    pub samples: Vec<u8>,
}

/// Decodes a stream without colour conversion, for containers that define the colour space. `check` receives
/// the dimensions before pixels are decoded.
pub(crate) fn decode_unconverted(
    bytes: &[u8],
    check: impl FnOnce(&InterleavedSamples) -> Result<(), DecodeError>,
) -> Result<InterleavedSamples, DecodeError> {
    let mut stream = scans::read(bytes)?;
    stream.colour = match stream.frame.components.len() {
        1 => Colour::Gray,
        3 => Colour::Rgb,
        _ => Colour::Cmyk,
    };
    let mut decoded = InterleavedSamples {
        width: stream.frame.width,
        height: stream.frame.height,
        channels: stream.frame.components.len(),
        samples: Vec::new(),
    };
    check(&decoded)?;
    decoded.samples = match fast::decode(&stream) {
        Some(samples) => samples,
        None => general::decode(&stream)?,
    };
    Ok(decoded)
}

/// Converts stored samples to CMYK with 255 = full ink. Adobe's programs store inverted inks, and other
/// programs follow them. In YCCK files the first three channels of such inks are converted to luma and chroma
/// by JFIF's matrix.
fn to_cmyk(samples: &mut [u8], ycck: bool) {
    for [a, b, c, k] in samples.as_chunks_mut().0 {
        if ycck {
            // The matrix gives 255 - stored ink, which is the ink.
            [*a, *b, *c] = colour::ycc_to_rgb([*a, *b, *c]);
        } else {
            (*a, *b, *c) = (255 - *a, 255 - *b, 255 - *c);
        }
        *k = 255 - *k;
    }
}

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
    DecodeError, ImageFormat,
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
    let image = image.ok_or_else(|| DecodeError::damaged(ImageFormat::Jpeg, "pixels are missing"))?;
    Ok(Decoded { image, metadata })
}

/// Interleaved samples of components, as stored.
pub(crate) struct Components {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    /// Empty while the dimensions are checked.
    pub samples: Vec<u8>,
}

/// Decodes a stream whose colours its container defines: without conversion. `check` sees the dimensions
/// before pixels are decoded.
pub(crate) fn components(
    bytes: &[u8],
    check: impl FnOnce(&Components) -> Result<(), DecodeError>,
) -> Result<Components, DecodeError> {
    let mut stream = scans::read(bytes)?;
    stream.colour = match stream.frame.components.len() {
        1 => Colour::Gray,
        3 => Colour::Rgb,
        _ => Colour::Cmyk,
    };
    let mut components = Components {
        width: stream.frame.width,
        height: stream.frame.height,
        channels: stream.frame.components.len(),
        samples: Vec::new(),
    };
    check(&components)?;
    components.samples = match fast::decode(&stream) {
        Some(samples) => samples,
        None => general::decode(&stream)?,
    };
    Ok(components)
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

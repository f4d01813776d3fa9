//! Bytes to pixels.

mod bitmap;
pub(crate) mod jpeg;
mod png;
pub(crate) mod tiff;
mod webp;

use image::{DynamicImage, GrayImage, metadata::Orientation};

use crate::{
    DecodeError, Format, Limits, Picture,
    colour::{self, Profiles},
    mask,
    metadata::Metadata,
    probe,
};

/// What a codec delivers: pixels as stored, and how they are to be turned.
pub(crate) struct Decoded {
    pub image: DynamicImage,
    pub orientation: Option<Orientation>,
    pub metadata: Metadata,
}

/// Decodes a file: upright, 8-bit RGB, with alpha and metadata kept beside it. Of an animation or a document of
/// several pages, the first frame or page.
///
/// # Errors
/// See [`DecodeError`]. The size is held against `limits` before pixels are decoded.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, DecodeError> {
    read(bytes, limits, Profiles::Apply)
}

/// Decodes a mask: upright, ITU-R 601 luma as Pillow computes it, alpha and profiles ignored, not thresholded.
///
/// # Errors
/// As [`decode`].
pub fn decode_mask(bytes: &[u8], limits: &Limits) -> Result<GrayImage, DecodeError> {
    Ok(mask::luma(&read(bytes, limits, Profiles::Ignore)?.rgb))
}

fn read(bytes: &[u8], limits: &Limits, profiles: Profiles) -> Result<Picture, DecodeError> {
    let header = probe(bytes, limits)?;
    let mut decoded = match header.format {
        Format::Png => png::decode(bytes, limits)?,
        Format::Jpeg => jpeg::decode(bytes, limits, profiles)?,
        Format::WebP => webp::decode(bytes, (header.width, header.height))?,
        Format::Tiff => tiff::decode(bytes, limits, profiles)?,
        Format::Bmp | Format::Gif => bitmap::decode(bytes, header.format, limits)?,
    };
    let mut image = decoded.image;
    if profiles == Profiles::Apply {
        image = colour::settle(image, &mut decoded.metadata);
    }
    let orientation = decoded.orientation.unwrap_or(Orientation::NoTransforms);
    Ok(Picture::new(image, header.format, orientation, decoded.metadata))
}

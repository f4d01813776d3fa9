//! Bytes to pixels.

pub(crate) mod jpeg;
mod png;
mod raster;

use image::{DynamicImage, GrayImage, metadata::Orientation};

use crate::{DecodeError, Format, Limits, Picture, mask, metadata::Metadata, probe};

/// What a codec delivers: pixels as stored, and how they are to be turned.
pub(crate) struct Decoded {
    pub image: DynamicImage,
    pub orientation: Orientation,
    pub metadata: Metadata,
}

/// Decodes a file: upright, 8-bit RGB, with alpha and metadata kept beside it. Of an animation or a document of
/// several pages, the first frame or page.
///
/// # Errors
/// See [`DecodeError`]. The size is held against `limits` before pixels are decoded.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture, DecodeError> {
    let header = probe(bytes, limits)?;
    let mut decoded = match header.format {
        Format::Png => png::decode(bytes, limits)?,
        Format::Jpeg => jpeg::decode(bytes, limits)?,
        Format::WebP | Format::Bmp | Format::Tiff | Format::Gif => {
            raster::decode(bytes, header.format, limits)?
        }
    };
    decoded.image.apply_orientation(decoded.orientation);
    Ok(Picture::new(decoded.image, header.format, decoded.metadata))
}

/// Decodes a mask: upright, ITU-R 601 luma as Pillow computes it, alpha ignored, not thresholded.
///
/// # Errors
/// As [`decode`].
pub fn decode_mask(bytes: &[u8], limits: &Limits) -> Result<GrayImage, DecodeError> {
    Ok(mask::luma(&decode(bytes, limits)?.rgb))
}

//! Bytes to pixels.

mod bitmap;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod tiff;
pub(crate) mod webp;

use image::{DynamicImage, GrayImage};

use crate::{
    DecodeError, Header, ImageFormat, Limits, Picture,
    colour::{self, Profiles},
    mask,
    metadata::Metadata,
    probe,
};

/// A codec's output: pixels as stored.
pub(crate) struct Decoded {
    pub image: DynamicImage,
    pub metadata: Metadata,
}

impl Decoded {
    fn upright(mut self, header: &Header) -> DynamicImage {
        self.image.apply_orientation(header.orientation);
        self.image
    }

    fn into_picture(self, header: &Header) -> Picture {
        Picture::new(self.image, header.format, header.orientation, self.metadata)
    }
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
    let (header, decoded) = stored(bytes, limits, Profiles::Ignore)?;
    match decoded.image {
        // What most masks are; their luma is what they are.
        DynamicImage::ImageLuma8(_) => Ok(decoded.upright(&header).into_luma8()),
        _ => Ok(mask::luma(&decoded.into_picture(&header).rgb)),
    }
}

fn read(bytes: &[u8], limits: &Limits, profiles: Profiles) -> Result<Picture, DecodeError> {
    let (header, mut decoded) = stored(bytes, limits, profiles)?;
    if profiles == Profiles::Apply {
        decoded.image = colour::settle(decoded.image, &mut decoded.metadata);
    }
    Ok(decoded.into_picture(&header))
}

/// Returns the header, and the pixels as the codec delivers them.
fn stored(bytes: &[u8], limits: &Limits, profiles: Profiles) -> Result<(Header, Decoded), DecodeError> {
    let header = probe(bytes, limits)?;
    let decoded = match header.format {
        ImageFormat::Png => png::decode(bytes, limits)?,
        ImageFormat::Jpeg => jpeg::decode(bytes, profiles)?,
        ImageFormat::WebP => webp::decode(bytes, (header.width, header.height))?,
        ImageFormat::Tiff => tiff::decode(bytes, limits, profiles)?,
        ImageFormat::Bmp | ImageFormat::Gif => bitmap::decode(bytes, header.format, limits)?,
    };
    Ok((header, decoded))
}

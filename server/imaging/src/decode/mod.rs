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

impl Decoded {
    fn turn(&self) -> Orientation {
        self.orientation.unwrap_or(Orientation::NoTransforms)
    }

    fn upright(mut self) -> DynamicImage {
        let turn = self.turn();
        self.image.apply_orientation(turn);
        self.image
    }

    fn into_picture(self, format: Format) -> Picture {
        let turn = self.turn();
        Picture::new(self.image, format, turn, self.metadata)
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
    let (format, decoded) = stored(bytes, limits, Profiles::Ignore)?;
    match decoded.image {
        // What most masks are; their luma is what they are.
        DynamicImage::ImageLuma8(_) => Ok(decoded.upright().into_luma8()),
        _ => Ok(mask::luma(&decoded.into_picture(format).rgb)),
    }
}

fn read(bytes: &[u8], limits: &Limits, profiles: Profiles) -> Result<Picture, DecodeError> {
    let (format, mut decoded) = stored(bytes, limits, profiles)?;
    if profiles == Profiles::Apply {
        decoded.image = colour::settle(decoded.image, &mut decoded.metadata);
    }
    Ok(decoded.into_picture(format))
}

/// A file's pixels as its codec delivers them.
fn stored(bytes: &[u8], limits: &Limits, profiles: Profiles) -> Result<(Format, Decoded), DecodeError> {
    let header = probe(bytes, limits)?;
    let decoded = match header.format {
        Format::Png => png::decode(bytes, limits)?,
        Format::Jpeg => jpeg::decode(bytes, limits, profiles)?,
        Format::WebP => webp::decode(bytes, (header.width, header.height))?,
        Format::Tiff => tiff::decode(bytes, limits, profiles)?,
        Format::Bmp | Format::Gif => bitmap::decode(bytes, header.format, limits)?,
    };
    Ok((header.format, decoded))
}

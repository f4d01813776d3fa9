//! Decoding.

mod bitmap;
mod decoded_file;
pub(crate) mod jpeg;
pub(crate) mod png;
pub(crate) mod tiff;
pub(crate) mod webp;

use image::DynamicImage;

use self::decoded_file::DecodedFile;
use crate::{
    Coverage, DecodeError, DecodeLimits, Header, ImageFormat, Picture,
    colour::{self, Profiles},
    mask, probe,
};

/// Decodes a file to a [`Picture`], with the orientation applied; of animations and multi-page documents, the
/// first frame or page.
///
/// # Errors
/// See [`DecodeError`]. The size is checked against `limits` before pixels are decoded.
pub fn decode(bytes: &[u8], limits: &DecodeLimits) -> Result<Picture, DecodeError> {
    read(bytes, limits, Profiles::Apply)
}

/// Decodes a mask: ITU-R BT.601 luma, as Pillow computes it, with the orientation applied. Alpha and
/// profiles are ignored. The values aren't binarized.
///
/// # Errors
/// Like [`decode`].
pub fn decode_mask(bytes: &[u8], limits: &DecodeLimits) -> Result<Coverage, DecodeError> {
    let (header, decoded) = decode_stored(bytes, limits, Profiles::Ignore)?;
    let gray = match decoded.image {
        // The usual kind of mask, for which luma is the identity.
        DynamicImage::ImageLuma8(_) => decoded.upright(header.orientation).into_luma8(),
        _ => mask::luma(&decoded.into_picture(header.format, header.orientation).rgb),
    };
    Ok(Coverage::new(gray))
}

fn read(bytes: &[u8], limits: &DecodeLimits, profiles: Profiles) -> Result<Picture, DecodeError> {
    let (header, mut decoded) = decode_stored(bytes, limits, profiles)?;
    if profiles == Profiles::Apply {
        decoded.image = colour::apply_gray_profile(decoded.image, &mut decoded.metadata);
    }
    Ok(decoded.into_picture(header.format, header.orientation))
}

/// Decodes a file without applying orientation and gray profiles.
fn decode_stored(
    bytes: &[u8],
    limits: &DecodeLimits,
    profiles: Profiles,
) -> Result<(Header, DecodedFile), DecodeError> {
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

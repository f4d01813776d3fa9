//! Format, size and orientation from the header of a file.

use image::metadata::Orientation;

use crate::{
    DecodeError, DecodeLimits, ImageFormat,
    decode::{jpeg, png, tiff, webp},
    format, orientation,
};

/// Format, stored size and orientation of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The format, by signature.
    pub format: ImageFormat,
    /// Width in pixels, as stored.
    pub width: u32,
    /// Height in pixels, as stored.
    pub height: u32,
    /// The transform that [`crate::decode`] applies to the stored pixels.
    pub orientation: Orientation,
}

impl Header {
    /// Returns width and height in pixels after the orientation is applied, as in the decoded
    /// [`crate::Picture`].
    #[must_use]
    pub fn upright_size(&self) -> (u32, u32) {
        orientation::upright(self.orientation, (self.width, self.height))
    }
}

/// Reads format, size and orientation without decoding pixels, and checks the size against `limits`.
///
/// # Errors
/// [`DecodeError::NotAnImage`], [`DecodeError::Unsupported`] or [`DecodeError::Damaged`] if the header can't
/// be read, [`DecodeError::TooLarge`] if the size exceeds a limit.
pub fn probe(bytes: &[u8], limits: &DecodeLimits) -> Result<Header, DecodeError> {
    let Some(format) = ImageFormat::sniff(bytes) else {
        return Err(match format::unsupported_format(bytes) {
            Some(name) => DecodeError::unsupported(name),
            None => DecodeError::NotAnImage,
        });
    };
    let (width, height) = size(format, bytes)?;
    if width == 0 || height == 0 {
        return Err(DecodeError::damaged(format, "its size is zero"));
    }
    limits.check(width, height)?;
    let side = |length: u64| {
        u32::try_from(length).map_err(|_| DecodeError::damaged(format, "its size is out of range"))
    };
    Ok(Header {
        format,
        width: side(width)?,
        height: side(height)?,
        orientation: orientation::read(format, bytes),
    })
}

fn size(format: ImageFormat, bytes: &[u8]) -> Result<(u64, u64), DecodeError> {
    let read = match format {
        ImageFormat::Gif => le16(bytes, 6).zip(le16(bytes, 8)),
        ImageFormat::Bmp => bmp(bytes),
        ImageFormat::Png => return png::size(bytes),
        ImageFormat::WebP => return webp::size(bytes),
        ImageFormat::Jpeg => return jpeg::size(bytes),
        ImageFormat::Tiff => return tiff::size(bytes),
    };
    read.ok_or_else(|| DecodeError::damaged(format, "the header ends early"))
}

/// Reads the size from an old (12 bytes, 16-bit sizes) or a current header. A negative height means rows from
/// top to bottom.
fn bmp(bytes: &[u8]) -> Option<(u64, u64)> {
    let side = |at| Some(u64::from((le32(bytes, at)? as u32 as i32).unsigned_abs()));
    if le32(bytes, 14)? == 12 {
        le16(bytes, 18).zip(le16(bytes, 20))
    } else {
        side(18).zip(side(22))
    }
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn le32(bytes: &[u8], at: usize) -> Option<u64> {
    number(bytes, at).map(|b| u64::from(u32::from_le_bytes(b)))
}

fn le16(bytes: &[u8], at: usize) -> Option<u64> {
    number(bytes, at).map(|b| u64::from(u16::from_le_bytes(b)))
}

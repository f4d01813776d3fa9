//! Thumbnails.

use super::{EncodeOptions, Encoded};
use crate::{EncodeError, ImageFormat, Mask, Picture, PreservedData};

/// JPEG quality of thumbnails.
const QUALITY: u8 = 85;

impl Picture {
    /// Encodes a copy resized to `width` x `height` pixels, but at least 1 pixel and at most the picture's
    /// size per side: a JPEG, or a PNG if the picture has alpha. Its only metadata is the colour profile.
    ///
    /// # Errors
    /// [`EncodeError::Codec`] if the picture has no pixels.
    pub fn thumbnail(&self, width: u32, height: u32) -> Result<Encoded, EncodeError> {
        let (width, height) = (width.clamp(1, self.width()), height.clamp(1, self.height()));
        let rgb = image::imageops::thumbnail(&self.rgb, width, height);
        let alpha = self.preserved.alpha.as_ref();
        let preserved = PreservedData {
            alpha: alpha.map(|alpha| image::imageops::thumbnail(alpha, width, height)),
            size: (width, height),
            format: self.preserved.format,
            orientation: self.preserved.orientation,
            sixteen_bit: None,
            metadata: self.preserved.metadata.colour_only(),
        };
        let format = if preserved.alpha.is_some() {
            ImageFormat::Png
        } else {
            ImageFormat::Jpeg
        };
        let options = EncodeOptions {
            quality: Some(QUALITY),
            strip_metadata: true,
            ..EncodeOptions::default()
        };
        preserved.encode_as(format, &rgb, &Mask::empty(width, height), &options)
    }
}

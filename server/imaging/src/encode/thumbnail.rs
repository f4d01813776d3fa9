//! Thumbnails.

use image::GrayImage;

use super::{EncodeOptions, Encoded};
use crate::{EncodeError, ImageFormat, Picture};

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
        let small = Picture {
            rgb: image::imageops::thumbnail(&self.rgb, width, height),
            alpha: self
                .alpha
                .as_ref()
                .map(|alpha| image::imageops::thumbnail(alpha, width, height)),
            format: self.format,
            orientation: self.orientation,
            sixteen_bit: None,
            metadata: self.metadata.colour_only(),
        };
        let format = if small.alpha.is_some() {
            ImageFormat::Png
        } else {
            ImageFormat::Jpeg
        };
        let options = EncodeOptions {
            quality: QUALITY,
            strip_metadata: true,
            ..EncodeOptions::default()
        };
        small.encode_as(format, &small.rgb, &GrayImage::new(width, height), &options)
    }
}

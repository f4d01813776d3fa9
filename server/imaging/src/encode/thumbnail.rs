//! Small pictures for lists.

use image::GrayImage;

use super::{EncodeOptions, Encoded};
use crate::{EncodeError, ImageFormat, Picture};

/// Good enough for a picture that is looked at for a moment.
const QUALITY: u8 = 85;

impl Picture {
    /// A copy of at most `width` x `height` pixels, both at least 1: a JPEG, or a PNG where the picture has alpha. It
    /// is never larger than the picture and carries nothing but the colour profile.
    ///
    /// # Errors
    /// [`EncodeError::Codec`] where the picture has no pixels.
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
            deep: None,
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

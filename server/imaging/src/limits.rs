//! Limits on the size of images.

use crate::DecodeError;

/// Limits on the size of an image, checked against the header before pixels are decoded. They also bound the
/// memory of decoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// The most pixels, width x height.
    pub max_pixels: u64,
    /// The longest side, in pixels.
    pub max_side: u32,
}

impl DecodeLimits {
    pub(crate) fn check(&self, width: u64, height: u64) -> Result<(), DecodeError> {
        let fits = width <= u64::from(self.max_side)
            && height <= u64::from(self.max_side)
            && width.saturating_mul(height) <= self.max_pixels;
        if fits {
            Ok(())
        } else {
            Err(DecodeError::TooLarge {
                width,
                height,
                max_pixels: self.max_pixels,
                max_side: self.max_side,
            })
        }
    }

    /// Returns the memory limit of a codec in bytes: `max_pixels` x 8, a copy of four 16-bit samples per
    /// pixel, plus 32 MiB for tables, metadata and tiny images.
    pub(crate) fn codec_bytes(&self) -> u64 {
        self.max_pixels.saturating_mul(8).saturating_add(32 << 20)
    }
}

//! Encoding of results in the input's format.

mod bmp;
mod jpeg;
mod jpeg_blocks;
mod overlay;
mod patch;
mod patched_file;
mod pixels;
mod png;
mod sixteen;
mod strips;
mod thumbnail;
mod tiff;
mod webp;

use std::num::NonZeroUsize;

use image::RgbImage;

pub use self::overlay::{encode_mask, encode_overlay};
pub use self::patch::Patch;
pub use self::patched_file::encode_patched;
use self::pixels::{OutputPixels, layer};
use crate::{EncodeError, ImageFormat, Mask, PreservedData, Rect};

/// JPEG quality of pictures whose original file has none.
pub const DEFAULT_QUALITY: u8 = 100;

/// Options of encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeOptions {
    /// JPEG quality, 1 to 100; from 90 the chroma planes have full resolution. Other formats are lossless.
    /// `None`: the quality of the original file where it is known, otherwise [`DEFAULT_QUALITY`].
    pub quality: Option<u8>,
    /// If true, only the colour profile is written of the input's metadata.
    pub strip_metadata: bool,
    /// The most threads that encode a large JPEG.
    pub threads: NonZeroUsize,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self {
            quality: None,
            strip_metadata: false,
            threads: NonZeroUsize::MIN,
        }
    }
}

/// An encoded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// The file's format: the requested one, or PNG instead of GIF.
    pub format: ImageFormat,
    /// The quality of a JPEG whose original should have been kept, but can't be edited block by block.
    pub reencoded_quality: Option<u8>,
}

impl PreservedData {
    /// Encodes `result` in the input's format (a GIF as PNG), with the input's alpha and metadata.
    ///
    /// `result` and `hole`, the filled pixels, have the picture's size. The result of a 16-bit input
    /// has 16 bits, with the input's exact samples outside the hole.
    ///
    /// # Errors
    /// [`EncodeError::SizeMismatch`], or [`EncodeError::Codec`] if the format doesn't support the picture.
    pub fn encode(
        &self,
        result: &RgbImage,
        hole: &Mask,
        options: &EncodeOptions,
    ) -> Result<Encoded, EncodeError> {
        self.encode_as(self.format, result, hole, options)
    }

    fn check_size(&self, result: &RgbImage, hole: &Mask) -> Result<(), EncodeError> {
        let expected = self.size;
        for found in [result.dimensions(), hole.dimensions()] {
            if found != expected {
                return Err(EncodeError::SizeMismatch { expected, found });
            }
        }
        Ok(())
    }

    /// Like [`PreservedData::encode`], in another format, with the alpha, 16-bit samples and metadata that
    /// `format` supports.
    ///
    /// # Errors
    /// Like [`PreservedData::encode`].
    pub fn encode_as(
        &self,
        format: ImageFormat,
        result: &RgbImage,
        hole: &Mask,
        options: &EncodeOptions,
    ) -> Result<Encoded, EncodeError> {
        self.check_size(result, hole)?;
        let stripped;
        let metadata = if options.strip_metadata {
            stripped = self.metadata.colour_only();
            &stripped
        } else {
            &self.metadata
        };
        let format = if format == ImageFormat::Gif {
            ImageFormat::Png
        } else {
            format
        };
        let sixteen_bit = self
            .sixteen_bit
            .as_ref()
            .filter(|_| matches!(format, ImageFormat::Png | ImageFormat::Tiff));
        let pixels = || match sixteen_bit {
            Some(samples) => OutputPixels::sixteen_bit(samples, result, hole),
            None => OutputPixels::eight_bit(self, result),
        };
        let bytes = match format {
            ImageFormat::Jpeg => {
                let quality = options.quality.unwrap_or(DEFAULT_QUALITY);
                jpeg::encode(result, metadata, quality, options.threads)?
            }
            ImageFormat::Png | ImageFormat::Gif => png::encode(&pixels(), metadata)?,
            ImageFormat::WebP => webp::encode(&pixels(), metadata)?,
            ImageFormat::Bmp => bmp::encode(&pixels(), metadata)?,
            ImageFormat::Tiff => tiff::encode(&pixels(), metadata)?,
        };
        Ok(Encoded {
            bytes,
            format,
            reencoded_quality: None,
        })
    }

    /// Encodes a rectangle of `result` as PNG: RGB, or RGBA if the picture has alpha, with the picture's
    /// colour profile.
    ///
    /// # Errors
    /// [`EncodeError::SizeMismatch`], [`EncodeError::OutsidePicture`] or [`EncodeError::Codec`].
    pub fn encode_patch(&self, result: &RgbImage, area: Rect) -> Result<Vec<u8>, EncodeError> {
        self.check_area(result.dimensions(), area)?;
        png::encode(
            &OutputPixels::rectangle(self, result, area),
            &self.metadata.colour_only(),
        )
    }

    /// Encodes a rectangle of `result` as an RGBA PNG whose alpha is the mask, with the picture's colour
    /// profile. The picture's own alpha is omitted.
    ///
    /// # Errors
    /// Like [`PreservedData::encode_patch`].
    pub fn encode_layer(&self, result: &RgbImage, mask: &Mask, area: Rect) -> Result<Vec<u8>, EncodeError> {
        self.check_area(result.dimensions(), area)?;
        self.check_area(mask.dimensions(), area)?;
        png::encode(&layer(result, mask, area), &self.metadata.colour_only())
    }

    fn check_area(&self, found: (u32, u32), area: Rect) -> Result<(), EncodeError> {
        let expected = self.size;
        if found != expected {
            return Err(EncodeError::SizeMismatch { expected, found });
        }
        if area.is_within(expected) {
            Ok(())
        } else {
            Err(EncodeError::OutsidePicture)
        }
    }
}

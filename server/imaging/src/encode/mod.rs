//! Pixels to bytes, in the format that they came in.

mod bmp;
mod jpeg;
mod overlay;
mod pixels;
mod png;
mod sixteen;
mod strips;
mod thumbnail;
mod tiff;
mod webp;

use std::num::NonZeroUsize;

use image::{GrayImage, RgbImage};

pub use self::overlay::encode_overlay;
use self::pixels::Pixels;
use crate::{EncodeError, ImageFormat, Picture};

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeOptions {
    /// JPEG quality, 1 to 100; from 90 up the chroma planes keep full resolution. Other formats are lossless.
    pub quality: u8,
    /// Writes none of the input's metadata but its colour profile.
    pub strip_metadata: bool,
    /// How many threads may work on a large JPEG.
    pub threads: NonZeroUsize,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self {
            quality: 100,
            strip_metadata: false,
            threads: NonZeroUsize::MIN,
        }
    }
}

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// What they are; the input's format, or PNG where that is not written.
    pub format: ImageFormat,
}

impl Picture {
    /// Writes `result` in the input's format (a GIF as PNG), with the input's alpha and metadata.
    ///
    /// `result` and `hole` (not 0 where pixels were filled) have the picture's size. A 16-bit input comes back in
    /// 16 bits, sample for sample outside the hole.
    ///
    /// # Errors
    /// [`EncodeError::SizeMismatch`], or [`EncodeError::Codec`] where the format can't hold the picture.
    pub fn encode(
        &self,
        result: &RgbImage,
        hole: &GrayImage,
        options: &EncodeOptions,
    ) -> Result<Encoded, EncodeError> {
        self.encode_as(self.format, result, hole, options)
    }

    /// As [`Picture::encode`], in another format: alpha, 16 bits and metadata go along as far as `format` has them.
    ///
    /// # Errors
    /// As [`Picture::encode`].
    pub fn encode_as(
        &self,
        format: ImageFormat,
        result: &RgbImage,
        hole: &GrayImage,
        options: &EncodeOptions,
    ) -> Result<Encoded, EncodeError> {
        let expected = self.rgb.dimensions();
        for found in [result.dimensions(), hole.dimensions()] {
            if found != expected {
                return Err(EncodeError::SizeMismatch { expected, found });
            }
        }
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
        let deep = self
            .deep
            .as_ref()
            .filter(|_| matches!(format, ImageFormat::Png | ImageFormat::Tiff));
        let pixels = || match deep {
            Some(deep) => Pixels::sixteen_bit(self, deep, result, hole),
            None => Pixels::eight_bit(self, result),
        };
        let bytes = match format {
            ImageFormat::Jpeg => jpeg::encode(result, metadata, options.quality, options.threads)?,
            ImageFormat::Png | ImageFormat::Gif => png::encode(&pixels(), metadata)?,
            ImageFormat::WebP => webp::encode(&pixels(), metadata)?,
            ImageFormat::Bmp => bmp::encode(&pixels(), metadata)?,
            ImageFormat::Tiff => tiff::encode(&pixels(), metadata)?,
        };
        Ok(Encoded { bytes, format })
    }

    /// Writes the rectangle of `result` whose top left pixel is `origin` and whose width and height are `size` as a
    /// PNG: RGB, or RGBA where the picture has alpha, with the picture's colour profile.
    ///
    /// # Errors
    /// [`EncodeError::SizeMismatch`], [`EncodeError::OutsidePicture`] or [`EncodeError::Codec`].
    pub fn encode_patch(
        &self,
        result: &RgbImage,
        origin: (u32, u32),
        size: (u32, u32),
    ) -> Result<Vec<u8>, EncodeError> {
        let (expected, found) = (self.rgb.dimensions(), result.dimensions());
        if found != expected {
            return Err(EncodeError::SizeMismatch { expected, found });
        }
        let inside = |origin: u32, size: u32, side: u32| {
            size > 0 && origin.checked_add(size).is_some_and(|end| end <= side)
        };
        if !inside(origin.0, size.0, expected.0) || !inside(origin.1, size.1, expected.1) {
            return Err(EncodeError::OutsidePicture);
        }
        png::encode(
            &Pixels::part(self, result, origin, size),
            &self.metadata.colour_only(),
        )
    }
}

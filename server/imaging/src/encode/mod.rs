//! Encoding of results in the input's format.

mod bmp;
mod jpeg;
mod jpeg_blocks;
mod overlay;
mod pixels;
mod png;
mod sixteen;
mod strips;
mod thumbnail;
mod tiff;
mod webp;

use std::num::NonZeroUsize;

use image::RgbImage;

use self::jpeg_blocks::Replacement;
pub use self::overlay::{encode_mask, encode_overlay};
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

    /// Encodes `result` in the format of `original`, the file that the picture was decoded from.
    ///
    /// If the options name no quality, a JPEG is edited block by block: blocks of its components outside the
    /// hole keep their coefficients; tables, sampling and scans stay, and so do the stored frame and the
    /// orientation. A JPEG that can't be edited is encoded at its estimated quality.
    ///
    /// # Errors
    /// Like [`PreservedData::encode`].
    pub fn encode_original(
        &self,
        original: &[u8],
        result: &RgbImage,
        hole: &Mask,
        options: &EncodeOptions,
    ) -> Result<Encoded, EncodeError> {
        if self.format != ImageFormat::Jpeg || options.quality.is_some() {
            return self.encode(result, hole, options);
        }
        self.check_size(result, hole)?;
        match jpeg_blocks::encode(
            original,
            result,
            hole,
            self.orientation,
            options.strip_metadata,
            options.threads,
        )? {
            Replacement::File(bytes) => Ok(Encoded {
                bytes,
                format: ImageFormat::Jpeg,
                reencoded_quality: None,
            }),
            Replacement::Impossible(estimated) => {
                let quality = estimated.unwrap_or(DEFAULT_QUALITY);
                let options = EncodeOptions {
                    quality: Some(quality),
                    ..*options
                };
                let encoded = self.encode(result, hole, &options)?;
                Ok(Encoded {
                    reencoded_quality: Some(quality),
                    ..encoded
                })
            }
        }
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
        let inside = |origin: u32, size: u32, side: u32| {
            size > 0 && origin.checked_add(size).is_some_and(|end| end <= side)
        };
        if inside(area.x, area.width, expected.0) && inside(area.y, area.height, expected.1) {
            Ok(())
        } else {
            Err(EncodeError::OutsidePicture)
        }
    }
}

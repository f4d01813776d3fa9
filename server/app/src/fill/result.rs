//! A filled image and its encoded forms.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use iopaint_imaging::{
    EncodeError, EncodeOptions, Encoded, ImageFormat, Mask, Patch, PatchError, PreservedData, Rect, RgbImage,
    encode_patched,
};

use super::original_file::OriginalFile;

/// A filled image with the input's alpha, 16-bit samples and metadata.
#[derive(Debug)]
pub struct FilledImage {
    pub(super) pixels: RgbImage,
    pub(super) preserved: PreservedData,
    pub(super) mask: Arc<Mask>,
    pub(super) keep_unmasked: bool,
    pub(super) original: Option<RgbImage>,
    pub(super) file: Option<OriginalFile>,
    /// Properties of the finished job.
    pub run: ModelRun,
}

/// Properties of a finished job.
#[derive(Clone, Debug)]
pub struct ModelRun {
    /// Name of the model.
    pub model: String,
    /// True if a region was too large for one forward pass and ran scaled down.
    pub scaled: bool,
    /// Time in the queue.
    pub queued: Duration,
    /// Time in the model thread.
    pub forward: Duration,
}

/// Form of the encoded result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputForm {
    /// The whole image in the format of the input; GIF becomes PNG.
    InputFormat,
    /// The whole image as PNG.
    Png,
    /// The bounding box of the changed pixels as PNG.
    Patch,
    /// As [`OutputForm::Patch`], with the mask as alpha.
    Layer,
    /// Image, mask and result side by side as PNG. Needs [`FillInput::run`] with `keep_original`.
    SideBySide,
}

/// An encoded result.
#[derive(Debug)]
pub struct EncodedResult {
    /// Content of the file.
    pub bytes: Vec<u8>,
    /// Media type.
    pub mime: &'static str,
    /// Position of a patch in the image.
    pub patch: Option<Rect>,
    /// The quality of a JPEG whose blocks outside the hole couldn't be kept.
    pub reencoded_quality: Option<u8>,
}

impl FilledImage {
    /// Encodes the result. Blocks: call it on a codec thread.
    ///
    /// # Errors
    /// Returns [`PatchError`] if the format can't hold the image.
    pub fn encode(mut self, form: OutputForm, options: &EncodeOptions) -> Result<EncodedResult, PatchError> {
        if form == OutputForm::InputFormat
            && let Some(file) = self.file.take()
        {
            return self.encode_into(&file, options);
        }
        let format = match form {
            OutputForm::Patch => return Ok(self.encode_patch()?),
            OutputForm::Layer => return Ok(self.encode_layer()?),
            OutputForm::SideBySide => return Ok(self.encode_side_by_side(options)?),
            OutputForm::InputFormat => self.preserved.format(),
            OutputForm::Png => ImageFormat::Png,
        };
        let changed = self.changed_pixels();
        let encoded = self
            .preserved
            .encode_as(format, &self.pixels, &changed, options)?;
        Ok(encoded.into())
    }

    /// Encodes the changed pixels into the input's file. All other pixels are released before.
    fn encode_into(self, file: &OriginalFile, options: &EncodeOptions) -> Result<EncodedResult, PatchError> {
        let Self { pixels, mask, .. } = self;
        let Rect { x, y, width, height } = changed_area(&mask, self.keep_unmasked);
        let changed = Mask::from_fn(width, height, |column, row| {
            !self.keep_unmasked || mask.is_hole(x + column, y + row)
        });
        drop(mask);
        let pixels = if (width, height) == pixels.dimensions() {
            pixels
        } else {
            RgbImage::from_fn(width, height, |column, row| {
                *pixels.get_pixel(x + column, y + row)
            })
        };
        let patch = Patch {
            pixels: &pixels,
            changed: &changed,
            x,
            y,
        };
        Ok(encode_patched(&file.bytes, &patch, &file.limits, options)?.into())
    }

    fn encode_patch(&self) -> Result<EncodedResult, EncodeError> {
        let area = changed_area(&self.mask, self.keep_unmasked);
        let bytes = self.preserved.encode_patch(&self.pixels, area)?;
        Ok(encoded_area(bytes, area))
    }

    fn encode_layer(&self) -> Result<EncodedResult, EncodeError> {
        let area = changed_area(&self.mask, self.keep_unmasked);
        let mask = self.changed_pixels();
        let bytes = self.preserved.encode_layer(&self.pixels, &mask, area)?;
        Ok(encoded_area(bytes, area))
    }

    /// Returns the mask of the pixels that may have changed.
    fn changed_pixels(&self) -> Cow<'_, Mask> {
        if self.keep_unmasked {
            Cow::Borrowed(&self.mask)
        } else {
            Cow::Owned(Mask::full(self.pixels.width(), self.pixels.height()))
        }
    }

    fn encode_side_by_side(&self, options: &EncodeOptions) -> Result<EncodedResult, EncodeError> {
        let original = self.original.as_ref().unwrap_or(&self.pixels);
        let images = [original, &mask_as_rgb(&self.mask), &self.pixels];
        let (pixels, preserved) = self.preserved.side_by_side(&images).into_parts();
        let mask = Mask::full(pixels.width(), pixels.height());
        let encoded = preserved.encode_as(ImageFormat::Png, &pixels, &mask, options)?;
        Ok(encoded.into())
    }
}

impl From<Encoded> for EncodedResult {
    fn from(encoded: Encoded) -> Self {
        Self {
            bytes: encoded.bytes,
            mime: encoded.format.mime(),
            patch: None,
            reencoded_quality: encoded.reencoded_quality,
        }
    }
}

fn encoded_area(bytes: Vec<u8>, area: Rect) -> EncodedResult {
    EncodedResult {
        bytes,
        mime: ImageFormat::Png.mime(),
        patch: Some(area),
        reencoded_quality: None,
    }
}

/// Returns the bounding box of the changed pixels. A patch can't be empty: without changed pixels, it is one
/// unchanged pixel.
fn changed_area(mask: &Mask, keep_unmasked: bool) -> Rect {
    let whole = Rect::whole(mask.dimensions());
    if !keep_unmasked {
        return whole;
    }
    mask.bounding_box().unwrap_or(Rect {
        width: 1,
        height: 1,
        ..whole
    })
}

/// Returns the mask as an image: white in the hole, black elsewhere.
fn mask_as_rgb(mask: &Mask) -> RgbImage {
    RgbImage::from_fn(mask.width(), mask.height(), |x, y| {
        [if mask.is_hole(x, y) { 255 } else { 0 }; 3].into()
    })
}

//! The steps that fill one image: admit, decode, run, compose, encode. `POST /api/v1/inpaint` and `iopaint
//! run` share them; each adds its own input, output and error format.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use iopaint_engine::{AdmittedJob, ClientKey, Engine, JobError, JobInput, JobOutput, Observer, Rejection};
use iopaint_imaging::{
    DecodeError, DecodeLimits, EncodeError, EncodeOptions, ImageFormat, Mask, Picture, PreservedData, Rect,
    RgbImage, Threshold,
};
use iopaint_inpaint::InpaintOptions;

use crate::codec::{CodecPanicked, CodecPool};

/// An error of one of the steps.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The engine rejected the job.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The image can't be decoded.
    #[error(transparent)]
    Image(DecodeError),
    /// The mask can't be decoded.
    #[error(transparent)]
    Mask(DecodeError),
    /// Image and mask differ in size (width, height in pixels).
    #[error("The image is {}x{} pixels and the mask {}x{}; they must have the same size.", image.0, image.1, mask.0, mask.1)]
    SizeMismatch {
        /// Size of the image.
        image: (u32, u32),
        /// Size of the mask.
        mask: (u32, u32),
    },
    /// The job failed in the queue or in the model.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The result can't be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A codec panicked.
    #[error(transparent)]
    Codec(#[from] CodecPanicked),
}

/// Interpretation of the mask file.
#[derive(Clone, Copy, Debug)]
pub struct MaskRule {
    /// Threshold of the grey values that are filled.
    pub threshold: Threshold,
    /// Scales a mask of another size to the image, instead of rejecting it.
    pub fit: bool,
}

/// A decoded image and its mask, of the same size.
#[derive(Debug)]
pub struct FillInput {
    picture: Picture,
    mask: Mask,
    /// The image's file, if it is a JPEG, which is edited block by block.
    file: Option<Bytes>,
}

/// A filled image with the input's alpha, 16-bit samples and metadata.
#[derive(Debug)]
pub struct FilledImage {
    pixels: RgbImage,
    preserved: PreservedData,
    mask: Arc<Mask>,
    keep_unmasked: bool,
    original: Option<RgbImage>,
    file: Option<Bytes>,
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

/// Reserves a job permit for `client`, with `model` or the current model. The permit is released when the job
/// ends or the returned value is dropped.
///
/// # Errors
/// Returns [`FillError::Rejected`] if the queue is full, the server is shutting down or the model is
/// unavailable.
pub fn admit(
    engine: &Engine,
    client: ClientKey,
    model: Option<&str>,
    observer: Option<Arc<dyn Observer>>,
) -> Result<AdmittedJob, FillError> {
    let admitted = engine.admit(client, model)?;
    Ok(match observer {
        Some(observer) => admitted.observed_by(observer),
        None => admitted,
    })
}

/// Decodes an image and its mask on a codec thread, and releases their bytes, except for those of a JPEG
/// image.
///
/// # Errors
/// Returns [`FillError::Image`], [`FillError::Mask`], [`FillError::SizeMismatch`] or [`FillError::Codec`].
pub async fn decode(
    codecs: &CodecPool,
    image: Bytes,
    mask: Bytes,
    rule: MaskRule,
    limits: DecodeLimits,
) -> Result<FillInput, FillError> {
    codecs
        .run(move || decode_pair(image, &mask, rule, &limits))
        .await?
}

fn decode_pair(
    image: Bytes,
    mask: &[u8],
    rule: MaskRule,
    limits: &DecodeLimits,
) -> Result<FillInput, FillError> {
    let picture = iopaint_imaging::decode(&image, limits).map_err(FillError::Image)?;
    let mut mask = iopaint_imaging::decode_mask(mask, limits).map_err(FillError::Mask)?;
    if rule.fit {
        mask = picture.preserved.fitted_mask(mask);
    }
    FillInput::matched(picture, mask.binarized(rule.threshold), image)
}

impl FillInput {
    /// Decodes an image on a codec thread. `mask` returns the mask for its width and height in pixels.
    ///
    /// # Errors
    /// Returns [`FillError::Image`], [`FillError::SizeMismatch`] or [`FillError::Codec`].
    pub async fn with_mask(
        codecs: &CodecPool,
        image: Bytes,
        mask: impl FnOnce((u32, u32)) -> Mask + Send + 'static,
        limits: DecodeLimits,
    ) -> Result<Self, FillError> {
        let decode = move || {
            let picture = iopaint_imaging::decode(&image, &limits).map_err(FillError::Image)?;
            let mask = mask(picture.rgb.dimensions());
            Self::matched(picture, mask, image)
        };
        codecs.run(decode).await?
    }

    /// Checks that image and mask have the same size.
    fn matched(picture: Picture, mask: Mask, file: Bytes) -> Result<Self, FillError> {
        if picture.rgb.dimensions() != mask.dimensions() {
            return Err(FillError::SizeMismatch {
                image: picture.rgb.dimensions(),
                mask: mask.dimensions(),
            });
        }
        let is_jpeg = picture.preserved.format() == ImageFormat::Jpeg;
        Ok(Self {
            picture,
            mask,
            file: is_jpeg.then_some(file),
        })
    }

    /// Dilates the mask by a disc of `radius` pixels on a codec thread.
    ///
    /// # Errors
    /// Returns [`FillError::Codec`].
    pub async fn dilated(mut self, codecs: &CodecPool, radius: u8) -> Result<Self, FillError> {
        if radius == 0 {
            return Ok(self);
        }
        let dilate = move || {
            self.mask = iopaint_imaging::morphology::dilate(&self.mask, radius);
            self
        };
        Ok(codecs.run(dilate).await?)
    }

    /// Releases the image's file if a result of this form doesn't need it. Returns true if it is kept.
    pub fn keep_file_for(&mut self, form: OutputForm, options: &EncodeOptions) -> bool {
        if form != OutputForm::InputFormat || options.quality.is_some() {
            self.file = None;
        }
        self.file.is_some()
    }

    /// Runs the model as the job `admitted`, and composes its output with the alpha, 16-bit samples and
    /// metadata of the input. `keep_original` keeps a copy of the input's pixels, for
    /// [`OutputForm::SideBySide`].
    ///
    /// # Errors
    /// Returns [`FillError::Job`].
    pub async fn run(
        self,
        admitted: AdmittedJob,
        options: InpaintOptions,
        deadline: Option<Instant>,
        keep_original: bool,
    ) -> Result<FilledImage, FillError> {
        let mask = Arc::new(self.mask);
        let (image, preserved) = self.picture.into_parts();
        let keep_unmasked = options.keep_unmasked;
        let original = keep_original.then(|| image.clone());
        let work = JobInput {
            image,
            mask: Arc::clone(&mask),
            options,
            deadline,
        };
        let JobOutput { outcome, run } = admitted.run(work).await?;
        Ok(FilledImage {
            pixels: outcome.image,
            preserved,
            mask,
            keep_unmasked,
            original,
            file: self.file,
            run: ModelRun {
                model: run.model,
                scaled: outcome.scaled,
                queued: run.queued,
                forward: run.forward,
            },
        })
    }
}

impl FilledImage {
    /// Encodes the result. Blocks: call it on a codec thread.
    ///
    /// # Errors
    /// Returns [`EncodeError`] if the format can't hold the image.
    pub fn encode(&self, form: OutputForm, options: &EncodeOptions) -> Result<EncodedResult, EncodeError> {
        let format = match form {
            OutputForm::Patch => return self.encode_patch(),
            OutputForm::SideBySide => return self.encode_side_by_side(options),
            OutputForm::InputFormat => self.preserved.format(),
            OutputForm::Png => ImageFormat::Png,
        };
        let full;
        let changed = if self.keep_unmasked {
            &*self.mask
        } else {
            full = Mask::full(self.pixels.width(), self.pixels.height());
            &full
        };
        let encoded = match &self.file {
            Some(file) if form == OutputForm::InputFormat => {
                self.preserved
                    .encode_original(file, &self.pixels, changed, options)?
            }
            _ => self.preserved.encode_as(format, &self.pixels, changed, options)?,
        };
        Ok(EncodedResult {
            bytes: encoded.bytes,
            mime: encoded.format.mime(),
            patch: None,
            reencoded_quality: encoded.reencoded_quality,
        })
    }

    fn encode_patch(&self) -> Result<EncodedResult, EncodeError> {
        let whole = Rect::whole(self.pixels.dimensions());
        let changed = if self.keep_unmasked {
            self.mask.bounding_box()
        } else {
            Some(whole)
        };
        // A PNG can't be empty: without changed pixels, the patch is one unchanged pixel.
        let patch = changed.unwrap_or(Rect {
            width: 1,
            height: 1,
            ..whole
        });
        let bytes = self.preserved.encode_patch(&self.pixels, patch)?;
        Ok(EncodedResult {
            bytes,
            mime: ImageFormat::Png.mime(),
            patch: Some(patch),
            reencoded_quality: None,
        })
    }

    fn encode_side_by_side(&self, options: &EncodeOptions) -> Result<EncodedResult, EncodeError> {
        let original = self.original.as_ref().unwrap_or(&self.pixels);
        let images = [original, &mask_as_rgb(&self.mask), &self.pixels];
        let (pixels, preserved) = self.preserved.side_by_side(&images).into_parts();
        let mask = Mask::full(pixels.width(), pixels.height());
        let encoded = preserved.encode_as(ImageFormat::Png, &pixels, &mask, options)?;
        Ok(EncodedResult {
            bytes: encoded.bytes,
            mime: encoded.format.mime(),
            patch: None,
            reencoded_quality: None,
        })
    }
}

/// Returns the mask as an image: white in the hole, black elsewhere.
fn mask_as_rgb(mask: &Mask) -> RgbImage {
    RgbImage::from_fn(mask.width(), mask.height(), |x, y| {
        [if mask.is_hole(x, y) { 255 } else { 0 }; 3].into()
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, GrayImage};

    use super::*;

    const LIMITS: DecodeLimits = DecodeLimits {
        max_pixels: 1 << 20,
        max_side: 1 << 10,
    };

    fn png(pixels: impl Into<DynamicImage>) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        let pixels: DynamicImage = pixels.into();
        pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
        file.into_inner()
    }

    /// Decodes an image of 4 x 2 pixels with a uniform mask.
    fn decode_with((width, height): (u32, u32), grey: u8, rule: MaskRule) -> Result<FillInput, FillError> {
        let image = png(RgbImage::from_pixel(4, 2, [10, 20, 30].into()));
        let mask = png(GrayImage::from_pixel(width, height, [grey].into()));
        decode_pair(image.into(), &mask, rule, &LIMITS)
    }

    fn filled(mask: impl Fn(u32, u32) -> bool, keep_unmasked: bool) -> FilledImage {
        let rule = MaskRule {
            threshold: Threshold::INPAINT_REQUEST,
            fit: false,
        };
        let (pixels, preserved) = decode_with((4, 2), 0, rule).unwrap().picture.into_parts();
        FilledImage {
            pixels,
            preserved,
            mask: Arc::new(Mask::from_fn(4, 2, mask)),
            keep_unmasked,
            original: None,
            file: None,
            run: ModelRun {
                model: "test".to_owned(),
                scaled: false,
                queued: Duration::ZERO,
                forward: Duration::ZERO,
            },
        }
    }

    #[test]
    fn mask_must_have_image_size_unless_fitted() {
        let rule = |fit| MaskRule {
            threshold: Threshold::INPAINT_REQUEST,
            fit,
        };
        assert!(matches!(
            decode_with((2, 2), 255, rule(false)),
            Err(FillError::SizeMismatch {
                image: (4, 2),
                mask: (2, 2)
            })
        ));
        assert_eq!(
            decode_with((2, 2), 255, rule(true)).unwrap().mask.dimensions(),
            (4, 2)
        );
    }

    #[test]
    fn threshold_is_lowest_filled_value() {
        let rule = MaskRule {
            threshold: Threshold::BATCH,
            fit: false,
        };
        for (grey, expected) in [(126, false), (127, true)] {
            let mask = decode_with((4, 2), grey, rule).unwrap().mask;
            assert!(mask.flags().all(|hole| hole == expected));
        }
    }

    #[test]
    fn patch_is_bounding_box_of_changes() {
        let pixel = |x: u32, y: u32| (x, y) == (2, 1);
        for (image, expected) in [
            (filled(pixel, true), (2, 1, 1, 1)),
            (filled(pixel, false), (0, 0, 4, 2)),
            (filled(|_, _| false, true), (0, 0, 1, 1)),
        ] {
            let result = image
                .encode(OutputForm::Patch, &EncodeOptions::default())
                .unwrap();
            let patch = result.patch.unwrap();
            assert_eq!((patch.x, patch.y, patch.width, patch.height), expected);
        }
    }

    #[test]
    fn side_by_side_has_three_images() {
        let result = filled(|_, _| true, true)
            .encode(OutputForm::SideBySide, &EncodeOptions::default())
            .unwrap();
        let decoded = iopaint_imaging::decode(&result.bytes, &LIMITS).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (12, 2));
    }
}

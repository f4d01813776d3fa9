//! A decoded image and its mask, up to the model.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use iopaint_engine::{AdmittedJob, JobInput, JobOutput};
use iopaint_imaging::{DecodeLimits, EncodeOptions, ImageFormat, Mask, Picture, Threshold};
use iopaint_inpaint::InpaintOptions;

use super::original_file::OriginalFile;
use super::{FillError, FilledImage, ModelRun, OutputForm};
use crate::codec::CodecPool;

/// Interpretation of the mask file.
#[derive(Clone, Copy, Debug)]
pub struct MaskRule {
    /// Threshold of the grey values that are filled.
    pub threshold: Threshold,
    /// Scales a mask of another size to the image, instead of rejecting it.
    pub fit: bool,
}

/// Growth of a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskGrowth {
    /// Adds the rest of thin structures that the mask mostly covers, before the dilation.
    pub cover_strokes: bool,
    /// Radius of the dilation in pixels.
    pub dilate_px: u8,
}

/// A decoded image and its mask, of the same size.
#[derive(Debug)]
pub struct FillInput {
    pub(super) picture: Picture,
    pub(super) mask: Mask,
    /// The image's file, if it is a JPEG, which is edited block by block.
    file: Option<OriginalFile>,
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

pub(super) fn decode_pair(
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
    let file = OriginalFile {
        bytes: image,
        limits: *limits,
    };
    FillInput::matched(picture, mask.binarized(rule.threshold), file)
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
            let file = OriginalFile { bytes: image, limits };
            Self::matched(picture, mask, file)
        };
        codecs.run(decode).await?
    }

    /// Checks that image and mask have the same size.
    fn matched(picture: Picture, mask: Mask, file: OriginalFile) -> Result<Self, FillError> {
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

    /// Grows the mask on a codec thread.
    ///
    /// # Errors
    /// Returns [`FillError::Codec`].
    pub async fn grown(mut self, codecs: &CodecPool, growth: MaskGrowth) -> Result<Self, FillError> {
        let MaskGrowth {
            cover_strokes,
            dilate_px,
        } = growth;
        if !cover_strokes && dilate_px == 0 {
            return Ok(self);
        }
        let grow = move || {
            if cover_strokes {
                self.mask = iopaint_imaging::cover_strokes(&self.picture.rgb, &self.mask);
            }
            if dilate_px > 0 {
                self.mask = iopaint_imaging::morphology::dilate(&self.mask, dilate_px);
            }
            self
        };
        Ok(codecs.run(grow).await?)
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

//! A batch of images, several in flight: while the model fills one, the next is decoded and the previous is
//! written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use futures_util::{Stream, StreamExt, stream};
use iopaint_engine::{ClientKey, Engine};
use iopaint_imaging::{DecodeLimits, EncodeOptions, Threshold};

use super::atomic_write::write_atomically;
use super::pairing::Pair;
use super::report::FileOutcome;
use super::resume::is_complete;
use crate::codec::CodecPool;
use crate::fill::{self, FillError, MaskRule, OutputForm};
use crate::request::InpaintRequest;

/// Interpretation of masks.
const MASK_RULE: MaskRule = MaskRule {
    threshold: Threshold::BATCH,
    fit: true,
};

/// Settings of all images of a batch.
pub struct Batch {
    pub engine: Engine,
    pub codecs: CodecPool,
    pub fields: InpaintRequest,
    /// Maximum number of pixels per forward pass.
    pub max_forward_pixels: u64,
    pub limits: DecodeLimits,
    pub encode: EncodeOptions,
    /// Writes image, mask and result side by side.
    pub concat: bool,
    /// Skips images with a complete, current result.
    pub resume: bool,
    /// Folder of the images.
    pub images: PathBuf,
    /// Folder of the masks.
    pub masks: PathBuf,
    /// Folder of the results.
    pub output: PathBuf,
}

impl Batch {
    /// Fills the images of `pairs`, at most `max_in_flight` at a time. Yields outcomes in the order of
    /// `pairs`.
    pub fn fill_all(
        self: &Arc<Self>,
        pairs: Vec<Pair>,
        max_in_flight: usize,
    ) -> impl Stream<Item = (Pair, FileOutcome)> {
        let batch = Arc::clone(self);
        stream::iter(pairs)
            .map(move |pair| {
                let batch = Arc::clone(&batch);
                async move {
                    let outcome = batch.process(&pair).await;
                    (pair, outcome)
                }
            })
            .buffered(max_in_flight)
    }

    async fn process(&self, pair: &Pair) -> FileOutcome {
        let Some(mask) = &pair.mask else {
            return FileOutcome::NoMask;
        };
        let (image, mask) = (self.images.join(&pair.image), self.masks.join(mask));
        let result = self.output.join(&pair.result);
        if self.resume {
            let (image, mask, result) = (image.clone(), mask.clone(), result.clone());
            let complete = self.codecs.run(move || is_complete(&result, &image, &mask)).await;
            if let Ok(true) = complete {
                return FileOutcome::Skipped;
            }
        }
        match self.fill(image, mask, result).await {
            Ok(scaled) => FileOutcome::Filled { scaled },
            Err(error) => FileOutcome::Failed(format!("{error:#}")),
        }
    }

    /// Fills one image and writes the result. Returns true if a region ran scaled down.
    async fn fill(&self, image: PathBuf, mask: PathBuf, result: PathBuf) -> anyhow::Result<bool> {
        let mask_name = mask
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mask_context = || format!("mask {mask_name}");
        let (image, mask) = self
            .codecs
            .run(move || (std::fs::read(image), std::fs::read(mask)))
            .await?;
        let (image, mask) = (image?, mask.with_context(mask_context)?);
        let admitted = fill::admit(&self.engine, ClientKey::new("run"), None, None)?;
        let decoded = fill::decode(&self.codecs, image, mask, MASK_RULE, self.limits)
            .await
            .map_err(|error| match error {
                FillError::Mask(error) => anyhow::Error::from(error).context(mask_context()),
                error => error.into(),
            })?;
        let options = self.fields.options(self.max_forward_pixels);
        let filled = decoded.run(admitted, options, None, self.concat).await?;
        let scaled = filled.run.scaled;
        let form = if self.concat {
            OutputForm::SideBySide
        } else {
            OutputForm::Png
        };
        let encode = self.encode;
        self.codecs
            .run(move || {
                let encoded = filled.encode(form, &encode)?;
                write_result(&result, &encoded.bytes)
            })
            .await??;
        Ok(scaled)
    }
}

fn write_result(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_atomically(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

//! The work of a batch on one image.

use std::path::PathBuf;

use anyhow::Context;
use iopaint_engine::ClientKey;
use iopaint_imaging::{Mask, Threshold};
use iopaint_vision::TextOptions;
use iopaint_vision::selection::Prompt;

use super::batch_context::BatchContext;
use super::pairing::Pair;
use crate::cli::AutoMask;
use crate::fill::{self, FillError, FillInput, MaskRule, OutputForm};
use crate::plugins::{self, AdmittedTask, PluginInput, PluginModel, PluginOutput, PluginTask};
use crate::request::InpaintRequest;

/// Interpretation of masks.
const MASK_RULE: MaskRule = MaskRule {
    threshold: Threshold::BATCH,
    fit: true,
};

/// The work of a batch on one image.
pub enum Work {
    /// Fills the hole of a mask.
    Fill(Box<FillWork>),
    /// Removes the background.
    CutOut(PluginModel),
    /// Enlarges the image.
    Upscale {
        model: PluginModel,
        /// Factor of both sides.
        scale: f64,
    },
}

/// Settings of fills.
pub struct FillWork {
    pub fields: InpaintRequest,
    pub masks: MaskSource,
    /// Form of the results.
    pub form: OutputForm,
}

/// Source of the masks.
pub enum MaskSource {
    /// Files of a folder.
    Folder(PathBuf),
    /// Detection by a plugin.
    Detected {
        content: AutoMask,
        model: PluginModel,
        /// Folder for the detected masks.
        written_to: Option<PathBuf>,
    },
}

impl Work {
    /// Returns true if an image without a mask file can't be processed.
    pub fn needs_mask_file(&self) -> bool {
        matches!(self, Self::Fill(work) if matches!(work.masks, MaskSource::Folder(_)))
    }

    /// Returns the files that determine the result of `pair`.
    pub fn inputs(&self, context: &BatchContext, pair: &Pair) -> Vec<PathBuf> {
        let mut inputs = vec![context.images.join(&pair.image)];
        if let (Self::Fill(work), Some(mask)) = (self, &pair.mask)
            && let MaskSource::Folder(folder) = &work.masks
        {
            inputs.push(folder.join(mask));
        }
        inputs
    }

    /// Processes one image and writes the result. Returns true if a region ran scaled down.
    ///
    /// # Errors
    /// Returns an error if a file can't be read or written, or the image can't be processed.
    pub async fn process(&self, context: &BatchContext, pair: &Pair) -> anyhow::Result<bool> {
        match self {
            Self::Fill(work) => return work.process(context, pair).await,
            Self::CutOut(model) => {
                write_image(context, pair, model, PluginTask::RemoveBackground).await?;
            }
            Self::Upscale { model, scale } => {
                let task = PluginTask::Upscale {
                    scale: *scale,
                    max_forward_pixels: context.max_forward_pixels,
                };
                write_image(context, pair, model, task).await?;
            }
        }
        Ok(false)
    }
}

/// Runs a plugin that returns an image and writes it.
async fn write_image(
    context: &BatchContext,
    pair: &Pair,
    model: &PluginModel,
    task: PluginTask,
) -> anyhow::Result<()> {
    let image = context.read(context.images.join(&pair.image)).await?;
    let output = run_plugin(context, image, model, task).await?;
    let result = context.output.join(&pair.result);
    context
        .write(result, |options| plugins::image_png(output, options))
        .await
}

async fn run_plugin(
    context: &BatchContext,
    image: Vec<u8>,
    model: &PluginModel,
    task: PluginTask,
) -> anyhow::Result<PluginOutput> {
    let client = ClientKey::new("run");
    let admitted = AdmittedTask::admit(&context.engine, &client, model, task.clone())?;
    let input = PluginInput::decode(&context.codecs, client, image, context.limits).await?;
    let size = input.dimensions();
    let limit = context.limits.max_pixels;
    let pixels = task.result_pixels(size);
    anyhow::ensure!(
        pixels <= limit,
        "the result would have {pixels} pixels; the limit is --max-pixels, {limit}"
    );
    Ok(plugins::run(&context.codecs, admitted, input, None, context.encode.threads).await?)
}

impl FillWork {
    async fn process(&self, context: &BatchContext, pair: &Pair) -> anyhow::Result<bool> {
        let image = context.read(context.images.join(&pair.image)).await?;
        let decoded = match &self.masks {
            MaskSource::Folder(folder) => decode_pair(context, pair, image, folder.clone()).await?,
            MaskSource::Detected {
                content,
                model,
                written_to,
            } => {
                let mask = detect_mask(context, image.clone(), *content, model).await?;
                if let Some(folder) = written_to {
                    let copy = mask.clone();
                    let encode = move |_: &_| plugins::gray_png(&copy);
                    context.write(folder.join(&pair.result), encode).await?;
                }
                FillInput::with_mask(&context.codecs, image.into(), move |_| mask, context.limits).await?
            }
        };
        let mut decoded = decoded.grown(&context.codecs, self.fields.mask_growth()).await?;
        let admitted = fill::admit(&context.engine, ClientKey::new("run"), None, None)?;
        let options = self.fields.options(context.max_forward_pixels);
        let form = self.form;
        decoded.keep_file_for(form, &context.encode);
        let side_by_side = form == OutputForm::SideBySide;
        let filled = decoded.run(admitted, options, None, side_by_side).await?;
        let scaled = filled.run.scaled;
        let encode = move |options: &_| filled.encode(form, options).map(|encoded| encoded.bytes);
        context.write(context.output.join(&pair.result), encode).await?;
        Ok(scaled)
    }
}

async fn decode_pair(
    context: &BatchContext,
    pair: &Pair,
    image: Vec<u8>,
    folder: PathBuf,
) -> anyhow::Result<FillInput> {
    let name = pair.mask.clone().unwrap_or_default();
    let mask_context = || format!("mask {}", name.to_string_lossy());
    let mask = context
        .read(folder.join(&name))
        .await
        .with_context(mask_context)?;
    fill::decode(
        &context.codecs,
        image.into(),
        mask.into(),
        MASK_RULE,
        context.limits,
    )
    .await
    .map_err(|error| match error {
        FillError::Mask(error) => anyhow::Error::from(error).context(mask_context()),
        error => error.into(),
    })
}

async fn detect_mask(
    context: &BatchContext,
    image: Vec<u8>,
    wanted: AutoMask,
    model: &PluginModel,
) -> anyhow::Result<Mask> {
    let task = match wanted {
        AutoMask::Text => PluginTask::SelectText(TextOptions::default()),
        AutoMask::Object => PluginTask::Select(Prompt::default()),
        AutoMask::Background => PluginTask::RemoveBackground,
    };
    let output = run_plugin(context, image, model, task).await?;
    let background = wanted == AutoMask::Background;
    let mask = move || {
        let mask = plugins::mask(output)?;
        Ok::<_, plugins::PluginError>(if background { mask.inverted() } else { mask })
    };
    Ok(context.codecs.run(mask).await??)
}

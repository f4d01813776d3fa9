//! The steps that run a plugin on one image: decode, run. Each caller adds its own input, output and
//! error format.

use std::num::NonZeroUsize;
use std::time::Instant;

use iopaint_engine::{
    AdmittedJob, ClientKey, JobError, JobOutput, ModelContract, ModelTask, NetworkRun, PromptRun, RunStats,
};
use iopaint_imaging::{
    Coverage, DecodeError, DecodeLimits, EncodeError, Mask, Picture, PreservedData, RgbImage,
};
use iopaint_inpaint::{ForwardError, Monitor};
use iopaint_vision::selection::{ImageKey, SelectionError, select, select_by_prompt};
use iopaint_vision::{
    Network, TextRegion, UpscaleOptions, refine_alpha, restore_faces, select_text, upscale,
};
use sha2::{Digest, Sha256};

use super::admission::AdmittedTask;
use super::task::PluginTask;
use crate::codec::{CodecPanicked, CodecPool};

/// A decoded image and the work on it.
#[derive(Debug)]
pub struct PluginInput {
    picture: Picture,
    key: ImageKey,
}

/// The result of a plugin, with the data that its file keeps of the input.
#[derive(Debug)]
pub struct PluginOutput {
    /// The result.
    pub value: PluginValue,
    /// Data of the input file.
    pub preserved: PreservedData,
    /// The model that ran, and the durations.
    pub run: RunStats,
}

/// The result of a plugin.
#[derive(Debug)]
pub enum PluginValue {
    /// A selection, and the image.
    Selection {
        /// The image.
        image: RgbImage,
        /// 255 inside the selected object, soft at its edge.
        coverage: Coverage,
    },
    /// Text and its mask.
    Text {
        /// The regions of text.
        regions: Vec<TextRegion>,
        /// Their strokes.
        mask: Mask,
    },
    /// The enlarged image, or the image with restored faces.
    Image(RgbImage),
}

/// An error of one of the steps.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// The image can't be decoded.
    #[error(transparent)]
    Image(#[from] DecodeError),
    /// The job failed in the queue or in the model.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The colours of a cut-out can't be estimated.
    #[error(transparent)]
    Foreground(#[from] ForwardError),
    /// The result can't be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A codec panicked.
    #[error(transparent)]
    Codec(#[from] CodecPanicked),
    /// The result is an image, not a mask.
    #[error("this plugin returns images, not masks")]
    NoMask,
    /// The result is a mask, not an image.
    #[error("this plugin returns masks, not images")]
    NoImage,
    /// The result can't be written as JSON.
    #[error(transparent)]
    Json(serde_json::Error),
}

impl PluginInput {
    /// Decodes an image of `client` on a codec thread, and releases its bytes.
    ///
    /// # Errors
    /// [`PluginError::Image`] or [`PluginError::Codec`].
    pub async fn decode<B>(
        codecs: &CodecPool,
        client: ClientKey,
        bytes: B,
        limits: DecodeLimits,
    ) -> Result<Self, PluginError>
    where
        B: AsRef<[u8]> + Send + 'static,
    {
        let decode = move || {
            let key = image_key(&client, bytes.as_ref());
            let picture = iopaint_imaging::decode(bytes.as_ref(), &limits)?;
            Ok(Self { picture, key })
        };
        codecs.run(decode).await?
    }

    /// Returns width and height in pixels.
    #[must_use]
    pub fn dimensions(&self) -> (u32, u32) {
        self.picture.rgb.dimensions()
    }
}

/// Runs an admitted task. Work beside the networks takes up to `threads` threads.
///
/// # Errors
/// [`PluginError::Job`] or [`PluginError::Codec`].
pub async fn run(
    codecs: &CodecPool,
    admitted: AdmittedTask,
    input: PluginInput,
    deadline: Option<Instant>,
    threads: NonZeroUsize,
) -> Result<PluginOutput, PluginError> {
    let PluginInput { picture, key } = input;
    let (image, preserved) = picture.into_parts();
    let AdmittedTask {
        task,
        contract,
        job,
        background,
    } = admitted;
    let background = match background {
        Some(job) => Some(repaint(job, image.clone(), &task, deadline).await?),
        None => None,
    };
    let (background, first_run) = background.map(|output| (output.outcome, output.run)).unzip();
    let refines = matches!(task, PluginTask::RemoveBackground);
    let JobOutput { outcome, run } = if contract.task() == ModelTask::SegmentByPrompt {
        let work = move |run: PromptRun<'_>| on_prompt_network(run, image, key, &task);
        job.run_prompt_network(deadline, work).await?
    } else {
        let work = move |run: NetworkRun<'_>| on_network(run, image, background, key, task, contract);
        job.run_network(deadline, work).await?
    };
    let value = match outcome {
        // At full resolution, and so on a codec thread: the model thread is free for the next job.
        PluginValue::Selection { image, coverage } if refines => {
            let refine = move || {
                let coverage = refine_alpha(threads.get(), &image, &coverage);
                PluginValue::Selection { image, coverage }
            };
            codecs.run(refine).await?
        }
        value => value,
    };
    Ok(PluginOutput {
        value,
        preserved,
        run: match first_run {
            Some(first) => RunStats {
                model: run.model,
                queued: first.queued + run.queued,
                forward: first.forward + run.forward,
            },
            None => run,
        },
    })
}

/// Repaints an image by an upscaling network at the image's own size.
async fn repaint(
    job: AdmittedJob,
    image: RgbImage,
    task: &PluginTask,
    deadline: Option<Instant>,
) -> Result<JobOutput<RgbImage>, JobError> {
    let max_forward_pixels = match task {
        PluginTask::RestoreFaces {
            max_forward_pixels, ..
        } => *max_forward_pixels,
        _ => u64::MAX,
    };
    let work = move |run: NetworkRun<'_>| {
        let max_forward_pixels = max_forward_pixels.min(run.max_forward_pixels);
        scaled(run.network, &image, 1.0, max_forward_pixels, run.monitor)
    };
    job.run_network(deadline, work).await
}

/// Scales an image by an upscaling network.
fn scaled(
    network: &mut dyn Network,
    image: &RgbImage,
    scale: f64,
    max_forward_pixels: u64,
    monitor: &dyn Monitor,
) -> Result<RgbImage, ForwardError> {
    let network_scale = network.scale();
    // The limit bounds memory, which the feature maps determine.
    let feature_pixels = u64::from(network.feature_scale()).pow(2).max(1);
    let options = UpscaleOptions {
        max_forward_pixels: max_forward_pixels / feature_pixels,
        ..UpscaleOptions::default()
    };
    upscale(network, network_scale, image, scale, options, monitor)
}

/// Performs the part of a task that needs the network. `background` replaces the image around restored faces.
fn on_network(
    run: NetworkRun<'_>,
    image: RgbImage,
    background: Option<RgbImage>,
    key: ImageKey,
    task: PluginTask,
    contract: ModelContract,
) -> Result<PluginValue, ForwardError> {
    let NetworkRun {
        network,
        maps,
        max_forward_pixels: model_limit,
        monitor,
    } = run;
    let saliency_spec = || {
        contract
            .saliency_spec()
            .ok_or_else(|| ForwardError::Failed("the model does not segment images".to_owned()))
    };
    match task {
        PluginTask::Select(prompt) => {
            let spec = saliency_spec()?;
            let selection = maps.with(key, |maps| select(network, &spec, &image, &prompt, maps, monitor));
            let coverage = selection.map_err(forward_error)?.coverage;
            Ok(PluginValue::Selection { image, coverage })
        }
        PluginTask::RemoveBackground => {
            let spec = saliency_spec()?;
            let map = maps.with(key, |maps| maps.main_object(network, &spec, &image, monitor))?;
            let coverage = Coverage::clone(&map);
            Ok(PluginValue::Selection { image, coverage })
        }
        PluginTask::SelectText(options) => {
            let (regions, mask) = select_text(network, &image, &options, monitor)?;
            Ok(PluginValue::Text { regions, mask })
        }
        PluginTask::Upscale {
            scale,
            max_forward_pixels,
        } => {
            let max_forward_pixels = max_forward_pixels.min(model_limit);
            let image = scaled(network, &image, scale, max_forward_pixels, monitor)?;
            Ok(PluginValue::Image(image))
        }
        PluginTask::RestoreFaces {
            max_forward_pixels, ..
        } => {
            let mut faces = network
                .faces()
                .ok_or_else(|| ForwardError::Failed("the model does not restore faces".to_owned()))?;
            let mut canvas = background.unwrap_or_else(|| image.clone());
            let max_pixels = max_forward_pixels.min(model_limit);
            restore_faces(&mut faces, &image, &mut canvas, max_pixels, monitor)?;
            Ok(PluginValue::Image(canvas))
        }
    }
}

/// Performs the part of a task that needs a network that takes prompts.
fn on_prompt_network(
    run: PromptRun<'_>,
    image: RgbImage,
    key: ImageKey,
    task: &PluginTask,
) -> Result<PluginValue, ForwardError> {
    let PromptRun {
        network,
        embeddings,
        monitor,
    } = run;
    let PluginTask::Select(prompt) = task else {
        return Err(ForwardError::Failed(
            "the model selects by prompts only".to_owned(),
        ));
    };
    let selection = embeddings.with(key, |embedding| {
        select_by_prompt(network, &image, prompt, embedding, monitor)
    });
    let coverage = selection.map_err(forward_error)?;
    Ok(PluginValue::Selection { image, coverage })
}

/// Returns the key of an image's maps and embedding. Clients share none, so that response times reveal
/// nothing about the images of other clients.
fn image_key(client: &ClientKey, bytes: &[u8]) -> ImageKey {
    let client = Sha256::digest(client.as_str());
    ImageKey(
        Sha256::new()
            .chain_update(client)
            .chain_update(bytes)
            .finalize()
            .into(),
    )
}

fn forward_error(error: SelectionError) -> ForwardError {
    match error {
        SelectionError::Forward(error) => error,
        // Requests are checked before.
        SelectionError::EmptyArea => ForwardError::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_images_share_no_key() {
        let key = |client: &str, image: &[u8]| image_key(&ClientKey::new(client), image);
        assert_eq!(key("a", b"image"), key("a", b"image"));
        assert_ne!(key("a", b"image"), key("b", b"image"));
        assert_ne!(key("a", b"image"), key("a", b"other"));
        assert_ne!(key("a", b"bimage"), key("ab", b"image"));
    }
}

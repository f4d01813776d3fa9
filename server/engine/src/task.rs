//! The work of a job on the model thread, independent of the type of its result.

use iopaint_inpaint::{Detail, InpaintOutput, Monitor, inpaint_in_place};
use iopaint_vision::Network;
use iopaint_vision::selection::{EmbeddingCache, MapCache, PromptNetwork};
use tokio::sync::oneshot;

use crate::job::{JobError, JobInput};
use crate::loaded_model::{LoadedModel, LoadedNetwork, LoadedPromptNetwork};

/// The model thread's contribution to a run.
pub(crate) struct RunContext<'a> {
    /// Restores detail in regions that ran at reduced size.
    pub detail: Option<&'a dyn Detail>,
    /// Largest forward pass of the model in pixels.
    pub max_forward_pixels: u64,
    /// Receives the progress and may stop the run.
    pub monitor: &'a dyn Monitor,
}

/// A network and the conditions of a run, for the work of a plugin.
pub struct NetworkRun<'a> {
    /// The loaded network.
    pub network: &'a mut dyn Network,
    /// The network's saliency maps of the latest images.
    pub maps: &'a mut MapCache,
    /// Largest forward pass of the model in pixels (width x height).
    pub max_forward_pixels: u64,
    /// Receives the progress and may stop the run.
    pub monitor: &'a dyn Monitor,
}

/// A network that takes prompts and the conditions of a run, for the work of a plugin.
pub struct PromptRun<'a> {
    /// The loaded network.
    pub network: &'a mut dyn PromptNetwork,
    /// The network's embeddings of the latest images.
    pub embeddings: &'a mut EmbeddingCache,
    /// Receives the progress and may stop the run.
    pub monitor: &'a dyn Monitor,
}

type Work = dyn FnOnce(&mut LoadedModel, &RunContext<'_>) -> Result<(), JobError> + Send;

/// The work of a job. Its result is sent through a channel of its own.
pub(crate) struct Task(Box<Work>);

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Task")
    }
}

impl Task {
    /// Creates a task, and the receiver of its result. The receiver is ready once [`Task::run`] has
    /// succeeded.
    fn new<T: Send + 'static>(
        work: impl FnOnce(&mut LoadedModel, &RunContext<'_>) -> Result<T, JobError> + Send + 'static,
    ) -> (Self, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        let work = move |model: &mut LoadedModel, context: &RunContext<'_>| {
            let result = work(model, context)?;
            // Fails if the receiver was dropped; the result is not needed then.
            let _ = sender.send(result);
            Ok(())
        };
        (Self(Box::new(work)), receiver)
    }

    /// Creates the task that fills the hole of an image.
    pub fn fill(input: JobInput) -> (Self, oneshot::Receiver<InpaintOutput>) {
        Self::new(move |model, context| {
            let LoadedModel::Inpainter(model) = model else {
                return Err(JobError::Model("the model does not fill images".to_owned()));
            };
            let mut options = input.options;
            options.max_forward_pixels = options.max_forward_pixels.min(context.max_forward_pixels);
            let (mut image, mask) = (input.image, input.mask);
            let run = inpaint_in_place(
                model.as_mut(),
                context.detail,
                &mut image,
                mask.as_coverage(),
                &options,
                context.monitor,
            )?;
            Ok(InpaintOutput::new(image, run))
        })
    }

    /// Creates a task that runs `work` on a network.
    pub fn network<T, E>(
        work: impl FnOnce(NetworkRun<'_>) -> Result<T, E> + Send + 'static,
    ) -> (Self, oneshot::Receiver<T>)
    where
        T: Send + 'static,
        E: Into<JobError>,
    {
        Self::new(move |model, context| {
            let LoadedModel::Network(LoadedNetwork { network, maps }) = model else {
                return Err(JobError::Model(
                    "the model is not a network of a plugin".to_owned(),
                ));
            };
            work(NetworkRun {
                network: network.as_mut(),
                maps,
                max_forward_pixels: context.max_forward_pixels,
                monitor: context.monitor,
            })
            .map_err(Into::into)
        })
    }

    /// Creates a task that runs `work` on a network that takes prompts.
    pub fn prompt_network<T, E>(
        work: impl FnOnce(PromptRun<'_>) -> Result<T, E> + Send + 'static,
    ) -> (Self, oneshot::Receiver<T>)
    where
        T: Send + 'static,
        E: Into<JobError>,
    {
        Self::new(move |model, context| {
            let LoadedModel::PromptNetwork(LoadedPromptNetwork { network, embeddings }) = model else {
                return Err(JobError::Model(
                    "the model is not a network that takes prompts".to_owned(),
                ));
            };
            work(PromptRun {
                network: network.as_mut(),
                embeddings,
                monitor: context.monitor,
            })
            .map_err(Into::into)
        })
    }

    /// Runs the work on the model thread.
    pub fn run(self, model: &mut LoadedModel, context: &RunContext<'_>) -> Result<(), JobError> {
        (self.0)(model, context)
    }
}

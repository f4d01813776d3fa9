//! Admission of a plugin's task as one job, or as two.

use std::sync::Arc;

use iopaint_engine::{AdmittedJob, ClientKey, Engine, ModelContract, Observer, Rejection};

use super::half_progress::HalfProgress;
use super::model::PluginModel;
use super::task::PluginTask;

/// A task with its admitted jobs, which share one permit.
pub struct AdmittedTask {
    pub(super) task: PluginTask,
    pub(super) contract: ModelContract,
    pub(super) job: AdmittedJob,
    /// The job that runs first and repaints the background.
    pub(super) background: Option<AdmittedJob>,
}

impl AdmittedTask {
    /// Admits `task` on the network `model`, and on the upscaler that repaints the background, if it has one.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn admit(
        engine: &Engine,
        client: &ClientKey,
        model: &PluginModel,
        task: PluginTask,
    ) -> Result<Self, Rejection> {
        let (name, model_task) = (model.name.as_str(), model.contract.task());
        let (background, job) = if let Some(upscaler) = task.background() {
            let upscaler = (upscaler.name.as_str(), upscaler.contract.task());
            let [background, job] = engine.admit_networks(client, [upscaler, (name, model_task)])?;
            (Some(background), job)
        } else {
            (None, engine.admit_network(client.clone(), name, model_task)?)
        };
        Ok(Self {
            task,
            contract: model.contract,
            job,
            background,
        })
    }

    /// Sets the observer of the task's progress.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        let (background, job) = match self.background {
            Some(background) => {
                let [first, second] = HalfProgress::observers(&observer);
                (Some(background.observed_by(first)), self.job.observed_by(second))
            }
            None => (None, self.job.observed_by(observer)),
        };
        Self {
            job,
            background,
            ..self
        }
    }
}

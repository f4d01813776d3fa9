//! The engine's mutable state: the queue, and the rules by which the current model changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::download::DownloadProgress;
use crate::download_states::DownloadStates;
use crate::job::{JobError, Rejection};
use crate::loaded_model::ModelHandle;
use crate::memory_release::MemoryRelease;
use crate::model_slots::{ModelSlot, ModelSlots, SlotId};
use crate::progress::JobProgress;
use crate::queue::FairQueue;
use crate::queued_job::Job;
use crate::registry::{ModelSpec, ModelTask};
use crate::switch::SwitchError;
use crate::wait_time::WaitTimeEstimator;

pub(crate) struct State {
    pub queue: FairQueue<Job>,
    /// The model of jobs that name none. With room for one model only it may be unloaded for a job that names
    /// another model; it is loaded again for the next job without a name.
    pub current: Option<String>,
    /// The model that was last requested as the current one. Loads end in any order; the last request wins.
    pub requested: Option<String>,
    pub models: ModelSlots,
    pub pending_loads: Vec<PendingLoad>,
    pub downloads: DownloadStates,
    /// Cause of the last failed load; cleared by the next successful one.
    pub failure: Option<String>,
    pub draining: bool,
    /// True once the last handle of the engine was dropped.
    pub closed: bool,
    /// Number of model threads that exist.
    pub alive: usize,
    /// The runs in progress, by the index of their model thread.
    pub lent: BTreeMap<usize, SlotId>,
    pub wait_time: WaitTimeEstimator,
    pub memory_release: MemoryRelease,
}

impl State {
    /// Returns the state of an engine with `workers` model threads.
    pub fn new(clock: Arc<dyn Clock>, workers: usize) -> Self {
        Self {
            queue: FairQueue::default(),
            current: None,
            requested: None,
            models: ModelSlots::default(),
            pending_loads: Vec::new(),
            downloads: DownloadStates::default(),
            failure: None,
            draining: false,
            closed: false,
            alive: workers,
            lent: BTreeMap::new(),
            wait_time: WaitTimeEstimator::new(clock, workers),
            memory_release: MemoryRelease::default(),
        }
    }
}

/// A model that is being downloaded or loaded.
pub(crate) struct PendingLoad {
    pub name: String,
    /// `None` unless a download is running.
    pub progress: Option<DownloadProgress>,
    pub after_load: AfterLoad,
    /// Callers of [`crate::Engine::switch`] that wait for the outcome.
    pub waiters: Vec<oneshot::Sender<Result<ModelSpec, SwitchError>>>,
}

/// The role of a model once it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AfterLoad {
    /// It serves jobs that name it.
    KeepLoaded,
    /// It becomes the current model.
    MakeCurrent,
    /// It becomes the current model if the current one is still this model.
    ReplaceCurrent(String),
}

impl State {
    /// Returns the name of the model that would run `job`.
    pub fn model_of<'a>(&'a self, job: &'a Job) -> Option<&'a str> {
        job.model.as_deref().or(self.current.as_deref())
    }

    /// Returns true if the model of `job` is loaded and can run it now on the device.
    pub fn can_run(&self, job: &Job, device: usize) -> bool {
        self.model_of(job)
            .is_some_and(|name| self.models.has_idle(name, device))
    }

    /// Returns true if the model is being loaded.
    pub fn is_loading(&self, name: &str) -> bool {
        self.pending_loads.iter().any(|load| load.name == name)
    }

    /// Returns true if no model is current and none can become it.
    pub fn no_model_expected(&self) -> bool {
        self.current.is_none() && self.pending_loads.is_empty()
    }

    /// Returns the rejection of jobs while [`State::no_model_expected`].
    pub fn no_model(&self) -> Rejection {
        let reason = self.failure.clone();
        Rejection::NoModel(reason.unwrap_or_else(|| "no model file was found".to_owned()))
    }

    /// Reports their queue positions to the watched jobs.
    pub fn publish_queue_positions(&self) {
        if !self.queue.iter().any(Job::is_watched) {
            return;
        }
        let running = self.wait_time.running();
        for (index, job) in self.queue.iter_in_order().enumerate() {
            job.report(JobProgress::Queued {
                position: running + index,
                eta: self.wait_time.eta(index),
            });
        }
    }

    /// Adds a loaded model with its handles and returns the models that it displaced.
    pub fn add_model(
        &mut self,
        spec: ModelSpec,
        handles: Vec<ModelHandle>,
        after_load: &AfterLoad,
        max_models: usize,
    ) -> Vec<ModelSlot> {
        let name = spec.name.clone();
        let fills = spec.task() == ModelTask::Inpaint;
        self.models.insert(spec, handles);
        let becomes_current = fills
            && match after_load {
                AfterLoad::KeepLoaded => self.current.is_none() && !self.awaits_current(),
                AfterLoad::MakeCurrent => self.current.is_none() || self.requested.as_ref() == Some(&name),
                AfterLoad::ReplaceCurrent(other) => {
                    self.current.as_ref().is_none_or(|current| current == other)
                }
            };
        if becomes_current {
            self.current = Some(name.clone());
        }
        self.failure = None;
        let current = self.current.as_deref();
        self.models.evict(max_models, |other| {
            other == name || (max_models > 1 && current == Some(other))
        })
    }

    /// Records that `name` could not be loaded. Removes and returns the jobs that can't run without it.
    pub fn record_load_failure(&mut self, name: &str, message: &str) -> Vec<(Job, JobError)> {
        self.failure = Some(message.to_owned());
        if self.current.is_none() && !self.awaits_current() {
            self.current = self.models.most_recent_inpainter().map(str::to_owned);
        }
        let unnamed_fail = match &self.current {
            Some(current) => current == name && !self.models.contains(name),
            None => self.pending_loads.is_empty(),
        };
        let failed = self.queue.remove_where(|job| match &job.model {
            Some(model) => model == name,
            None => unnamed_fail,
        });
        self.publish_queue_positions();
        failed
            .into_iter()
            .map(|job| (job, JobError::NoModel(message.to_owned())))
            .collect()
    }

    /// Returns true if a model is being loaded that is to become the current one.
    fn awaits_current(&self) -> bool {
        self.pending_loads
            .iter()
            .any(|load| load.after_load == AfterLoad::MakeCurrent)
    }
}

#[cfg(test)]
mod tests {
    use iopaint_inpaint::Inpainter;

    use super::*;
    use crate::clock::SystemClock;
    use crate::registry::{ModelContract, Registry};

    struct Identity;

    impl Inpainter for Identity {
        fn padding(&self) -> iopaint_inpaint::Padding {
            ModelContract::Lama.padding()
        }

        fn forward(
            &mut self,
            image: &iopaint_imaging::RgbImage,
            _: &iopaint_imaging::Coverage,
            _: &iopaint_inpaint::Context<'_>,
        ) -> Result<iopaint_imaging::RgbImage, iopaint_inpaint::ForwardError> {
            Ok(image.clone())
        }
    }

    /// Returns a state in which these models are being loaded, the last [`AfterLoad::MakeCurrent`] one as
    /// requested.
    fn loading(models: &[(&str, AfterLoad)]) -> State {
        let mut state = State::new(Arc::new(SystemClock), 1);
        for (name, after_load) in models {
            if *after_load == AfterLoad::MakeCurrent {
                state.requested = Some((*name).to_owned());
            }
            state.pending_loads.push(PendingLoad {
                name: (*name).to_owned(),
                progress: None,
                after_load: after_load.clone(),
                waiters: Vec::new(),
            });
        }
        state
    }

    fn finish_load(state: &mut State, name: &str) {
        let index = state.pending_loads.iter().position(|load| load.name == name);
        let PendingLoad { after_load, .. } = state.pending_loads.swap_remove(index.unwrap());
        let spec = Registry::known().unwrap().get(name).unwrap().clone();
        let handle = ModelHandle {
            model: Box::new(Identity).into(),
            device: Some(0),
        };
        state.add_model(spec, vec![handle], &after_load, 2);
    }

    #[test]
    fn last_requested_model_becomes_current() {
        for order in [["lama", "cv2"], ["cv2", "lama"]] {
            let mut state = loading(&[("lama", AfterLoad::MakeCurrent), ("cv2", AfterLoad::MakeCurrent)]);
            for name in order {
                finish_load(&mut state, name);
            }
            assert_eq!(state.current.as_deref(), Some("cv2"), "{order:?}");
        }
    }

    #[test]
    fn model_named_by_a_job_does_not_become_current() {
        let mut state = loading(&[("lama", AfterLoad::MakeCurrent), ("cv2", AfterLoad::KeepLoaded)]);
        finish_load(&mut state, "cv2");
        assert_eq!(state.current, None);
        finish_load(&mut state, "lama");
        assert_eq!(state.current.as_deref(), Some("lama"));
    }

    #[test]
    fn loaded_model_replaces_failed_current() {
        let mut state = loading(&[("lama", AfterLoad::MakeCurrent), ("cv2", AfterLoad::KeepLoaded)]);
        finish_load(&mut state, "cv2");
        state.pending_loads.clear();
        state.record_load_failure("lama", "its file is damaged");
        assert_eq!(state.current.as_deref(), Some("cv2"));
    }
}

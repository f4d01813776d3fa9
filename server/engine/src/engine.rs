//! The engine's public interface.

use std::sync::Arc;

use iopaint_torch::Device;
use tokio::sync::oneshot;

use crate::admitted_job::AdmittedJob;
use crate::download::DownloadProgress;
use crate::job::{JobError, Rejection, Unavailable};
use crate::loader::ModelLoader;
use crate::loading::begin_load;
use crate::model_store::ModelStore;
use crate::options::EngineOptions;
use crate::queue::ClientKey;
use crate::queued_job::JobPermit;
use crate::registry::{ModelSpec, ModelTask, Registry};
use crate::shared::{EngineHandle, Shared};
use crate::start::{StartError, start_default, start_named};
use crate::state::{AfterLoad, State};
use crate::switch::SwitchError;
use crate::worker;

/// A snapshot of the engine.
#[derive(Clone, Debug)]
pub struct Status {
    /// The current model; `None` until one was loaded.
    pub model: Option<ModelSpec>,
    /// [`iopaint_inpaint::Inpainter::max_hole_depth_px`] of the current model, in pixels; kept while the
    /// model is unloaded.
    pub max_hole_depth_px: Option<f32>,
    /// True if a job that names no model would run now.
    pub ready: bool,
    /// Models that are being downloaded or loaded.
    pub loading: Vec<LoadingModel>,
    /// Cause of the last failed load; cleared by the next successful one.
    pub failure: Option<String>,
    /// Number of admitted jobs.
    pub jobs: usize,
    /// Number of queued jobs; their images are decoded.
    pub waiting: usize,
    /// Number of jobs that run.
    pub running: usize,
    /// Names of the loaded models.
    pub loaded: Vec<String>,
    /// The devices that run models, in the order of the engine's loaders.
    pub devices: Vec<DeviceStatus>,
    /// True while a model thread exists. If false, the process must be restarted.
    pub alive: bool,
}

/// A device that runs models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceStatus {
    /// The device.
    pub device: Device,
    /// Number of jobs that its model threads run.
    pub running: usize,
    /// Names of the models with a copy of their weights on the device; those of plugins are not included.
    pub models: Vec<String>,
}

/// A model that is being downloaded or loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadingModel {
    /// Name of the model.
    pub name: String,
    /// Progress of the download; `None` unless one is running.
    pub progress: Option<DownloadProgress>,
}

/// Runs jobs on models. Clones share one engine; its threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Engine {
    handle: EngineHandle,
}

impl Engine {
    /// Starts the model threads and begins to load the first model; jobs are queued until it is loaded.
    ///
    /// Each loader loads models on one device. Models that fill holes get a copy of their weights on every
    /// device; a network of a plugin is loaded once, by the first loader that succeeds.
    ///
    /// A named model is downloaded first if its files are missing, which blocks. Without a name, `lama` is
    /// loaded if its file is on disk; otherwise the built-in model serves until `lama` was downloaded.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(
        registry: Registry,
        store: ModelStore,
        loaders: Vec<Arc<dyn ModelLoader>>,
        options: &EngineOptions,
    ) -> Result<Self, StartError> {
        if loaders.is_empty() {
            return Err(StartError::NoDevice);
        }
        let shared = Arc::new(Shared::new(registry, store, loaders, options));
        let engine = Self {
            handle: EngineHandle::new(Arc::clone(&shared)),
        };
        match options.model.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => start_named(&shared, name, options.local_files_only)?,
            None => start_default(&shared, options),
        }
        for index in 0..shared.workers() {
            worker::spawn(Arc::clone(&shared), index)?;
        }
        Ok(engine)
    }

    /// Acquires a permit for a job, before its images are decoded. `model` is the name of the model to run;
    /// `None` or empty: the current one.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn admit(&self, client: ClientKey, model: Option<&str>) -> Result<AdmittedJob, Rejection> {
        let model = model.filter(|name| !name.is_empty());
        if let Some(name) = model {
            self.expect_task(name, ModelTask::Inpaint)?;
        }
        let permit = self.acquire_permit(&[model])?;
        Ok(self.admitted(client, model, permit))
    }

    /// Acquires a permit for a job on the network `model`, which performs `task`.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn admit_network(
        &self,
        client: ClientKey,
        model: &str,
        task: ModelTask,
    ) -> Result<AdmittedJob, Rejection> {
        self.expect_task(model, task)?;
        let permit = self.acquire_permit(&[Some(model)])?;
        Ok(self.admitted(client, Some(model), permit))
    }

    /// Acquires one permit for jobs on these networks, which perform these tasks, for work that needs several
    /// networks in turn. Each job waits in the queue for its network, so that at most one is in use at a
    /// time; the permit is released after the last job.
    ///
    /// # Errors
    /// [`Rejection`], if one of the networks can't serve.
    pub fn admit_networks<const JOBS: usize>(
        &self,
        client: &ClientKey,
        networks: [(&str, ModelTask); JOBS],
    ) -> Result<[AdmittedJob; JOBS], Rejection> {
        for (model, task) in networks {
            self.expect_task(model, task)?;
        }
        let permit = self.acquire_permit(&networks.map(|(model, _)| Some(model)))?;
        Ok(networks.map(|(model, _)| self.admitted(client.clone(), Some(model), Arc::clone(&permit))))
    }

    fn expect_task(&self, name: &str, task: ModelTask) -> Result<(), Unavailable> {
        let spec = self.shared().registry.get(name);
        spec.filter(|spec| spec.task() == task)
            .map(|_| ())
            .ok_or_else(|| Unavailable::Unknown(name.to_owned()))
    }

    /// Returns a job on `model`, or on the current model, that holds `permit`.
    fn admitted(&self, client: ClientKey, model: Option<&str>, permit: Arc<JobPermit>) -> AdmittedJob {
        AdmittedJob::new(self.handle.clone(), client, model.map(str::to_owned), permit)
    }

    /// Acquires a permit for jobs on `models`; `None`: the current one.
    fn acquire_permit(&self, models: &[Option<&str>]) -> Result<Arc<JobPermit>, Rejection> {
        let shared = self.shared();
        let mut state = shared.lock();
        if state.draining {
            return Err(Rejection::Draining);
        }
        if state.alive == 0 {
            return Err(state.no_model());
        }
        for model in models {
            match model {
                Some(name) if state.models.contains(name) => {}
                Some(name) => check_available(shared, &state, name)?,
                None if state.no_model_expected() => return Err(state.no_model()),
                None => {}
            }
        }
        let Some(permit) = shared.permits.try_acquire() else {
            let in_use = shared.permits.in_use();
            return Err(Rejection::Full {
                retry_after: state.wait_time.retry_after(in_use),
            });
        };
        Ok(Arc::new(permit))
    }

    /// Returns a snapshot of the engine.
    #[must_use]
    pub fn status(&self) -> Status {
        let shared = self.shared();
        let state = shared.lock();
        let current = state.current.as_deref();
        Status {
            model: current.and_then(|name| shared.registry.get(name)).cloned(),
            max_hole_depth_px: current.and_then(|name| state.models.max_hole_depth_px(name)),
            ready: current.is_some() && state.alive > 0 && !state.draining,
            loading: state
                .pending_loads
                .iter()
                .map(|load| LoadingModel {
                    name: load.name.clone(),
                    progress: load.progress,
                })
                .collect(),
            failure: state.failure.clone(),
            jobs: shared.permits.in_use(),
            waiting: state.queue.iter().count(),
            running: state.wait_time.running(),
            loaded: state.models.names().map(str::to_owned).collect(),
            devices: shared
                .loaders
                .iter()
                .enumerate()
                .map(|(index, loader)| DeviceStatus {
                    device: loader.device(),
                    running: state
                        .lent
                        .keys()
                        .filter(|worker| shared.device_of(**worker) == index)
                        .count(),
                    models: state.models.names_on(index).map(str::to_owned).collect(),
                })
                .collect(),
            alive: state.alive > 0,
        }
    }

    /// Reports their queue positions to the watched jobs. The engine does so by itself whenever positions
    /// change.
    pub fn publish_queue_positions(&self) {
        self.shared().lock().publish_queue_positions();
    }

    /// Returns the models that fill holes and whose files are on disk or built in.
    #[must_use]
    pub fn models(&self) -> Vec<ModelSpec> {
        self.models_of(ModelTask::Inpaint)
    }

    /// Returns the models of `task` whose files are on disk or built in.
    #[must_use]
    pub fn models_of(&self, task: ModelTask) -> Vec<ModelSpec> {
        let servable = self.shared().store.servable(&self.shared().registry);
        servable
            .into_iter()
            .filter(|spec| spec.task() == task)
            .cloned()
            .collect()
    }

    /// Returns the registered models and plugins.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.shared().registry
    }

    /// Returns true if the files of the model `name` are on disk or built in.
    #[must_use]
    pub fn is_available(&self, name: &str) -> bool {
        let shared = self.shared();
        let spec = shared.registry.get(name);
        spec.is_some_and(|spec| shared.store.locate(spec).is_some())
    }

    /// Makes `name` the current model and returns once it is loaded. Until then, and if loading fails, the
    /// previous model stays current. Returns immediately if the model is loaded already.
    ///
    /// # Errors
    /// [`SwitchError`].
    pub async fn switch(&self, name: &str) -> Result<ModelSpec, SwitchError> {
        let outcome = {
            let shared = self.shared();
            let mut state = shared.lock();
            if state.draining {
                return Err(SwitchError::Draining);
            }
            let spec = shared
                .registry
                .get_inpainter(name)
                .ok_or_else(|| Unavailable::Unknown(name.to_owned()))?;
            if state.models.contains(name) {
                state.current = Some(name.to_owned());
                state.requested = Some(name.to_owned());
                state.models.touch(name);
                drop(state);
                shared.notify();
                return Ok(spec.clone());
            }
            check_available(shared, &state, name)?;
            if !state.is_loading(name) {
                begin_load(shared, &mut state, name, AfterLoad::MakeCurrent);
            }
            let (sender, outcome) = oneshot::channel();
            if let Some(load) = state.pending_loads.iter_mut().find(|load| load.name == name) {
                load.after_load = AfterLoad::MakeCurrent;
                load.waiters.push(sender);
            }
            state.requested = Some(name.to_owned());
            outcome
        };
        outcome.await.unwrap_or_else(|_| {
            Err(SwitchError::Load(format!(
                "the model `{name}` could not be loaded: no thread could be started"
            )))
        })
    }

    /// Begins a graceful shutdown: rejects new jobs, fails the queued ones and lets the running ones finish.
    pub fn drain(&self) {
        self.shared().cancel_downloads.cancel();
        let jobs = {
            let mut state = self.shared().lock();
            state.draining = true;
            state.queue.remove_where(|_| true)
        };
        self.shared().draining.send_replace(true);
        for job in jobs {
            job.finish(Err(JobError::Draining));
        }
    }

    /// Completes when [`Engine::drain`] was called.
    pub async fn draining(&self) {
        // Can't fail, as the engine owns the sender.
        let _ = self
            .shared()
            .draining
            .subscribe()
            .wait_for(|draining| *draining)
            .await;
    }

    /// Completes when no job is running.
    pub async fn idle(&self) {
        // Can't fail, as the engine owns the sender.
        let _ = self
            .shared()
            .running
            .subscribe()
            .wait_for(|running| !running)
            .await;
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle
    }
}

/// Checks that a model that isn't loaded can be.
fn check_available(shared: &Shared, state: &State, name: &str) -> Result<(), Unavailable> {
    let spec = shared
        .registry
        .get(name)
        .ok_or_else(|| Unavailable::Unknown(name.to_owned()))?;
    if shared.store.locate(spec).is_some() {
        Ok(())
    } else if state.is_loading(name) || state.downloads.is_running(name) {
        Err(Unavailable::Downloading(name.to_owned()))
    } else {
        Err(Unavailable::Absent(name.to_owned()))
    }
}

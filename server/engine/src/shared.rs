//! Data that the engine's threads and handles share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iopaint_inpaint::Inpainter;
use iopaint_torch::Device;
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::watch;

use crate::batching::{BatchOptions, batching_handles};
use crate::download::{CancellationToken, DownloadOptions};
use crate::download_reporter::DownloadReporter;
use crate::engine_metrics::EngineMetrics;
use crate::loaded_model::{LoadedModel, ModelHandle};
use crate::loader::ModelLoader;
use crate::model_slots::ModelSlot;
use crate::model_store::ModelStore;
use crate::options::EngineOptions;
use crate::queued_job::JobPermits;
use crate::registry::Registry;
use crate::state::State;

pub(crate) struct Shared {
    pub registry: Registry,
    pub store: ModelStore,
    /// The loader of each device.
    pub loaders: Vec<Arc<dyn ModelLoader>>,
    pub download: DownloadOptions,
    pub download_reporter: Arc<dyn DownloadReporter>,
    pub max_models: usize,
    /// Number of model threads of each device.
    pub workers_per_device: usize,
    pub batches: BatchOptions,
    pub permits: JobPermits,
    /// Time without jobs after which a model is unloaded.
    pub idle_unload: Option<Duration>,
    /// If true, the current model is unloaded when idle, and idle models before another is loaded for a job.
    pub unload_current: bool,
    pub metrics: Arc<dyn EngineMetrics>,
    /// True while a job runs.
    pub running: watch::Sender<bool>,
    /// Awaitable copy of [`State::draining`].
    pub draining: watch::Sender<bool>,
    pub cancel_downloads: CancellationToken,
    pub local_files_only: bool,
    state: Mutex<State>,
    wake: Condvar,
}

impl Shared {
    pub fn new(
        registry: Registry,
        store: ModelStore,
        loaders: Vec<Arc<dyn ModelLoader>>,
        options: &EngineOptions,
    ) -> Self {
        let workers_per_device = options.workers.max(1);
        let workers = workers_per_device * loaders.len();
        Self {
            registry,
            store,
            loaders,
            download: options.download.clone(),
            download_reporter: Arc::clone(&options.download_reporter),
            max_models: options.max_models.max(1),
            workers_per_device,
            batches: options.batches,
            permits: JobPermits::new(options.max_queue.max(1)),
            idle_unload: options.idle_unload,
            unload_current: options.unload_current,
            metrics: Arc::clone(&options.metrics),
            running: watch::Sender::new(false),
            draining: watch::Sender::new(false),
            cancel_downloads: CancellationToken::default(),
            local_files_only: options.local_files_only,
            state: Mutex::new(State::new(Arc::clone(&options.clock), workers)),
            wake: Condvar::new(),
        }
    }

    /// Locks the state.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Releases the lock until [`Shared::notify`] or `until`. Wakes up spuriously, too.
    pub fn wait(&self, state: &mut MutexGuard<'_, State>, until: Option<Instant>) {
        match until {
            Some(until) => {
                self.wake.wait_until(state, until);
            }
            None => self.wake.wait(state),
        }
    }

    /// Returns the number of model threads.
    pub fn workers(&self) -> usize {
        self.workers_per_device * self.loaders.len()
    }

    /// Returns the index of the device of the model thread number `worker`.
    pub fn device_of(&self, worker: usize) -> usize {
        worker % self.loaders.len()
    }

    /// Returns the device with this index.
    pub fn device(&self, index: usize) -> Device {
        self.loaders
            .get(index)
            .map(|loader| loader.device())
            .unwrap_or_default()
    }

    /// Returns the handles of a model that was loaded on a device: one per model thread of the device, or a
    /// single one if its runs must not overlap. Networks of plugins have one handle for all devices.
    pub fn handles_of(&self, model: LoadedModel, device: usize) -> Vec<ModelHandle> {
        let device = model.is_inpainter().then_some(device);
        let models = match model {
            LoadedModel::Inpainter(model) => self.inpainter_handles(model),
            network @ (LoadedModel::Network(_) | LoadedModel::PromptNetwork(_)) => vec![network],
        };
        models
            .into_iter()
            .map(|model| ModelHandle { model, device })
            .collect()
    }

    /// Returns a handle per model thread of a device, or a single one if the model's passes must not overlap.
    fn inpainter_handles(&self, model: Box<dyn Inpainter>) -> Vec<LoadedModel> {
        let count = self.workers_per_device;
        match batching_handles(model, count, self.batches, Arc::clone(&self.metrics)) {
            Ok(handles) => handles
                .into_iter()
                .map(|handle| Box::new(handle).into())
                .collect(),
            Err(model) => {
                let mut handles: Vec<_> = (1..count).map_while(|_| model.share()).collect();
                handles.push(model);
                handles.into_iter().map(LoadedModel::Inpainter).collect()
            }
        }
    }

    /// Wakes the model threads after a change of the state.
    pub fn notify(&self) {
        self.wake.notify_all();
    }

    /// Drops models without holding the lock, as this takes a while.
    pub fn unload(&self, slots: Vec<ModelSlot>) {
        if slots.is_empty() {
            return;
        }
        for slot in slots {
            self.metrics.model_unloaded(&slot.spec.name);
            drop(slot);
        }
        self.lock().memory_release.record_free(Instant::now());
        self.notify();
    }
}

/// A reference to [`Shared`] that keeps the model threads alive; they end when the last handle is dropped.
#[derive(Clone)]
pub(crate) struct EngineHandle(Arc<CloseOnDrop>);

struct CloseOnDrop(Arc<Shared>);

impl EngineHandle {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self(Arc::new(CloseOnDrop(shared)))
    }
}

impl Deref for EngineHandle {
    type Target = Arc<Shared>;

    fn deref(&self) -> &Arc<Shared> {
        &self.0.0
    }
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.cancel_downloads.cancel();
        self.0.lock().closed = true;
        self.0.notify();
    }
}

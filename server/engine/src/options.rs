//! Settings of an engine.

use std::sync::Arc;
use std::time::Duration;

use crate::batching::BatchOptions;
use crate::clock::{Clock, SystemClock};
use crate::download::DownloadOptions;
use crate::download_reporter::{DownloadReporter, NoDownloadReporter};
use crate::engine_metrics::{EngineMetrics, NoMetrics};

/// Start-up behaviour if no model is named and the default model is not on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultModel {
    /// The built-in model serves while the default model is downloaded in the background.
    #[default]
    DownloadInBackground,
    /// The default model is downloaded before the start, so that one model runs all jobs. If the download
    /// fails, the built-in model is used.
    DownloadFirst,
}

/// Settings of an engine.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Name of the first model. `None` or empty: `lama`, or the built-in model while `lama` is not available.
    pub model: Option<String>,
    /// Start-up behaviour if `model` is not set.
    pub default_model: DefaultModel,
    /// Maximum number of admitted jobs, running ones included.
    pub max_queue: usize,
    /// Number of jobs that run at the same time on each device, each on a thread of its own; at least 1.
    pub workers: usize,
    /// Batches of forward passes of overlapping jobs on one device.
    pub batches: BatchOptions,
    /// Maximum number of loaded models.
    pub max_models: usize,
    /// If true, nothing is downloaded.
    pub local_files_only: bool,
    /// Timeouts and retries of downloads.
    pub download: DownloadOptions,
    /// Displays the progress of downloads.
    pub download_reporter: Arc<dyn DownloadReporter>,
    /// Time without jobs after which a model is unloaded; `None`: never.
    pub idle_unload: Option<Duration>,
    /// If true, `idle_unload` applies to the current model, too; it is loaded again for the next job. A model
    /// that is loaded for a job displaces the idle ones before it is loaded, not after.
    pub unload_current: bool,
    /// Receives the engine's events.
    pub metrics: Arc<dyn EngineMetrics>,
    /// Clock of wait time estimates.
    pub clock: Arc<dyn Clock>,
}

impl Default for EngineOptions {
    /// No named model, 32 jobs, one model thread, no batches, 2 models that are never unloaded when idle,
    /// downloads allowed, no progress display, no metrics.
    fn default() -> Self {
        Self {
            model: None,
            default_model: DefaultModel::default(),
            max_queue: 32,
            workers: 1,
            batches: BatchOptions::default(),
            max_models: 2,
            local_files_only: false,
            download: DownloadOptions::default(),
            download_reporter: Arc::new(NoDownloadReporter),
            idle_unload: None,
            unload_current: false,
            metrics: Arc::new(NoMetrics),
            clock: Arc::new(SystemClock),
        }
    }
}

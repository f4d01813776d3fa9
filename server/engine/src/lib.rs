//! The engine: a registry of models, their files on disk and on the network, a job queue that is fair across
//! clients, and the thread that runs the loaded models.

mod admitted_job;
mod batching;
mod budget;
mod catalogue;
mod clock;
mod download;
mod download_reporter;
mod download_states;
mod engine;
mod engine_metrics;
mod job;
mod loaded_model;
mod loader;
mod loading;
mod memory_release;
mod model_slots;
mod model_store;
mod monitor;
mod options;
mod plugin_devices;
mod progress;
mod queue;
mod queued_job;
mod registry;
mod shared;
mod start;
mod state;
mod switch;
mod task;
#[cfg(test)]
mod tests;
mod verify;
mod wait_time;
mod worker;

pub use admitted_job::AdmittedJob;
pub use batching::BatchOptions;
pub use budget::{ByteBudget, Reservation};
pub use catalogue::{CatalogueEntry, DownloadRefusal, Presence};
pub use clock::{Clock, ManualClock, SystemClock};
pub use download::{
    CancellationToken, DownloadError, DownloadOptions, DownloadProgress, download, install_tls_provider,
};
pub use download_reporter::{DownloadReporter, NoDownloadReporter};
pub use download_states::DownloadStatus;
pub use engine::{DeviceStatus, Engine, LoadingModel, Status};
pub use engine_metrics::{EngineMetrics, NoMetrics};
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use iopaint_torch::reexecute_with_wait_policy;
pub use iopaint_torch::{
    Device, ParseDeviceError, Precision, TorchSettings, bound_memory, cuda_device_count, exit,
    init as init_torch, limit_gpu_memory, set_wait_policy,
};
pub use job::{JobError, JobInput, JobOutput, Rejection, RunStats, Unavailable};
pub use loaded_model::{LoadedModel, LoadedNetwork, LoadedPromptNetwork};
pub use loader::{ModelLoadError, ModelLoader, TorchLoader};
pub use loading::fetch_model;
pub use model_store::{ModelFile, ModelStore, NoModelDir};
pub use options::{DefaultModel, EngineOptions};
pub use plugin_devices::PluginDevices;
pub use progress::{JobProgress, Observer};
pub use queue::ClientKey;
pub use registry::{
    BuiltinFile, DamagedBuiltinFile, FileSpec, Hashes, ModelContract, ModelSpec, ModelTask, Origin,
    PluginKind, PluginSpec, Registry, RegistryError,
};
pub use start::StartError;
pub use switch::SwitchError;
pub use task::{NetworkRun, PromptRun};
pub use verify::{FileDigest, HashMatch, VerifyError, verify};

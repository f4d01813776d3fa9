//! Which model, when and in what order: the registry of models, their files on disk and from the network, the queue
//! and the thread that runs the loaded models.

mod budget;
mod catalogue;
mod download;
mod engine;
mod job;
mod loader;
mod loading;
mod locate;
mod meter;
mod monitor;
mod pace;
mod progress;
mod queue;
mod registry;
mod start;
mod state;
mod switch;
#[cfg(test)]
mod tests;
mod ticket;
mod verify;
mod worker;

pub use budget::{ByteBudget, Reservation};
pub use catalogue::{CatalogueEntry, Download, DownloadRefusal, Presence};
pub use download::{
    Cancel, DownloadError, DownloadOptions, DownloadProgress, ProgressReport, download, install_tls_provider,
};
pub use engine::{Engine, LoadingModel, Status};
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use iopaint_torch::reexecute_with_wait_policy;
pub use iopaint_torch::{
    Device, Settings as TorchSettings, bound_memory, cuda_device_count, exit, init as init_torch,
    limit_gpu_memory, set_wait_policy,
};
pub use job::{Done, JobError, Rejection, Unavailable, Work};
pub use loader::{LoadError, ModelLoader, TorchLoader};
pub use loading::fetch_model;
pub use locate::{ModelFile, ModelStore, NoModelDir};
pub use meter::{EngineMetrics, NoMetrics};
pub use progress::{JobProgress, Observer};
pub use queue::ClientKey;
pub use registry::{
    FileSpec, Hashes, ModelContract, ModelInfo, ModelSpec, ModelType, Origin, Registry, RegistryError,
};
pub use start::{DefaultModel, EngineOptions, StartError};
pub use switch::SwitchError;
pub use ticket::Ticket;
pub use verify::{Digest, Verdict, VerifyError, verify};

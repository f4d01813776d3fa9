//! libtorch behind the [`iopaint_inpaint::Inpainter`] trait: TorchScript modules, devices and thread settings.
//!
//! The rest of the program never sees a tensor: a model takes and gives 8-bit pixels.

mod device;
mod exit;
mod lama;
mod manga;
mod memory;
mod module;
mod openmp;
mod random;
mod rewritten;
mod shim;
mod signed;
mod tensor;
mod tuning;

pub use device::{Device, ParseDeviceError, Settings, cuda_device_count, init, limit_gpu_memory};
pub use exit::exit;
pub use lama::LamaModel;
pub use manga::MangaModel;
pub use memory::{bound_memory, release_gpu_memory, release_memory};
pub use module::{LoadError, Source};
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use openmp::reexecute_with_wait_policy;
pub use openmp::set_wait_policy;
pub use rewritten::Rewritten;
pub use signed::{SignedInput, SignedModel};

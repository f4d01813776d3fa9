//! libtorch behind the [`iopaint_inpaint::Inpainter`] trait: TorchScript modules, devices and thread
//! settings.
//!
//! libtorch's tensors don't leave this crate: models take and return 8-bit pixels or
//! [`iopaint_vision::Tensor`].

#[cfg(test)]
mod archive_tests;
mod birefnet;
mod bridge;
mod device;
mod exit;
mod faces;
mod fastconv;
mod fcf;
#[cfg(test)]
mod in_place_tests;
mod isnet;
mod lama;
mod ldm;
mod manga;
mod mat;
mod memory;
mod module;
mod network;
mod openmp;
mod passes;
mod program;
mod random;
mod rewrite;
mod sam;
mod sam2;
mod script;
mod signed;
mod state_dict;
mod stylegan;
mod tensor;
#[cfg(test)]
mod test_weights;
mod tuning;
mod upscaler;
mod weights;
mod zits;

pub use birefnet::BirefnetNetwork;
pub use device::{
    Device, ParseDeviceError, Precision, TorchSettings, cuda_device_count, init, limit_gpu_memory,
};
pub use exit::exit;
pub use faces::{FaceArchitecture, FaceNetwork};
pub use lama::LamaModel;
pub use ldm::LdmModel;
pub use manga::MangaModel;
pub use memory::{bound_memory, release_gpu_memory, release_memory};
pub use module::{Source, TorchScriptError};
pub use network::TorchNetwork;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub use openmp::reexecute_with_wait_policy;
pub use openmp::set_wait_policy;
pub use sam::SamNetwork;
pub use sam2::Sam2Network;
pub use signed::{SignedInput, SignedModel};
pub use state_dict::{DType, StateDict, StateDictError, TensorFile, TensorLayout, Tensors};
pub use upscaler::Upscaler;
pub use weights::NetworkLoadError;
pub use zits::ZitsModel;

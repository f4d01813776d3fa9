//! What `start` and `run` make of the same flags.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;

use iopaint_engine::{
    Device, ModelStore, Registry, TorchLoader, TorchSettings, cuda_device_count, limit_gpu_memory,
};
use iopaint_imaging::DecodeLimits;

use crate::cli::{ModelFlags, PictureFlags};
use crate::error_advice;
use crate::settings::default_threads;

/// With `--low-mem`: the largest forward in pixels.
const LOW_MEMORY_FORWARD: u64 = 1 << 20;

/// The models there are and the folders of their files. Descriptions that can't be used are logged.
pub fn models(model_dir: Option<&Path>) -> anyhow::Result<(Registry, ModelStore)> {
    let env = |name: &str| -> Option<OsString> { std::env::var_os(name) };
    let store = ModelStore::from_env(model_dir, env).map_err(error_advice::no_model_dir)?;
    let (registry, refused) = Registry::load(store.folders(), env)?;
    for error in refused {
        tracing::warn!("{error}");
    }
    Ok((registry, store))
}

/// How many threads a forward may use.
pub fn threads(flags: &ModelFlags) -> NonZeroUsize {
    let threads = flags.threads.unwrap_or_else(default_threads);
    NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN)
}

/// How libtorch is to run models.
pub fn torch_settings(flags: &ModelFlags) -> TorchSettings {
    TorchSettings {
        threads: threads(flags).get(),
        optimize_graph: flags.optimize_graph,
        tf32: flags.tf32,
    }
}

/// What loads models, on the device that was named.
pub fn loader(flags: &ModelFlags) -> anyhow::Result<TorchLoader> {
    let device = device(&flags.device)?;
    if flags.gpu_memory < 1.0 {
        limit_gpu_memory(device, flags.gpu_memory)
            .map_err(|error| anyhow::anyhow!("the memory of {device} can't be limited: {error}"))?;
    }
    Ok(TorchLoader {
        device,
        strict: flags.strict_models,
        threads: threads(flags),
    })
}

/// The largest forward in pixels.
pub fn max_forward_pixels(flags: &ModelFlags) -> u64 {
    let most = if flags.low_mem {
        LOW_MEMORY_FORWARD
    } else {
        u64::MAX
    };
    flags.max_forward_pixels.min(most)
}

/// The largest image.
pub fn image_limits(flags: &PictureFlags) -> DecodeLimits {
    DecodeLimits {
        max_pixels: flags.max_pixels,
        max_side: flags.max_side,
    }
}

/// The device that was named, or the processor where it isn't there.
fn device(name: &str) -> anyhow::Result<Device> {
    if name == "mps" {
        tracing::warn!("this build has no mps; the processor is used");
        return Ok(Device::Cpu);
    }
    let device: Device = name.parse()?;
    match device {
        Device::Cuda(index) if index >= cuda_device_count() => {
            tracing::warn!("there is no usable CUDA device {index} on this machine; the processor is used");
            Ok(Device::Cpu)
        }
        device => Ok(device),
    }
}

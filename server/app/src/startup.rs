//! Conversion of the flags that `start` and `run` share into settings of the engine and the codecs.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use iopaint_engine::{
    DefaultModel, Device, DownloadOptions, Engine, EngineOptions, ModelStore, Registry, TorchLoader,
    TorchSettings, cuda_device_count, limit_gpu_memory,
};
use iopaint_imaging::DecodeLimits;

use crate::cli::{ImageArgs, ModelArgs};
use crate::download_report::StderrReporter;
use crate::error_advice;
use crate::metrics::Metrics;
use crate::parallelism::Parallelism;

/// Maximum number of pixels per forward pass with `--low-mem`.
const LOW_MEMORY_FORWARD_PIXELS: u64 = 1 << 20;
/// Memory of requests in flight with `--low-mem`, in bytes.
const LOW_MEMORY_IN_FLIGHT_BYTES: u64 = 512 << 20;
/// Maximum idle time of a loaded model with `--low-mem`.
const LOW_MEMORY_IDLE: Duration = Duration::from_mins(1);

/// Returns the registry of models and the store of their files. Logs each invalid model description.
///
/// # Errors
/// Returns an error if the model folder can't be determined or the built-in registry is invalid.
pub fn models(model_dir: Option<&Path>) -> anyhow::Result<(Registry, ModelStore)> {
    let env = |name: &str| -> Option<OsString> { std::env::var_os(name) };
    let store = ModelStore::from_env(model_dir, env).map_err(error_advice::no_model_dir)?;
    let (registry, invalid) = Registry::load(store.folders(), env)?;
    for error in invalid {
        tracing::warn!(%error, "Model description ignored");
    }
    Ok((registry, store))
}

/// Starts the engine of a server. `options` has the settings that the flags of models don't determine.
///
/// # Errors
/// Returns an error if the model folder, the device or the model is invalid.
pub fn engine(
    args: &ModelArgs,
    parallelism: Parallelism,
    metrics: Metrics,
    options: EngineOptions,
) -> anyhow::Result<Engine> {
    let (registry, store) = models(args.model_dir.as_deref())?;
    metrics.expect_models(registry.iter().map(|spec| spec.name.as_str()));
    let options = EngineOptions {
        model: Some(args.model.clone()),
        default_model: DefaultModel::DownloadInBackground,
        workers: parallelism.workers,
        max_models: if args.low_mem { 1 } else { options.max_models },
        local_files_only: args.local_files_only,
        download: DownloadOptions::default(),
        download_reporter: Arc::new(StderrReporter),
        unload_current: args.low_mem,
        metrics: Arc::new(metrics),
        ..options
    };
    iopaint_engine::init_torch(torch_settings(args, parallelism));
    let loader = loader(args, parallelism)?;
    Engine::start(registry, store, Arc::new(loader), &options).map_err(error_advice::start_error)
}

/// Returns the idle time after which a model is unloaded, or `None` for never. `timeout` is the operator's
/// setting.
pub fn idle_unload(args: &ModelArgs, timeout: Option<Duration>) -> Option<Duration> {
    if args.low_mem {
        Some(timeout.unwrap_or(LOW_MEMORY_IDLE).min(LOW_MEMORY_IDLE))
    } else {
        timeout
    }
}

/// Returns the memory of requests in flight in bytes. `bytes` is the operator's setting.
pub fn max_in_flight_bytes(args: &ModelArgs, bytes: u64) -> u64 {
    if args.low_mem {
        bytes.min(LOW_MEMORY_IN_FLIGHT_BYTES)
    } else {
        bytes
    }
}

/// Returns the number of CPU threads for one forward pass at a time, and of the codecs.
pub fn threads(args: &ModelArgs) -> NonZeroUsize {
    let threads = args.threads.unwrap_or_else(default_threads);
    NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN)
}

/// Returns the number of CPUs that the affinity mask and the cgroup quota allow. More compute threads do not
/// speed up a forward pass.
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Returns the settings of libtorch.
pub fn torch_settings(args: &ModelArgs, parallelism: Parallelism) -> TorchSettings {
    TorchSettings {
        threads: parallelism.threads.get(),
        optimize_graph: args.optimize_graph,
        tf32: args.tf32,
    }
}

/// Returns the model loader for the device of `--device`.
///
/// # Errors
/// Returns an error if the device name is invalid or its memory can't be limited.
pub fn loader(args: &ModelArgs, parallelism: Parallelism) -> anyhow::Result<TorchLoader> {
    let device = device(&args.device)?;
    if args.gpu_memory < 1.0 {
        limit_gpu_memory(device, args.gpu_memory)
            .map_err(|error| anyhow::anyhow!("--gpu-memory: cannot limit the memory of {device}: {error}"))?;
    }
    Ok(TorchLoader {
        device,
        strict: args.strict_models,
        threads: parallelism.threads,
    })
}

/// Returns the maximum number of pixels per forward pass.
pub fn max_forward_pixels(args: &ModelArgs) -> u64 {
    let cap = if args.low_mem {
        LOW_MEMORY_FORWARD_PIXELS
    } else {
        u64::MAX
    };
    args.max_forward_pixels.min(cap)
}

/// Returns the limits of input images.
pub fn image_limits(args: &ImageArgs) -> DecodeLimits {
    DecodeLimits {
        max_pixels: args.max_pixels,
        max_side: args.max_side,
    }
}

/// Parses a device name. Falls back to the CPU, with a warning, if the device is unavailable.
fn device(name: &str) -> anyhow::Result<Device> {
    if name == "mps" {
        tracing::warn!(device = name, "Device not supported by this build; using the CPU");
        return Ok(Device::Cpu);
    }
    let device: Device = name.parse()?;
    match device {
        Device::Cuda(index) if index >= cuda_device_count() => {
            tracing::warn!(device = name, "CUDA device not available; using the CPU");
            Ok(Device::Cpu)
        }
        device => Ok(device),
    }
}

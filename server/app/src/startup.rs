//! Conversion of the flags that `start` and `run` share into settings of the engine and the codecs.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use iopaint_engine::{
    DefaultModel, Device, DownloadOptions, Engine, EngineOptions, ModelLoader, ModelStore, PluginDevices,
    Registry, TorchLoader, TorchSettings, limit_gpu_memory,
};
use iopaint_imaging::DecodeLimits;

use crate::cli::{ImageArgs, ModelArgs, PluginArgs};
use crate::devices::single_device;
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
    plugins: &PluginArgs,
    devices: &[Device],
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
    let loaders = loaders(args, devices, plugin_devices(plugins)?, parallelism)?;
    Engine::start(registry, store, loaders, &options).map_err(error_advice::start_error)
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

/// Returns the settings of libtorch.
pub fn torch_settings(args: &ModelArgs, parallelism: Parallelism) -> TorchSettings {
    TorchSettings {
        threads: parallelism.threads.get(),
        optimize_graph: args.optimize_graph,
        precision: args.precision,
        tf32: args.tf32,
    }
}

/// Returns the model loader of each device.
///
/// # Errors
/// Returns an error if the memory of a device can't be limited.
pub fn loaders(
    args: &ModelArgs,
    devices: &[Device],
    plugin_devices: PluginDevices,
    parallelism: Parallelism,
) -> anyhow::Result<Vec<Arc<dyn ModelLoader>>> {
    let mut loaders: Vec<Arc<dyn ModelLoader>> = Vec::new();
    for device in devices {
        if args.gpu_memory < 1.0 {
            limit_gpu_memory(*device, args.gpu_memory).map_err(|error| {
                anyhow::anyhow!("--gpu-memory: cannot limit the memory of {device}: {error}")
            })?;
        }
        loaders.push(Arc::new(TorchLoader {
            device: *device,
            plugin_devices,
            strict: args.strict_models,
            threads: parallelism.threads,
        }));
    }
    Ok(loaders)
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

/// Returns the devices of the plugins' networks. Selecting objects and removing the background share theirs:
/// of two devices the latter's applies, with a warning.
///
/// # Errors
/// Returns an error if a device name is invalid.
pub fn plugin_devices(args: &PluginArgs) -> anyhow::Result<PluginDevices> {
    let named = |name: &Option<String>| name.as_deref().map(single_device).transpose();
    let select = named(&args.interactive_seg_device)?;
    let remove = named(&args.remove_bg_device)?;
    if let (Some(select), Some(remove)) = (select, remove)
        && select != remove
    {
        tracing::warn!(
            interactive_seg = %select,
            remove_bg = %remove,
            "Both plugins use the same networks; using the device of --remove-bg-device"
        );
    }
    Ok(PluginDevices {
        segment: remove.or(select),
        upscale: named(&args.realesrgan_device)?,
        gfpgan: named(&args.gfpgan_device)?,
        restoreformer: named(&args.restoreformer_device)?,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        plugins: PluginArgs,
    }

    fn devices(flags: &str) -> anyhow::Result<PluginDevices> {
        let words = flags.split_whitespace();
        let flags = Flags::try_parse_from(std::iter::once("iopaint").chain(words))?;
        plugin_devices(&flags.plugins)
    }

    #[test]
    fn plugin_devices_default_to_that_of_all_models() {
        assert_eq!(devices("").unwrap(), PluginDevices::default());
    }

    #[test]
    fn plugin_devices_are_those_of_their_flags() {
        let cpu = Some(Device::Cpu);
        let upscale = devices("--realesrgan-device cpu").unwrap();
        assert_eq!((upscale.segment, upscale.upscale), (None, cpu));
        let faces = devices("--gfpgan-device cpu").unwrap();
        assert_eq!((faces.gfpgan, faces.restoreformer), (cpu, None));
        let faces = devices("--restoreformer-device cpu").unwrap();
        assert_eq!((faces.gfpgan, faces.restoreformer), (None, cpu));
        for flag in ["--interactive-seg-device cpu", "--remove-bg-device=cpu"] {
            let segment = devices(flag).unwrap();
            assert_eq!((segment.segment, segment.upscale), (cpu, None));
        }
    }

    #[test]
    fn absent_gpu_falls_back_to_the_cpu() {
        let found = devices("--realesrgan-device cuda:4096").unwrap();
        assert_eq!(found.upscale, Some(Device::Cpu));
    }

    #[test]
    fn unknown_plugin_device_is_an_error() {
        let error = devices("--remove-bg-device gpu").unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"gpu\" is not a device; use cpu, cuda or cuda:N"
        );
    }
}

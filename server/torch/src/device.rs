//! Where a model runs, and the process-wide settings of libtorch.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::shim;

/// A place that a model can be loaded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A CUDA device by its index.
    Cuda(usize),
}

impl Device {
    /// The number by which the shim knows this device: negative for the CPU.
    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Cpu => -1,
            Self::Cuda(index) => i32::try_from(index).unwrap_or(i32::MAX),
        }
    }

    pub(crate) fn is_cuda(self) -> bool {
        matches!(self, Self::Cuda(_))
    }

    pub(crate) fn to_tch(self) -> tch::Device {
        match self {
            Self::Cpu => tch::Device::Cpu,
            Self::Cuda(index) => tch::Device::Cuda(index),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// A device name that isn't `cpu`, `cuda` or `cuda:N`.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a device; use cpu, cuda or cuda:N")]
pub struct ParseDeviceError(String);

impl FromStr for Device {
    type Err = ParseDeviceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            other => other
                .strip_prefix("cuda:")
                .and_then(|index| index.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| ParseDeviceError(other.to_owned())),
        }
    }
}

/// Process-wide settings of libtorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How many threads one forward pass uses.
    pub threads: usize,
    /// Whether models on the CPU are rewritten to run faster; those loaded before keep what they have.
    pub optimize_graph: bool,
    /// Whether a GPU may round what it multiplies to 10 bits, which is faster.
    pub tf32: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threads: 1,
            optimize_graph: true,
            tf32: true,
        }
    }
}

static OPTIMIZE_GRAPH: AtomicBool = AtomicBool::new(true);

/// Applies `settings`, and turns off the executor that compiles a model anew for each image size (its memory would grow
/// with every size seen). Call once, before the first model is loaded.
pub fn init(settings: Settings) {
    OPTIMIZE_GRAPH.store(settings.optimize_graph, Ordering::Relaxed);
    let threads = i32::try_from(settings.threads.max(1)).unwrap_or(i32::MAX);
    // SAFETY: takes plain values, has no preconditions.
    unsafe { shim::iopaint_configure(threads, settings.tf32) }
}

/// Whether models are to be rewritten, as the last [`init`] said.
pub(crate) fn optimize_graph() -> bool {
    OPTIMIZE_GRAPH.load(Ordering::Relaxed)
}

/// How many CUDA devices this libtorch can use: none for its CPU build or without a driver.
#[must_use]
pub fn cuda_device_count() -> usize {
    // SAFETY: no arguments; the shim catches every exception.
    usize::try_from(unsafe { shim::iopaint_cuda_device_count() }).unwrap_or(0)
}

/// Bounds what libtorch takes of a GPU's memory to `share` of all of it, above 0 and up to 1. A pass that needs more runs
/// out of memory. Nothing is done for the processor.
///
/// # Errors
/// The device or its driver refuses; the text tells why.
pub fn limit_gpu_memory(device: Device, share: f64) -> Result<(), String> {
    if !device.is_cuda() {
        return Ok(());
    }
    let mut error = std::ptr::null_mut();
    // SAFETY: takes plain values; `error` is writable.
    if unsafe { shim::iopaint_cuda_limit_memory(device.code(), share, &raw mut error) } {
        return Ok(());
    }
    // SAFETY: the call failed, so `error` is its text.
    Err(unsafe { shim::take_text(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_gpu_that_is_there_has_memory_to_limit() {
        assert_eq!(limit_gpu_memory(Device::Cpu, 0.5), Ok(()));
        let absent = Device::Cuda(cuda_device_count());
        assert!(limit_gpu_memory(absent, 0.5).is_err());
    }

    #[test]
    fn device_names_are_read_and_written_alike() {
        for (text, device) in [
            ("cpu", Device::Cpu),
            ("cuda:0", Device::Cuda(0)),
            ("cuda:3", Device::Cuda(3)),
        ] {
            assert_eq!(text.parse::<Device>().unwrap(), device);
            assert_eq!(device.to_string(), text);
        }
        assert_eq!("cuda".parse::<Device>().unwrap(), Device::Cuda(0));
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:x"] {
            assert!(wrong.parse::<Device>().is_err(), "{wrong}");
        }
    }
}

//! Compute devices, and the process-wide settings of libtorch.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::bridge;
use crate::fastconv::supports_bf16;

/// A device that models run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A CUDA device by its index.
    Cuda(usize),
}

impl Device {
    /// Returns the bridge's number of this device: negative for the CPU.
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

/// A device name other than `cpu`, `cuda` or `cuda:N`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
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

/// Number format of the products of convolutions in networks of LaMa's contract. Sums are always float32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precision {
    /// 24 significant bits.
    #[default]
    F32,
    /// 8 significant bits, on processors with matrix registers (AMX); elsewhere as [`Precision::F32`].
    Bf16,
}

/// Process-wide settings of libtorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TorchSettings {
    /// Number of threads of one forward pass.
    pub threads: usize,
    /// Rewrites the graphs of models on the CPU to run faster. Applies to models loaded afterwards.
    pub optimize_graph: bool,
    /// Number format of products on the CPU, if graphs are rewritten. Applies to models loaded afterwards.
    pub precision: Precision,
    /// Allows a GPU to multiply with 10-bit mantissas (TF32), which is faster.
    pub tf32: bool,
}

impl Default for TorchSettings {
    fn default() -> Self {
        Self {
            threads: 1,
            optimize_graph: true,
            precision: Precision::F32,
            tf32: true,
        }
    }
}

static OPTIMIZE_GRAPH: AtomicBool = AtomicBool::new(true);
static BF16: AtomicBool = AtomicBool::new(false);

/// Applies `settings` and disables the profiling executor, which compiles a model for each image size and
/// keeps the result in memory. Must be called once, before the first model is loaded.
///
/// Logs an error if libtorch rejects a setting, and a warning if this processor doesn't support the
/// precision.
pub fn init(settings: TorchSettings) {
    OPTIMIZE_GRAPH.store(settings.optimize_graph, Ordering::Relaxed);
    let bf16 = settings.precision == Precision::Bf16;
    BF16.store(bf16, Ordering::Relaxed);
    if bf16 && !supports_bf16() {
        tracing::warn!(
            "This processor cannot multiply in bf16 (it has no AMX, or the environment disables AVX-512); models \
             run in f32"
        );
    } else if bf16 && !settings.optimize_graph {
        tracing::warn!("bf16 needs rewritten graphs; models run in f32");
    }
    let threads = i32::try_from(settings.threads.max(1)).unwrap_or(i32::MAX);
    let mut error = std::ptr::null_mut();
    // SAFETY: plain values; `error` is writable.
    if !unsafe { bridge::iopaint_configure(threads, settings.tf32, &raw mut error) } {
        // SAFETY: the call failed, so `error` is its message.
        let error = unsafe { bridge::take_error(error) };
        tracing::error!(error, "Could not apply libtorch's settings");
    }
}

/// Returns `optimize_graph` of the last [`init`].
pub(crate) fn optimize_graph() -> bool {
    OPTIMIZE_GRAPH.load(Ordering::Relaxed)
}

/// Returns `precision` of the last [`init`].
pub(crate) fn precision() -> Precision {
    if BF16.load(Ordering::Relaxed) {
        Precision::Bf16
    } else {
        Precision::F32
    }
}

/// Returns the number of CUDA devices that libtorch can use; 0 for its CPU build or without a driver.
#[must_use]
pub fn cuda_device_count() -> usize {
    // SAFETY: no arguments; the bridge catches every exception.
    usize::try_from(unsafe { bridge::iopaint_cuda_device_count() }).unwrap_or(0)
}

/// Limits libtorch's allocations on a GPU to `fraction` of its memory, in (0, 1]. A pass that needs more
/// fails with an out-of-memory error. No effect on the CPU.
///
/// # Errors
/// The device or its driver rejects the limit; the text is the reason.
pub fn limit_gpu_memory(device: Device, fraction: f64) -> Result<(), String> {
    if !device.is_cuda() {
        return Ok(());
    }
    let mut error = std::ptr::null_mut();
    // SAFETY: plain values; `error` is writable.
    if unsafe { bridge::iopaint_cuda_limit_memory(device.code(), fraction, &raw mut error) } {
        return Ok(());
    }
    // SAFETY: the call failed, so `error` is its message.
    Err(unsafe { bridge::take_error(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_limit_needs_existing_gpu() {
        assert_eq!(limit_gpu_memory(Device::Cpu, 0.5), Ok(()));
        let absent = Device::Cuda(cuda_device_count());
        assert!(limit_gpu_memory(absent, 0.5).is_err());
    }

    #[test]
    fn device_names_round_trip() {
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

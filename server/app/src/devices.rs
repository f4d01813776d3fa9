//! The devices of `--device` and of the flags of plugins.

use iopaint_engine::{Device, ParseDeviceError, cuda_device_count};

/// The value of `--device` for all GPUs.
const ALL_GPUS: &str = "cuda:all";

/// An invalid list of devices.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceListError {
    /// A name is not a device's.
    #[error(transparent)]
    Name(#[from] ParseDeviceError),
    /// The CPU is in a list.
    #[error("a list of devices contains GPUs only, as in cuda:0,cuda:1; use --device cpu for the CPU")]
    CpuInList,
    /// A device is named twice.
    #[error("{0} is named twice; each device runs one copy of the model")]
    Duplicate(Device),
    /// `cuda:all` without a GPU.
    #[error("cuda:all: no CUDA device was found")]
    NoGpu,
    /// A list names a GPU that doesn't exist.
    #[error("{device} does not exist; CUDA devices found: {found}")]
    Absent {
        /// The named device.
        device: Device,
        /// Number of CUDA devices.
        found: usize,
    },
}

/// Returns the devices of `--device`: one, several GPUs separated by commas, or all GPUs. A single device
/// falls back to the CPU, with a warning, if it is unavailable; lists don't, since their devices were chosen
/// one by one.
///
/// # Errors
/// [`DeviceListError`].
pub fn devices(names: &str) -> Result<Vec<Device>, DeviceListError> {
    if names != ALL_GPUS && !names.contains(',') {
        return Ok(vec![single_device(names)?]);
    }
    device_list(names, cuda_device_count())
}

/// Parses a list of GPUs, of which `found` exist.
fn device_list(names: &str, found: usize) -> Result<Vec<Device>, DeviceListError> {
    if names == ALL_GPUS {
        return match found {
            0 => Err(DeviceListError::NoGpu),
            _ => Ok((0..found).map(Device::Cuda).collect()),
        };
    }
    let mut devices = Vec::new();
    for name in names.split(',') {
        let device: Device = name.trim().parse()?;
        match device {
            Device::Cpu => return Err(DeviceListError::CpuInList),
            _ if devices.contains(&device) => return Err(DeviceListError::Duplicate(device)),
            Device::Cuda(_) => devices.push(device),
        }
    }
    let absent = devices
        .iter()
        .find(|device| matches!(device, Device::Cuda(index) if *index >= found));
    match absent {
        Some(device) => Err(DeviceListError::Absent {
            device: *device,
            found,
        }),
        None => Ok(devices),
    }
}

/// Parses the name of one device. Falls back to the CPU, with a warning, if the device is unavailable.
///
/// # Errors
/// The name is not a device's.
pub fn single_device(name: &str) -> Result<Device, ParseDeviceError> {
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::several("cuda:0,cuda:2", &[0, 2])]
    #[case::order_is_kept("cuda:2, cuda:0", &[2, 0])]
    #[case::without_a_number("cuda,cuda:1", &[0, 1])]
    #[case::all("cuda:all", &[0, 1, 2])]
    fn lists_name_gpus(#[case] names: &str, #[case] expected: &[usize]) {
        let expected: Vec<_> = expected.iter().copied().map(Device::Cuda).collect();
        assert_eq!(device_list(names, 3), Ok(expected));
    }

    #[rstest]
    #[case::cpu(
        "cuda:0,cpu",
        "a list of devices contains GPUs only, as in cuda:0,cuda:1; use --device cpu for the CPU"
    )]
    #[case::twice(
        "cuda:1,cuda:1",
        "cuda:1 is named twice; each device runs one copy of the model"
    )]
    #[case::same_device(
        "cuda,cuda:0",
        "cuda:0 is named twice; each device runs one copy of the model"
    )]
    #[case::trailing_comma("cuda:0,", "\"\" is not a device; use cpu, cuda or cuda:N")]
    #[case::unknown("cuda:0,gpu", "\"gpu\" is not a device; use cpu, cuda or cuda:N")]
    #[case::all_in_list("cuda:all,cuda:0", "\"cuda:all\" is not a device; use cpu, cuda or cuda:N")]
    #[case::too_many("cuda:0,cuda:1,cuda:2", "cuda:2 does not exist; CUDA devices found: 2")]
    fn invalid_lists_are_errors(#[case] names: &str, #[case] message: &str) {
        assert_eq!(device_list(names, 2).unwrap_err().to_string(), message);
    }

    #[test]
    fn all_gpus_need_one() {
        let error = device_list("cuda:all", 0).unwrap_err();
        assert_eq!(error.to_string(), "cuda:all: no CUDA device was found");
    }

    #[test]
    fn absent_gpu_falls_back_to_the_cpu_alone() {
        assert_eq!(devices("cuda:4096"), Ok(vec![Device::Cpu]));
        assert!(devices("cuda:4096,cuda:4097").is_err());
        assert_eq!(devices("mps"), Ok(vec![Device::Cpu]));
        assert_eq!(devices("cpu"), Ok(vec![Device::Cpu]));
    }
}

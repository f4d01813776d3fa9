//! Choice of the number of model threads and of the CPU threads of each.

use std::fs;
use std::num::NonZeroUsize;

use iopaint_engine::Device;

use crate::cli::ModelArgs;
use crate::usable_cpus::usable_cpus;

/// CPUs per model thread by default. A forward pass gains little from more (docs/performance.md, "Several
/// jobs at the same time").
const CPUS_PER_WORKER: usize = 8;

/// Images in a batch on a GPU by default. Not measured on a GPU yet (docs/performance.md, "On a GPU").
const GPU_BATCH: usize = 4;

/// Memory of a forward pass in bytes per pixel, at most (docs/performance.md).
const BYTES_PER_PIXEL: u64 = 1_700;

/// Threads of the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parallelism {
    /// Number of jobs that run at the same time on each device.
    pub workers: usize,
    /// CPU threads per forward pass.
    pub threads: NonZeroUsize,
}

impl Parallelism {
    /// Returns one model thread per device. They share the CPUs, unless `--threads` says otherwise.
    pub fn single(args: &ModelArgs, devices: &[Device]) -> Self {
        Self::shared(args, devices, 1)
    }

    /// Returns `workers` model threads per device: by default as many as a batch has images on a GPU, and on
    /// the CPU as many as CPUs and memory suggest. They share the CPUs, unless `--threads` says otherwise.
    /// `max_forward_pixels` is the largest forward pass.
    pub fn of(
        args: &ModelArgs,
        devices: &[Device],
        workers: Option<usize>,
        max_batch: usize,
        max_forward_pixels: u64,
    ) -> Self {
        let cpus = usable_cpus();
        let needed = max_forward_pixels.saturating_mul(BYTES_PER_PIXEL);
        let workers = match workers {
            Some(workers) => workers.max(1),
            None if args.low_mem => 1,
            None if devices != [Device::Cpu] || max_batch > 1 => max_batch,
            None => default_workers(args.threads.unwrap_or(1), cpus, available_memory(), needed),
        };
        Self::shared(args, devices, workers)
    }

    fn shared(args: &ModelArgs, devices: &[Device], workers: usize) -> Self {
        // The threads of a GPU wait for it most of the time: they share its part of the CPUs.
        let busy = if devices == [Device::Cpu] {
            workers
        } else {
            devices.len()
        };
        let cpus_per_worker = usable_cpus() / busy.max(1);
        Self {
            workers,
            threads: match args.threads {
                Some(_) => threads(args),
                None => NonZeroUsize::new(cpus_per_worker).unwrap_or(NonZeroUsize::MIN),
            },
        }
    }
}

/// Returns the maximum number of images in a batch: `max_batch`, by default [`GPU_BATCH`] on GPUs without
/// `--low-mem`, otherwise 1.
pub fn max_batch(args: &ModelArgs, devices: &[Device], max_batch: Option<usize>) -> usize {
    match max_batch {
        Some(images) => images.max(1),
        None if args.low_mem || devices == [Device::Cpu] => 1,
        None => GPU_BATCH,
    }
}

/// Returns the number of CPU threads for one forward pass at a time, and of the codecs: by default, that of
/// the usable CPUs. More threads don't speed up a forward pass.
pub fn threads(args: &ModelArgs) -> NonZeroUsize {
    let threads = args.threads.unwrap_or_else(usable_cpus);
    NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN)
}

/// Returns one worker per [`CPUS_PER_WORKER`] CPUs (or per `threads`, if these are more), as far as each has
/// `needed` bytes of memory.
fn default_workers(threads: usize, cpus: usize, memory: Option<u64>, needed: u64) -> usize {
    let by_cpus = cpus / threads.max(CPUS_PER_WORKER);
    let by_memory = memory.map_or(1, |bytes| bytes / needed.max(1));
    by_cpus
        .min(usize::try_from(by_memory).unwrap_or(usize::MAX))
        .max(1)
}

/// Returns the memory that this process may still use, in bytes: the machine's available memory, or the limit
/// of its control group (version 2) if that is lower. `None` if the system doesn't report it.
fn available_memory() -> Option<u64> {
    let machine = mem_available(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max");
    // Without a limit the file contains `max`.
    let limit = limit.ok().and_then(|text| text.trim().parse().ok());
    Some(limit.unwrap_or(u64::MAX).min(machine))
}

/// Returns the value of `MemAvailable` in bytes.
fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const GIB: u64 = 1 << 30;

    #[rstest]
    #[case::laptop(1, 4, Some(16 * GIB), 1)]
    #[case::workstation(1, 16, Some(64 * GIB), 2)]
    #[case::server(1, 64, Some(256 * GIB), 8)]
    #[case::little_memory(1, 64, Some(15 * GIB), 2)]
    #[case::unknown_memory(1, 64, None, 1)]
    #[case::many_threads(32, 64, Some(256 * GIB), 2)]
    fn workers_follow_cpus_and_memory(
        #[case] threads: usize,
        #[case] cpus: usize,
        #[case] memory: Option<u64>,
        #[case] expected: usize,
    ) {
        assert_eq!(default_workers(threads, cpus, memory, 7 * GIB), expected);
    }

    #[test]
    fn available_memory_is_read() {
        let text = "MemTotal:  24588260 kB\nMemFree: 100 kB\nMemAvailable:   20480 kB\n";
        assert_eq!(mem_available(text), Some(20 << 20));
        assert_eq!(mem_available("MemTotal: 1 kB\n"), None);
    }
}

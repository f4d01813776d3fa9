//! Metrics of the process, from `/proc` on Linux.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

/// Collector that reads the metrics on each scrape.
#[derive(Debug)]
pub struct ProcessCollector {
    /// Start time in seconds since 1970.
    start_time: f64,
}

impl ProcessCollector {
    /// Creates the collector, with the current time as start time.
    pub fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            start_time: now.as_secs_f64(),
        }
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let files = std::fs::read_dir("/proc/self/fd").map(|files| files.count() as f64);
        let metrics = [
            (
                "process_resident_memory_bytes",
                "Resident memory",
                bytes(&status, "VmRSS:"),
            ),
            (
                "process_peak_resident_memory_bytes",
                "Peak of the resident memory",
                bytes(&status, "VmHWM:"),
            ),
            (
                "process_virtual_memory_bytes",
                "Virtual memory",
                bytes(&status, "VmSize:"),
            ),
            ("process_threads", "Threads", field(&status, "Threads:")),
            ("process_open_fds", "Open file descriptors", files.ok()),
            (
                "process_start_time_seconds",
                "Start time in seconds since 1970",
                Some(self.start_time),
            ),
        ];
        for (name, help, value) in metrics {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

/// Returns the number after a name in `/proc/self/status`.
fn field(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Returns a number of kB after a name in `/proc/self/status`, in bytes.
fn bytes(status: &str, name: &str) -> Option<f64> {
    field(status, name).map(|kilobytes| kilobytes * 1024.0)
}

//! What the system knows of this process, where it tells it in `/proc`.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;

/// Reads the process's figures when they are asked for.
#[derive(Debug)]
pub struct Process {
    /// Seconds since 1970.
    started: f64,
}

impl Process {
    /// A process that starts now.
    pub fn new() -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: started.as_secs_f64(),
        }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let files = std::fs::read_dir("/proc/self/fd").map(|files| files.count() as f64);
        let figures = [
            (
                "process_resident_memory_bytes",
                "Memory that the process has in RAM",
                bytes(&status, "VmRSS:"),
            ),
            (
                "process_peak_resident_memory_bytes",
                "The most memory that it had in RAM",
                bytes(&status, "VmHWM:"),
            ),
            (
                "process_virtual_memory_bytes",
                "Addresses that the process has mapped",
                bytes(&status, "VmSize:"),
            ),
            ("process_threads", "Its threads", field(&status, "Threads:")),
            (
                "process_open_fds",
                "Files and sockets that it has open",
                files.ok(),
            ),
            (
                "process_start_time_seconds",
                "When it started, in seconds since 1970",
                Some(self.started),
            ),
        ];
        for (name, help, value) in figures {
            let Some(value) = value else { continue };
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

/// The number behind a name in `/proc/self/status`.
fn field(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// The same where it is a number of kB.
fn bytes(status: &str, name: &str) -> Option<f64> {
    field(status, name).map(|kilobytes| kilobytes * 1024.0)
}

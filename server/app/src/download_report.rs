//! Display of a download's progress: a progress bar on a terminal, log lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use iopaint_engine::{DownloadProgress, DownloadReporter};
use parking_lot::Mutex;

/// Longest time between two log lines.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Progress between two log lines, in percent of the file.
const LOG_STEP: u64 = 10;

/// Displays downloads on stderr.
#[derive(Clone, Copy, Debug)]
pub struct StderrReporter;

impl DownloadReporter for StderrReporter {
    fn begin(&self, label: &str) -> Box<dyn Fn(DownloadProgress) + Send + Sync> {
        let report = DownloadReport::new(label);
        Box::new(move |progress| report.update(progress))
    }
}

/// The display of one download: a progress bar if stderr is a terminal, otherwise periodic log lines.
#[derive(Debug)]
struct DownloadReport {
    model: String,
    bar: Option<ProgressBar>,
    log: Mutex<LogState>,
}

/// Time and step of the last log line.
#[derive(Debug)]
struct LogState {
    at: Instant,
    step: u64,
}

impl DownloadReport {
    fn new(model: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar());
            // `ProgressBar` draws on stderr by default.
            ProgressBar::no_length()
                .with_style(style)
                .with_message(format!("Downloading {model}"))
        });
        Self {
            model: model.to_owned(),
            bar,
            log: Mutex::new(LogState {
                at: Instant::now(),
                step: 0,
            }),
        }
    }

    fn update(&self, progress: DownloadProgress) {
        if let Some(bar) = &self.bar {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(progress.bytes);
            return;
        }
        let mut log = self.log.lock();
        if log.is_due(progress, Instant::now()) {
            tracing::info!(
                model = %self.model, received_bytes = progress.bytes, total_bytes = progress.total,
                "Downloading"
            );
        }
    }
}

impl Drop for DownloadReport {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl LogState {
    /// Returns true if `progress` is to be logged, and records it as logged then.
    fn is_due(&mut self, progress: DownloadProgress, now: Instant) -> bool {
        let step = progress
            .total
            .filter(|total| *total > 0)
            .map(|total| (u128::from(progress.bytes) * 100 / u128::from(total)) as u64 / LOG_STEP);
        let due = step.is_some_and(|step| step > self.step) || now.duration_since(self.at) >= LOG_INTERVAL;
        if due {
            *self = Self {
                at: now,
                step: step.unwrap_or(self.step),
            };
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_each_tenth_and_every_ten_seconds() {
        let start = Instant::now();
        let mut log = LogState { at: start, step: 0 };
        let mut at = |bytes, total, seconds| {
            log.is_due(
                DownloadProgress { bytes, total },
                start + Duration::from_secs(seconds),
            )
        };
        assert!(!at(9, Some(100), 1));
        assert!(at(10, Some(100), 2));
        assert!(!at(19, Some(100), 3));
        assert!(at(19, Some(100), 12));
        assert!(!at(500, None, 13));
        assert!(at(501, None, 22));
        assert!(!at(0, Some(0), 23));
    }
}

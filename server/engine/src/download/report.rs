//! A download's progress for the person at the terminal, or for the log where there is none.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::DownloadProgress;

/// Without a terminal a line is logged after this time, whatever has arrived.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
/// Without a terminal a line is logged for each of these parts of a file, in per cent.
const LOG_STEP: u64 = 10;

/// Shows one download: a bar where stderr is a terminal, now and then a line in the log elsewhere.
#[derive(Debug)]
pub struct ProgressReport {
    model: String,
    bar: Option<ProgressBar>,
    log: Mutex<LogState>,
}

/// When a line was logged last, and at which step.
#[derive(Debug)]
struct LogState {
    at: Instant,
    step: u64,
}

impl ProgressReport {
    /// The report of the download of a model's file.
    #[must_use]
    pub fn new(model: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(
                "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar());
            // A new bar draws on stderr.
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

    /// Takes the next news.
    pub fn update(&self, progress: DownloadProgress) {
        if let Some(bar) = &self.bar {
            if let Some(total) = progress.total {
                bar.set_length(total);
            }
            bar.set_position(progress.bytes);
            return;
        }
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.is_due(progress, Instant::now()) {
            tracing::info!(
                model = %self.model, bytes = progress.bytes, total = progress.total,
                "downloading"
            );
        }
    }
}

impl Drop for ProgressReport {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl LogState {
    /// Whether these news are worth a line; if so, they count as logged.
    fn is_due(&mut self, progress: DownloadProgress, now: Instant) -> bool {
        let share = progress
            .total
            .filter(|total| *total > 0)
            .map(|total| (u128::from(progress.bytes) * 100 / u128::from(total)) as u64 / LOG_STEP);
        let due = share.is_some_and(|step| step > self.step) || now.duration_since(self.at) >= LOG_INTERVAL;
        if due {
            *self = Self {
                at: now,
                step: share.unwrap_or(self.step),
            };
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gets_a_line_for_each_tenth_and_every_ten_seconds() {
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

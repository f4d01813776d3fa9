//! Progress of a batch: a bar on a terminal, a log line every 10 seconds elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Minimum time between two log lines.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Progress display of a batch.
pub struct BatchProgress {
    bar: Option<ProgressBar>,
    done: usize,
    total: usize,
    logged: Instant,
}

impl BatchProgress {
    /// Creates the display for a batch of `total` images.
    pub fn new(total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {elapsed} (left: {eta}) {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            // indicatif draws on stderr by default.
            ProgressBar::new(total as u64).with_style(style)
        });
        Self {
            bar,
            done: 0,
            total,
            logged: Instant::now(),
        }
    }

    /// Counts an image as done and shows its name.
    pub fn advance(&mut self, image: &str) {
        self.done += 1;
        if let Some(bar) = &self.bar {
            bar.set_message(image.to_owned());
            bar.inc(1);
        } else if self.logged.elapsed() >= LOG_INTERVAL {
            self.logged = Instant::now();
            tracing::info!(done = self.done, total = self.total, "Batch in progress");
        }
    }
}

impl Drop for BatchProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

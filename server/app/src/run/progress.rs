//! How far a batch is: a bar at a terminal, now and then a line elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Without a terminal a line is logged after this time.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Shows the progress of a batch.
pub struct Progress {
    bar: Option<ProgressBar>,
    done: usize,
    total: usize,
    logged: Instant,
}

impl Progress {
    /// Of a batch of `total` pictures.
    pub fn new(total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {elapsed} (left: {eta}) {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            // A new bar draws on stderr.
            ProgressBar::new(total as u64).with_style(style)
        });
        Self {
            bar,
            done: 0,
            total,
            logged: Instant::now(),
        }
    }

    /// One more is done.
    pub fn advance(&mut self, image: &str) {
        self.done += 1;
        if let Some(bar) = &self.bar {
            bar.set_message(image.to_owned());
            bar.inc(1);
        } else if self.logged.elapsed() >= LOG_INTERVAL {
            self.logged = Instant::now();
            tracing::info!(done = self.done, of = self.total, "filling");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

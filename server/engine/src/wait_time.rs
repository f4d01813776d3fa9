//! Estimates of queue wait times from the durations of recent runs: ETAs and `Retry-After`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Lower and upper bound of `Retry-After`.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(1));
/// Assumed duration of a run before the first one has ended.
const INITIAL_RUN_TIME: Duration = Duration::from_secs(2);
/// Weight of the newest run in the exponential moving average of run durations.
const NEWEST_WEIGHT: f64 = 0.3;

/// Tracks run durations and the retry times that rejected clients were given.
#[derive(Debug, Default)]
pub(crate) struct WaitTimeEstimator {
    /// Exponential moving average of the durations of completed runs, in seconds.
    mean_s: Option<f64>,
    /// Start of the current run.
    running_since: Option<Instant>,
    /// Retry times already given to rejected clients, ascending.
    retry_times: VecDeque<Instant>,
}

impl WaitTimeEstimator {
    /// Returns the expected duration of a run in seconds; `None` before the first run has ended.
    pub fn mean_s(&self) -> Option<f64> {
        self.mean_s
    }

    /// Returns true while a job runs.
    pub fn is_running(&self) -> bool {
        self.running_since.is_some()
    }

    /// Records the start of a run.
    pub fn start_run(&mut self, now: Instant) {
        self.running_since = Some(now);
    }

    /// Records the end of a run. `elapsed` is its duration if it completed; the duration of a stopped run is not
    /// representative and must be `None`.
    pub fn end_run(&mut self, elapsed: Option<Duration>) {
        self.running_since = None;
        if let Some(elapsed) = elapsed {
            let elapsed_s = elapsed.as_secs_f64();
            let mean_s = self
                .mean_s
                .map_or(elapsed_s, |mean_s| mean_s + NEWEST_WEIGHT * (elapsed_s - mean_s));
            self.mean_s = Some(mean_s);
        }
    }

    /// Returns the expected remaining time of the current run in seconds; 0 without a run or an estimate.
    pub fn remaining_s(&self, now: Instant) -> f64 {
        match (self.mean_s, self.running_since) {
            (Some(mean_s), Some(since)) => (mean_s - now.duration_since(since).as_secs_f64()).max(0.0),
            _ => 0.0,
        }
    }

    /// Returns the `Retry-After` of a rejected client, in whole seconds.
    ///
    /// The first rejected client is directed to the expected end of the current run, each further one a run later,
    /// so that they don't all retry for the same permit. With `permits` clients the whole queue is assigned; further
    /// clients get the last retry time, too.
    pub fn retry_after(&mut self, now: Instant, permits: usize) -> Duration {
        while self.retry_times.front().is_some_and(|time| *time <= now) {
            self.retry_times.pop_front();
        }
        let elapsed = self
            .running_since
            .map_or(Duration::ZERO, |since| now.duration_since(since));
        // A first run that takes longer than assumed is a better estimate than the assumption.
        let run_s = self
            .mean_s
            .unwrap_or_else(|| INITIAL_RUN_TIME.max(elapsed * 2).as_secs_f64());
        let first_s = if self.is_running() {
            (run_s - elapsed.as_secs_f64()).max(0.0)
        } else {
            run_s
        };
        let wait_s = first_s + run_s * self.retry_times.len() as f64;
        let wait = Duration::try_from_secs_f64(wait_s.ceil())
            .unwrap_or(RETRY_AFTER.1)
            .clamp(RETRY_AFTER.0, RETRY_AFTER.1);
        if self.retry_times.len() + 1 < permits {
            self.retry_times.push_back(now + wait);
        }
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn retry_times_are_one_run_apart() {
        let began = Instant::now();
        let mut estimator = WaitTimeEstimator::default();
        estimator.start_run(began);
        estimator.end_run(Some(seconds(10)));
        estimator.start_run(began);
        let now = began + seconds(4);
        assert_eq!(estimator.retry_after(now, 3), seconds(6));
        assert_eq!(estimator.retry_after(now, 3), seconds(16));
        assert_eq!(estimator.retry_after(now, 3), seconds(26));
        assert_eq!(
            estimator.retry_after(now, 3),
            seconds(26),
            "bounded by the length of the queue"
        );
        let later = now + seconds(7);
        assert_eq!(
            estimator.retry_after(later, 3),
            seconds(10),
            "the first retry time has passed"
        );
    }

    #[test]
    fn retry_after_follows_run_durations() {
        let now = Instant::now();
        let mut estimator = WaitTimeEstimator::default();
        for _ in 0..20 {
            estimator.end_run(Some(seconds(30)));
        }
        assert_eq!(estimator.retry_after(now, 1), seconds(30));
        for _ in 0..20 {
            estimator.end_run(Some(seconds(2)));
        }
        assert_eq!(estimator.retry_after(now, 1), seconds(3));
        estimator.end_run(None);
        assert_eq!(
            estimator.retry_after(now, 1),
            seconds(3),
            "a stopped run does not change the mean"
        );
    }

    #[test]
    fn retry_after_grows_during_the_first_run() {
        let began = Instant::now();
        let mut estimator = WaitTimeEstimator::default();
        estimator.start_run(began);
        assert_eq!(estimator.retry_after(began, 1), seconds(2));
        assert_eq!(estimator.retry_after(began + seconds(40), 1), seconds(40));
    }
}

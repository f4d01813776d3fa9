//! Estimates of queue wait times from the durations of recent runs: ETAs and `Retry-After`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clock::Clock;

/// Lower and upper bound of `Retry-After`.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(1));
/// Assumed duration of a run before the first one has ended.
const INITIAL_RUN_TIME: Duration = Duration::from_secs(2);
/// Weight of the newest run in the exponential moving average of run durations.
const NEWEST_WEIGHT: f64 = 0.3;

/// Tracks run durations and the retry times that rejected clients were given.
#[derive(Debug)]
pub(crate) struct WaitTimeEstimator {
    clock: Arc<dyn Clock>,
    /// Number of runs that can overlap.
    workers: usize,
    /// Exponential moving average of the durations of completed runs, in seconds.
    mean_s: Option<f64>,
    /// Starts of the current runs, by worker.
    started: BTreeMap<usize, Instant>,
    /// Retry times already given to rejected clients, ascending.
    retry_times: VecDeque<Instant>,
}

impl WaitTimeEstimator {
    /// Creates an estimator without recorded runs, for `workers` overlapping runs.
    pub fn new(clock: Arc<dyn Clock>, workers: usize) -> Self {
        Self {
            clock,
            workers: workers.max(1),
            mean_s: None,
            started: BTreeMap::new(),
            retry_times: VecDeque::new(),
        }
    }

    /// Returns the expected duration of a run in seconds; `None` before the first run has ended.
    pub fn mean_s(&self) -> Option<f64> {
        self.mean_s
    }

    /// Returns the number of current runs.
    pub fn running(&self) -> usize {
        self.started.len()
    }

    /// Records the start of a run.
    pub fn start_run(&mut self, worker: usize) {
        self.started.insert(worker, self.clock.now());
    }

    /// Records the end of a worker's run. `completed` is false for stopped or failed runs, whose durations
    /// are not representative.
    pub fn end_run(&mut self, worker: usize, completed: bool) {
        let started = self.started.remove(&worker).filter(|_| completed);
        if let Some(started) = started {
            let elapsed_s = self.clock.now().duration_since(started).as_secs_f64();
            let mean_s = self
                .mean_s
                .map_or(elapsed_s, |mean_s| mean_s + NEWEST_WEIGHT * (elapsed_s - mean_s));
            self.mean_s = Some(mean_s);
        }
    }

    /// Returns the expected time until the end of the queued job at `index` of the serving order; `None`
    /// before the first run has ended.
    pub fn eta(&self, index: usize) -> Option<Duration> {
        let mean_s = self.mean_s?;
        let rounds = index / self.workers + 1;
        Duration::try_from_secs_f64(self.free_in_s(mean_s) + mean_s * rounds as f64).ok()
    }

    /// Returns the time until a worker is expected to be free, in seconds, if runs take `run_s` seconds.
    fn free_in_s(&self, run_s: f64) -> f64 {
        if self.running() < self.workers {
            return 0.0;
        }
        (run_s - self.longest_elapsed().as_secs_f64()).max(0.0)
    }

    /// Returns the time since the start of the oldest run.
    fn longest_elapsed(&self) -> Duration {
        let oldest = self.started.values().min();
        oldest.map_or(Duration::ZERO, |started| {
            self.clock.now().duration_since(*started)
        })
    }

    /// Returns the `Retry-After` of a rejected client, in whole seconds.
    ///
    /// The first rejected client is directed to the expected end of a run, each further one a run later,
    /// divided by the number of workers, so that they don't all retry for the same permit. With `permits`
    /// clients the whole queue is assigned; further clients get the last retry time, too.
    pub fn retry_after(&mut self, permits: usize) -> Duration {
        let now = self.clock.now();
        while self.retry_times.front().is_some_and(|time| *time <= now) {
            self.retry_times.pop_front();
        }
        // A first run that takes longer than assumed is a better estimate than the assumption.
        let run_s = self
            .mean_s
            .unwrap_or_else(|| INITIAL_RUN_TIME.max(self.longest_elapsed() * 2).as_secs_f64());
        let first_s = if self.running() > 0 {
            (run_s - self.longest_elapsed().as_secs_f64()).max(0.0)
        } else {
            run_s
        };
        let wait_s = first_s + run_s * self.retry_times.len() as f64 / self.workers as f64;
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
    use crate::clock::ManualClock;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn estimator() -> (WaitTimeEstimator, ManualClock) {
        let clock = ManualClock::new(Instant::now());
        (WaitTimeEstimator::new(Arc::new(clock.clone()), 1), clock)
    }

    fn run(estimator: &mut WaitTimeEstimator, clock: &ManualClock, duration: Duration) {
        estimator.start_run(0);
        clock.advance(duration);
        estimator.end_run(0, true);
    }

    #[test]
    fn retry_times_are_one_run_apart() {
        let (mut estimator, clock) = estimator();
        run(&mut estimator, &clock, seconds(10));
        estimator.start_run(0);
        clock.advance(seconds(4));
        assert_eq!(estimator.retry_after(3), seconds(6));
        assert_eq!(estimator.retry_after(3), seconds(16));
        assert_eq!(estimator.retry_after(3), seconds(26));
        assert_eq!(
            estimator.retry_after(3),
            seconds(26),
            "bounded by the length of the queue"
        );
        clock.advance(seconds(7));
        assert_eq!(
            estimator.retry_after(3),
            seconds(10),
            "the first retry time has passed"
        );
    }

    #[test]
    fn retry_after_follows_run_durations() {
        let (mut estimator, clock) = estimator();
        for _ in 0..20 {
            run(&mut estimator, &clock, seconds(30));
        }
        assert_eq!(estimator.retry_after(1), seconds(30));
        for _ in 0..20 {
            run(&mut estimator, &clock, seconds(2));
        }
        assert_eq!(estimator.retry_after(1), seconds(3));
        estimator.start_run(0);
        estimator.end_run(0, false);
        assert_eq!(
            estimator.retry_after(1),
            seconds(3),
            "a stopped run does not change the mean"
        );
    }

    #[test]
    fn retry_after_grows_during_the_first_run() {
        let (mut estimator, clock) = estimator();
        estimator.start_run(0);
        assert_eq!(estimator.retry_after(1), seconds(2));
        clock.advance(seconds(40));
        assert_eq!(estimator.retry_after(1), seconds(40));
    }

    #[test]
    fn overlapping_runs_shorten_the_wait() {
        let clock = ManualClock::new(Instant::now());
        let mut estimator = WaitTimeEstimator::new(Arc::new(clock.clone()), 2);
        run(&mut estimator, &clock, seconds(10));
        estimator.start_run(0);
        clock.advance(seconds(4));
        assert_eq!(estimator.eta(0), Some(seconds(10)), "the second worker is free");
        estimator.start_run(1);
        assert_eq!(
            [0, 1, 2].map(|index| estimator.eta(index)),
            [16, 16, 26].map(|s| Some(seconds(s)))
        );
        assert_eq!(estimator.retry_after(9), seconds(6));
        assert_eq!(estimator.retry_after(9), seconds(11));
        estimator.end_run(0, true);
        assert_eq!(estimator.running(), 1);
    }
}

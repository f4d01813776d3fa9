//! How long jobs take, and when a place in the queue will be free.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a client is told to wait at least and at most when the queue is full.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_hours(1));
/// A guess at a run's time before one has ended.
const FIRST_RUN: Duration = Duration::from_secs(2);
/// The share of the newest run in the running mean of their times.
const NEWEST: f64 = 0.3;

/// The times of the runs so far, and what was promised to those who were sent away.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Running mean of whole runs, in seconds.
    mean: Option<f64>,
    /// When the job that runs began to.
    running_since: Option<Instant>,
    /// When those were told to come again who were sent away, in order.
    promised: VecDeque<Instant>,
}

impl Pace {
    /// How long a job runs, in seconds, judged by the last ones; `None` before one has ended.
    pub fn mean(&self) -> Option<f64> {
        self.mean
    }

    /// Whether a job runs.
    pub fn is_running(&self) -> bool {
        self.running_since.is_some()
    }

    /// A job begins to run.
    pub fn begin(&mut self, now: Instant) {
        self.running_since = Some(now);
    }

    /// The job has ended. `took`: the time of a whole run; one that was stopped says nothing of how long runs take.
    pub fn end(&mut self, took: Option<Duration>) {
        self.running_since = None;
        if let Some(took) = took {
            let took = took.as_secs_f64();
            self.mean = Some(self.mean.map_or(took, |mean| mean + NEWEST * (took - mean)));
        }
    }

    /// How long the job that runs will go on, in seconds; 0 where none does or nothing is known.
    pub fn left(&self, now: Instant) -> f64 {
        match (self.mean, self.running_since) {
            (Some(mean), Some(since)) => (mean - now.duration_since(since).as_secs_f64()).max(0.0),
            _ => 0.0,
        }
    }

    /// When one who is sent away should come again: whole seconds. A place is free when the running job has ended, the
    /// next one a job later. Of those who are sent away before the first of them can come again each is given the next
    /// one, so that they don't all come for the same place; with `places` of them the whole queue is given away, and
    /// more are told its end.
    pub fn retry_after(&mut self, now: Instant, places: usize) -> Duration {
        while self.promised.front().is_some_and(|promised| *promised <= now) {
            self.promised.pop_front();
        }
        let elapsed = self
            .running_since
            .map_or(Duration::ZERO, |since| now.duration_since(since));
        // A first job that runs already longer than guessed says more than the guess.
        let run = self
            .mean
            .unwrap_or_else(|| FIRST_RUN.max(elapsed * 2).as_secs_f64());
        let first = if self.is_running() {
            (run - elapsed.as_secs_f64()).max(0.0)
        } else {
            run
        };
        let wait = first + run * self.promised.len() as f64;
        let wait = Duration::try_from_secs_f64(wait.ceil())
            .unwrap_or(RETRY_AFTER.1)
            .clamp(RETRY_AFTER.0, RETRY_AFTER.1);
        if self.promised.len() + 1 < places {
            self.promised.push_back(now + wait);
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
    fn one_who_is_sent_away_comes_again_when_the_running_job_has_ended_and_the_next_a_job_later() {
        let began = Instant::now();
        let mut pace = Pace::default();
        pace.begin(began);
        pace.end(Some(seconds(10)));
        pace.begin(began);
        let now = began + seconds(4);
        assert_eq!(pace.retry_after(now, 3), seconds(6));
        assert_eq!(pace.retry_after(now, 3), seconds(16));
        assert_eq!(pace.retry_after(now, 3), seconds(26));
        assert_eq!(
            pace.retry_after(now, 3),
            seconds(26),
            "no more than the whole queue"
        );
        let later = now + seconds(7);
        assert_eq!(
            pace.retry_after(later, 3),
            seconds(10),
            "the first has come again"
        );
    }

    #[test]
    fn the_wait_follows_what_jobs_take() {
        let now = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.end(Some(seconds(30)));
        }
        assert_eq!(pace.retry_after(now, 1), seconds(30));
        for _ in 0..20 {
            pace.end(Some(seconds(2)));
        }
        assert_eq!(pace.retry_after(now, 1), seconds(3));
        pace.end(None);
        assert_eq!(
            pace.retry_after(now, 1),
            seconds(3),
            "a job that was stopped says nothing"
        );
    }

    #[test]
    fn before_the_first_job_has_ended_the_wait_grows_with_its_time() {
        let began = Instant::now();
        let mut pace = Pace::default();
        pace.begin(began);
        assert_eq!(pace.retry_after(began, 1), seconds(2));
        assert_eq!(pace.retry_after(began + seconds(40), 1), seconds(40));
    }
}

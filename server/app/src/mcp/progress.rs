//! Progress notifications of a tool call.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;

use iopaint_engine::{JobProgress, Observer};
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use tokio::sync::watch;

/// The progress of a tool call, which consists of one or two jobs in succession.
#[derive(Debug)]
pub struct CallProgress {
    job: Arc<dyn Observer>,
    updates: watch::Sender<Option<Update>>,
    token: Option<ProgressToken>,
}

/// The state of a tool call.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Update {
    /// Finished part of the call, in jobs.
    progress: f64,
    /// Number of jobs of the call.
    total: f64,
    /// The running job's own state.
    job: JobProgress,
}

/// Forwards the progress of one job of a call.
#[derive(Debug)]
struct StepObserver {
    job: Arc<dyn Observer>,
    updates: watch::Sender<Option<Update>>,
    watched: bool,
    finished_steps: f64,
    steps: f64,
}

impl CallProgress {
    /// Returns the progress of a call whose client requested notifications with `token`. `job` receives the
    /// progress too.
    pub fn new(job: Arc<dyn Observer>, token: Option<ProgressToken>) -> Self {
        Self {
            job,
            updates: watch::Sender::new(None),
            token,
        }
    }

    /// Returns the observer of job number `step`, counted from 0, of `steps`.
    pub fn step(&self, step: u8, steps: u8) -> Arc<dyn Observer> {
        Arc::new(StepObserver {
            job: Arc::clone(&self.job),
            updates: self.updates.clone(),
            watched: self.token.is_some(),
            finished_steps: step.into(),
            steps: steps.into(),
        })
    }

    /// Sends notifications to the client, if it requested them, until it is dropped. A slow client misses
    /// intermediate states.
    pub async fn notify(&self, peer: &Peer<RoleServer>) -> Infallible {
        let Some(token) = &self.token else {
            return pending().await;
        };
        let mut updates = self.updates.subscribe();
        let mut last = f64::NEG_INFINITY;
        loop {
            let Some(update) = *updates.borrow_and_update() else {
                wait(&mut updates).await;
                continue;
            };
            // The protocol requires that progress increases.
            if update.progress > last {
                last = update.progress;
                let notification = ProgressNotificationParam::new(token.clone(), update.progress)
                    .with_total(update.total)
                    .with_message(message(update.job));
                // A client that can't be reached also misses the result.
                let _ = peer.notify_progress(notification).await;
            }
            wait(&mut updates).await;
        }
    }
}

async fn wait(updates: &mut watch::Receiver<Option<Update>>) {
    // Doesn't fail: the call's progress owns a sender.
    let _ = updates.changed().await;
}

fn message(progress: JobProgress) -> String {
    match progress {
        JobProgress::Queued { position, .. } => format!("Queued, {position} ahead"),
        JobProgress::Running { crop, crops, .. } => format!("Running, {crop} of {crops} parts done"),
    }
}

impl Observer for StepObserver {
    fn is_watched(&self) -> bool {
        self.watched || self.job.is_watched()
    }

    fn observe(&self, progress: JobProgress) {
        self.job.observe(progress);
        let done = match progress {
            JobProgress::Queued { .. } => 0.0,
            // The start counts as a part: it is reported before the first crop has finished.
            JobProgress::Running { crop, crops, .. } => (crop + 1) as f64 / (crops + 1) as f64,
        };
        self.updates.send_replace(Some(Update {
            progress: self.finished_steps + done,
            total: self.steps,
            job: progress,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Unwatched;

    impl Observer for Unwatched {
        fn is_watched(&self) -> bool {
            false
        }

        fn observe(&self, _: JobProgress) {}
    }

    #[test]
    fn progress_counts_steps() {
        let progress = CallProgress::new(Arc::new(Unwatched), None);
        let running = |crop| JobProgress::Running {
            crop,
            crops: 3,
            eta: None,
        };
        let latest = |step: u8, job| {
            progress.step(step, 2).observe(job);
            progress
                .updates
                .borrow()
                .map(|update| (update.progress, update.total))
        };
        let queued = JobProgress::Queued {
            position: 4,
            eta: None,
        };
        assert_eq!(latest(0, queued), Some((0.0, 2.0)));
        assert_eq!(latest(0, running(0)), Some((0.25, 2.0)));
        assert_eq!(latest(0, running(3)), Some((1.0, 2.0)));
        assert_eq!(latest(1, running(1)), Some((1.5, 2.0)));
    }

    #[test]
    fn call_without_token_is_unwatched() {
        let token = ProgressToken(rmcp::model::NumberOrString::Number(1));
        for (token, watched) in [(None, false), (Some(token), true)] {
            let progress = CallProgress::new(Arc::new(Unwatched), token);
            assert_eq!(progress.step(0, 1).is_watched(), watched);
        }
    }
}

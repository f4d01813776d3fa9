//! Inpaint requests in flight, by job id, so that other requests can watch and cancel them.

mod job_event;

use std::collections::HashMap;
use std::sync::Arc;

use iopaint_engine::{JobProgress, Observer};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::job_event::{JobEvent, JobState};
use crate::error::{ApiError, ErrorCode};

/// The requests in flight, and the ids that are watched before their request arrives. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Jobs(Arc<Mutex<HashMap<Uuid, JobEntry>>>);

/// The state of a job id that is in flight or watched. Other ids have no entry.
#[derive(Debug)]
struct JobEntry {
    updates: JobUpdates,
    in_flight: Option<InFlight>,
}

/// Sends a job's latest event to its watchers; `None` before the request arrives.
type JobUpdates = watch::Sender<Option<JobEvent>>;

/// The signals between a request and the requests that cancel it.
#[derive(Clone, Debug, Default)]
struct InFlight {
    /// Requests cancellation.
    cancel: CancellationToken,
    /// Set when the request has ended.
    ended: CancellationToken,
}

/// A request in flight. Dropping it publishes its final state and frees its id.
#[derive(Debug)]
pub struct ActiveJob {
    jobs: Jobs,
    id: Uuid,
    in_flight: InFlight,
    updates: JobUpdates,
    final_state: JobState,
}

/// A watcher's subscription to a job. Dropping it removes the job's entry if nothing else uses it.
#[derive(Debug)]
pub struct JobSubscription {
    jobs: Jobs,
    id: Uuid,
    /// `None` only during drop.
    updates: Option<watch::Receiver<Option<JobEvent>>>,
}

impl Jobs {
    /// Registers a request under `id`.
    ///
    /// # Errors
    /// [`ErrorCode::JobIdTaken`] if another request in flight has this id. A client that learnt the id of
    /// another client's job thus can't replace it.
    pub fn begin(&self, id: Uuid) -> Result<ActiveJob, ApiError> {
        let mut entries = self.0.lock();
        let entry = entries.entry(id).or_default();
        if entry.in_flight.is_some() {
            return Err(ApiError::new(
                ErrorCode::JobIdTaken,
                "a request with this job id is already in progress; use a new id for each request",
            ));
        }
        let in_flight = InFlight::default();
        entry.in_flight = Some(in_flight.clone());
        entry
            .updates
            .send_replace(Some(JobEvent::new(id, JobState::Queued)));
        Ok(ActiveJob {
            jobs: self.clone(),
            id,
            in_flight,
            updates: entry.updates.clone(),
            final_state: JobState::Cancelled,
        })
    }

    /// Subscribes to the request with this `id`, which may arrive later.
    #[must_use]
    pub fn watch(&self, id: Uuid) -> JobSubscription {
        let updates = self.0.lock().entry(id).or_default().updates.subscribe();
        JobSubscription {
            jobs: self.clone(),
            id,
            updates: Some(updates),
        }
    }

    /// Cancels a request and returns once it has left the queue, which takes no longer than dropping its
    /// future. Returns false if no request has this id.
    pub async fn cancel(&self, id: Uuid) -> bool {
        let Some(in_flight) = self.0.lock().get(&id).and_then(|entry| entry.in_flight.clone()) else {
            return false;
        };
        in_flight.cancel.cancel();
        in_flight.ended.cancelled().await;
        true
    }

    /// Removes the entry of an id that is neither in flight nor watched.
    fn remove_if_unused(entries: &mut HashMap<Uuid, JobEntry>, id: Uuid) {
        let unused = |entry: &JobEntry| entry.in_flight.is_none() && entry.updates.receiver_count() == 0;
        if entries.get(&id).is_some_and(unused) {
            entries.remove(&id);
        }
    }
}

impl Default for JobEntry {
    fn default() -> Self {
        Self {
            updates: watch::Sender::new(None),
            in_flight: None,
        }
    }
}

impl ActiveJob {
    /// Returns the job's id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns an observer that forwards the engine's progress to the job's watchers.
    #[must_use]
    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::new(ProgressPublisher {
            id: self.id,
            ended: self.in_flight.ended.clone(),
            updates: self.updates.clone(),
        })
    }

    /// Runs the request's work until it completes or is cancelled. Cancellation drops the work's future,
    /// which removes the image from the queue, or stops the pipeline before its next crop.
    ///
    /// # Errors
    /// [`ErrorCode::Cancelled`], and those of the work.
    pub async fn run<T>(mut self, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        tokio::select! {
            // A cancellation that was confirmed takes precedence over a result that is ready at the same
            // time.
            biased;
            () = self.in_flight.cancel.cancelled() => {
                Err(ApiError::new(ErrorCode::Cancelled, "the request was cancelled"))
            }
            result = work => {
                self.final_state = if result.is_ok() { JobState::Done } else { JobState::Failed };
                result
            }
        }
    }
}

impl Drop for ActiveJob {
    fn drop(&mut self) {
        let mut entries = self.jobs.0.lock();
        if let Some(entry) = entries.get_mut(&self.id) {
            entry.in_flight = None;
        }
        // Set first: progress that the engine reports from here on is discarded, so that the final event is
        // the last.
        self.in_flight.ended.cancel();
        self.updates
            .send_replace(Some(JobEvent::new(self.id, self.final_state)));
        Jobs::remove_if_unused(&mut entries, self.id);
    }
}

impl JobSubscription {
    /// Returns the latest event and marks it as seen; `None` before the request arrives.
    pub fn latest(&mut self) -> Option<JobEvent> {
        self.updates
            .as_mut()
            .and_then(|updates| *updates.borrow_and_update())
    }

    /// Waits for an event that [`JobSubscription::latest`] hasn't returned.
    pub async fn changed(&mut self) {
        if let Some(updates) = &mut self.updates {
            // Doesn't fail: the entry, which is kept while it is watched, owns a sender.
            let _ = updates.changed().await;
        }
    }
}

impl Drop for JobSubscription {
    fn drop(&mut self) {
        let mut entries = self.jobs.0.lock();
        // Dropped under the lock, so the last of two concurrent watchers removes the entry.
        drop(self.updates.take());
        Jobs::remove_if_unused(&mut entries, self.id);
    }
}

/// Publishes the engine's progress of a job to its watchers until the job has ended: the current forward
/// continues for a while after a cancellation.
#[derive(Debug)]
struct ProgressPublisher {
    id: Uuid,
    ended: CancellationToken,
    updates: JobUpdates,
}

impl Observer for ProgressPublisher {
    fn is_watched(&self) -> bool {
        self.updates.receiver_count() > 0
    }

    fn observe(&self, progress: JobProgress) {
        self.updates.send_if_modified(|latest| {
            let ended = self.ended.is_cancelled();
            if !ended {
                *latest = Some(JobEvent::from_progress(self.id, progress));
            }
            !ended
        });
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use super::*;

    const RUNNING: JobProgress = JobProgress::Running {
        crop: 2,
        crops: 3,
        eta: Some(Duration::from_millis(1500)),
    };

    #[tokio::test]
    async fn id_is_taken_until_its_request_ends() {
        let jobs = Jobs::default();
        let id = Uuid::new_v4();
        let job = jobs.begin(id).unwrap();
        assert_eq!(jobs.begin(id).unwrap_err().code(), ErrorCode::JobIdTaken);
        assert_eq!(job.run(ready(Ok(7))).await.unwrap(), 7);
        assert!(!jobs.cancel(id).await);
        drop(jobs.begin(id).unwrap());
        assert!(jobs.begin(id).is_ok());
        assert!(jobs.0.lock().is_empty());
    }

    #[tokio::test]
    async fn cancel_returns_after_the_request_ended() {
        let jobs = Jobs::default();
        let id = Uuid::new_v4();
        let running = tokio::spawn(jobs.begin(id).unwrap().run(pending::<Result<(), _>>()));
        assert!(jobs.cancel(id).await);
        assert!(jobs.begin(id).is_ok());
        assert_eq!(running.await.unwrap().unwrap_err().code(), ErrorCode::Cancelled);
    }

    #[tokio::test]
    async fn cancellation_wins_over_a_ready_result() {
        let jobs = Jobs::default();
        let job = jobs.begin(Uuid::new_v4()).unwrap();
        job.in_flight.cancel.cancel();
        assert_eq!(
            job.run(ready(Ok(()))).await.unwrap_err().code(),
            ErrorCode::Cancelled
        );
    }

    #[tokio::test]
    async fn early_watcher_sees_all_states() {
        let jobs = Jobs::default();
        let id = Uuid::new_v4();
        let mut subscription = jobs.watch(id);
        assert_eq!(subscription.latest(), None);
        let job = jobs.begin(id).unwrap();
        subscription.changed().await;
        assert_eq!(subscription.latest(), Some(JobEvent::new(id, JobState::Queued)));
        let observer = job.observer();
        assert!(observer.is_watched());
        observer.observe(RUNNING);
        subscription.changed().await;
        let running = subscription.latest().unwrap();
        assert_eq!(
            (running.state, running.crop, running.crops, running.eta_ms),
            (JobState::Running, Some(2), Some(3), Some(1500))
        );
        job.run(ready(Ok(()))).await.unwrap();
        subscription.changed().await;
        assert_eq!(subscription.latest().unwrap().state, JobState::Done);
        drop(subscription);
        assert!(jobs.0.lock().is_empty());
    }

    #[tokio::test]
    async fn progress_after_the_end_is_discarded() {
        let jobs = Jobs::default();
        let id = Uuid::new_v4();
        let mut subscription = jobs.watch(id);
        let job = jobs.begin(id).unwrap();
        let observer = job.observer();
        drop(job);
        observer.observe(RUNNING);
        assert_eq!(subscription.latest().unwrap().state, JobState::Cancelled);
        assert!(subscription.latest().unwrap().state.is_final());
    }

    #[test]
    fn job_without_watchers_is_unwatched() {
        let jobs = Jobs::default();
        let job = jobs.begin(Uuid::new_v4()).unwrap();
        assert!(!job.observer().is_watched());
        drop(jobs.watch(job.id()));
        assert!(!job.observer().is_watched());
    }
}

//! Requests in flight by their ids, so that they can be watched and cancelled from elsewhere.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use iopaint_engine::{JobProgress, Observer};
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{ApiError, ErrorCode};

/// How far an inpaint request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It arrives, or waits for its turn.
    Queued,
    /// The model works on it.
    Running,
    /// It has its result.
    Done,
    /// It ended with an error, which its answer tells.
    Failed,
    /// It was cancelled, or its client went away.
    Cancelled,
}

/// The Socket.IO event `job`, sent to a socket that called `watch` with a job id, at once and at each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobEvent {
    /// The job's id.
    pub id: Uuid,
    /// How far it is. Nothing follows `done`, `failed` and `cancelled`.
    pub state: JobState,
    /// How many jobs come before it, the one that runs included; null unless it waits in the queue.
    #[schema(required)]
    pub position: Option<usize>,
    /// How many of its crops are done, while it runs; a whole image is one crop.
    #[schema(required)]
    pub crop: Option<usize>,
    /// How many crops it has, while it runs.
    #[schema(required)]
    pub crops: Option<usize>,
    /// Milliseconds until its result, as far as that can be told.
    #[schema(required)]
    pub eta_ms: Option<u64>,
}

/// The requests in flight, and those that somebody watches before they arrive. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Jobs(Arc<Mutex<HashMap<Uuid, Entry>>>);

/// What is known of an id: it is in flight or watched, else it has no entry.
#[derive(Debug)]
struct Entry {
    news: News,
    flight: Option<Flight>,
}

/// How watchers are told; nothing before the request arrives.
type News = watch::Sender<Option<JobEvent>>;

/// How a request and those who deal with it from elsewhere tell each other that it is over.
#[derive(Clone, Debug, Default)]
struct Flight {
    cancel: CancellationToken,
    ended: CancellationToken,
}

/// A request in flight. Dropped, it is over, and its id is free again.
#[derive(Debug)]
pub struct Job {
    jobs: Jobs,
    id: Uuid,
    flight: Flight,
    news: News,
    end: JobState,
}

/// One who watches a job. Dropped, it is forgotten.
#[derive(Debug)]
pub struct Watching {
    jobs: Jobs,
    id: Uuid,
    /// Present until it is dropped.
    news: Option<watch::Receiver<Option<JobEvent>>>,
}

impl JobState {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

impl JobEvent {
    fn new(id: Uuid, state: JobState) -> Self {
        Self {
            id,
            state,
            position: None,
            crop: None,
            crops: None,
            eta_ms: None,
        }
    }

    fn of(id: Uuid, progress: JobProgress) -> Self {
        let milliseconds = |eta: Duration| u64::try_from(eta.as_millis()).unwrap_or(u64::MAX);
        match progress {
            JobProgress::Queued { position, eta } => Self {
                position: Some(position),
                eta_ms: eta.map(milliseconds),
                ..Self::new(id, JobState::Queued)
            },
            JobProgress::Running { crop, crops, eta } => Self {
                crop: Some(crop),
                crops: Some(crops),
                eta_ms: eta.map(milliseconds),
                ..Self::new(id, JobState::Running)
            },
        }
    }
}

impl Jobs {
    /// Takes `id` for a request.
    ///
    /// # Errors
    /// [`ErrorCode::JobIdTaken`] where another request in flight has it: whoever knows an id can't take over what it
    /// stands for.
    pub fn begin(&self, id: Uuid) -> Result<Job, ApiError> {
        let mut entries = self.lock();
        let entry = entries.entry(id).or_default();
        if entry.flight.is_some() {
            return Err(ApiError::new(
                ErrorCode::JobIdTaken,
                "a request with this job id is in flight; give each request an id of its own",
            ));
        }
        let flight = Flight::default();
        entry.flight = Some(flight.clone());
        entry.news.send_replace(Some(JobEvent::new(id, JobState::Queued)));
        Ok(Job {
            jobs: self.clone(),
            id,
            flight,
            news: entry.news.clone(),
            end: JobState::Cancelled,
        })
    }

    /// Watches the request that has `id`, or will have it.
    #[must_use]
    pub fn watch(&self, id: Uuid) -> Watching {
        let news = self.lock().entry(id).or_default().news.subscribe();
        Watching {
            jobs: self.clone(),
            id,
            news: Some(news),
        }
    }

    /// Cancels a request and waits until it has left the queue, which is at once. Whether there was one.
    pub async fn cancel(&self, id: Uuid) -> bool {
        let Some(flight) = self.lock().get(&id).and_then(|entry| entry.flight.clone()) else {
            return false;
        };
        flight.cancel.cancel();
        flight.ended.cancelled().await;
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Entry>> {
        self.0.lock()
    }

    /// Forgets an id that is neither in flight nor watched.
    fn tidy(entries: &mut HashMap<Uuid, Entry>, id: Uuid) {
        let idle = |entry: &Entry| entry.flight.is_none() && entry.news.receiver_count() == 0;
        if entries.get(&id).is_some_and(idle) {
            entries.remove(&id);
        }
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            news: watch::Sender::new(None),
            flight: None,
        }
    }
}

impl Job {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Tells the job's watchers what the engine tells.
    #[must_use]
    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::new(Teller {
            id: self.id,
            ended: self.flight.ended.clone(),
            news: self.news.clone(),
        })
    }

    /// Does the request's work unless it is cancelled; then the work's future is dropped, which takes its picture out
    /// of the queue or stops it before its next crop.
    ///
    /// # Errors
    /// [`ErrorCode::Cancelled`], and those of the work.
    pub async fn run<T>(mut self, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        tokio::select! {
            // One who was told that a request is cancelled must not see its result.
            biased;
            () = self.flight.cancel.cancelled() => {
                Err(ApiError::new(ErrorCode::Cancelled, "the request was cancelled"))
            }
            result = work => {
                self.end = if result.is_ok() { JobState::Done } else { JobState::Failed };
                result
            }
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let mut entries = self.jobs.lock();
        if let Some(entry) = entries.get_mut(&self.id) {
            entry.flight = None;
        }
        // In this order: what the engine still has to tell comes before the end or not at all.
        self.flight.ended.cancel();
        self.news.send_replace(Some(JobEvent::new(self.id, self.end)));
        Jobs::tidy(&mut entries, self.id);
    }
}

impl Watching {
    /// The newest event that [`Watching::changed`] hasn't seen; `None` before the request arrives.
    pub fn newest(&mut self) -> Option<JobEvent> {
        self.news.as_mut().and_then(|news| *news.borrow_and_update())
    }

    /// Waits for the next event.
    pub async fn changed(&mut self) {
        if let Some(news) = &mut self.news {
            // The sender lives as long as its entry, and that as long as it is watched.
            let _ = news.changed().await;
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut entries = self.jobs.lock();
        // Under the lock, so that of two who leave together one finds nobody left.
        drop(self.news.take());
        Jobs::tidy(&mut entries, self.id);
    }
}

/// Hands the engine's news of a job to its watchers, until the job is over: a forward goes on for a while after its
/// request has been cancelled.
#[derive(Debug)]
struct Teller {
    id: Uuid,
    ended: CancellationToken,
    news: News,
}

impl Observer for Teller {
    fn is_watched(&self) -> bool {
        self.news.receiver_count() > 0
    }

    fn observe(&self, progress: JobProgress) {
        self.news.send_if_modified(|news| {
            let over = self.ended.is_cancelled();
            if !over {
                *news = Some(JobEvent::of(self.id, progress));
            }
            !over
        });
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const RUNNING: JobProgress = JobProgress::Running {
        crop: 2,
        crops: 3,
        eta: Some(Duration::from_millis(1500)),
    };

    #[tokio::test]
    async fn an_id_is_taken_until_its_request_is_over() {
        let jobs = Jobs::default();
        let id = Uuid::new_v4();
        let job = jobs.begin(id).unwrap();
        assert_eq!(jobs.begin(id).unwrap_err().code(), ErrorCode::JobIdTaken);
        assert_eq!(job.run(ready(Ok(7))).await.unwrap(), 7);
        assert!(!jobs.cancel(id).await);
        drop(jobs.begin(id).unwrap());
        assert!(jobs.begin(id).is_ok());
        assert!(jobs.lock().is_empty());
    }

    #[tokio::test]
    async fn a_cancelled_request_ends_with_a_code_before_the_canceller_goes_on() {
        let jobs = Jobs::default();
        let id = Uuid::new_v4();
        let running = tokio::spawn(jobs.begin(id).unwrap().run(pending::<Result<(), _>>()));
        assert!(jobs.cancel(id).await);
        assert!(jobs.begin(id).is_ok());
        assert_eq!(running.await.unwrap().unwrap_err().code(), ErrorCode::Cancelled);
    }

    #[tokio::test]
    async fn a_result_that_comes_after_the_cancellation_is_not_answered() {
        let jobs = Jobs::default();
        let job = jobs.begin(Uuid::new_v4()).unwrap();
        job.flight.cancel.cancel();
        assert_eq!(
            job.run(ready(Ok(()))).await.unwrap_err().code(),
            ErrorCode::Cancelled
        );
    }

    #[tokio::test]
    async fn a_watcher_that_comes_first_sees_a_request_arrive_run_and_end() {
        let jobs = Jobs::default();
        let id = Uuid::new_v4();
        let mut watching = jobs.watch(id);
        assert_eq!(watching.newest(), None);
        let job = jobs.begin(id).unwrap();
        watching.changed().await;
        assert_eq!(watching.newest(), Some(JobEvent::new(id, JobState::Queued)));
        let observer = job.observer();
        assert!(observer.is_watched());
        observer.observe(RUNNING);
        watching.changed().await;
        let running = watching.newest().unwrap();
        assert_eq!(
            (running.state, running.crop, running.crops, running.eta_ms),
            (JobState::Running, Some(2), Some(3), Some(1500))
        );
        job.run(ready(Ok(()))).await.unwrap();
        watching.changed().await;
        assert_eq!(watching.newest().unwrap().state, JobState::Done);
        drop(watching);
        assert!(jobs.lock().is_empty());
    }

    #[tokio::test]
    async fn what_the_engine_tells_after_the_end_does_not_undo_it() {
        let jobs = Jobs::default();
        let id = Uuid::new_v4();
        let mut watching = jobs.watch(id);
        let job = jobs.begin(id).unwrap();
        let observer = job.observer();
        drop(job);
        observer.observe(RUNNING);
        assert_eq!(watching.newest().unwrap().state, JobState::Cancelled);
        assert!(watching.newest().unwrap().state.is_final());
    }

    #[test]
    fn nobody_watches_where_nobody_asked_to() {
        let jobs = Jobs::default();
        let job = jobs.begin(Uuid::new_v4()).unwrap();
        assert!(!job.observer().is_watched());
        drop(jobs.watch(job.id()));
        assert!(!job.observer().is_watched());
    }
}

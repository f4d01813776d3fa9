//! A job in the queue, and the permits that bound the number of jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::job::{JobError, RunStats};
use crate::progress::{JobProgress, Observer};
use crate::task::Task;

/// A counting semaphore that bounds the jobs between admission and the end of their forward.
#[derive(Clone, Debug)]
pub(crate) struct JobPermits {
    in_use: Arc<AtomicUsize>,
    limit: usize,
}

/// A permit for one job; released when dropped.
#[derive(Debug)]
pub(crate) struct JobPermit(Arc<AtomicUsize>);

impl JobPermits {
    pub fn new(limit: usize) -> Self {
        Self {
            in_use: Arc::default(),
            limit,
        }
    }

    pub fn in_use(&self) -> usize {
        self.in_use.load(Ordering::SeqCst)
    }

    pub fn try_acquire(&self) -> Option<JobPermit> {
        self.in_use
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |in_use| {
                (in_use < self.limit).then_some(in_use + 1)
            })
            .ok()
            .map(|_| JobPermit(Arc::clone(&self.in_use)))
    }
}

impl Drop for JobPermit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A job in the queue or on the model thread.
#[derive(Debug)]
pub(crate) struct Job {
    /// `None` once the job runs.
    pub task: Option<Task>,
    /// Time after which the job is abandoned with [`JobError::Deadline`].
    pub deadline: Option<Instant>,
    /// `None`: the model that is current when the job starts.
    pub model: Option<String>,
    pub queued_at: Instant,
    /// Span of the request, the parent of the job's log lines.
    pub span: tracing::Span,
    pub reply: oneshot::Sender<Result<RunStats, JobError>>,
    pub cancelled: Arc<AtomicBool>,
    pub observer: Option<Arc<dyn Observer>>,
    /// Held for its `Drop`; further jobs of the same work share it.
    pub permit: Arc<JobPermit>,
}

impl Job {
    /// Returns true if the job's progress has a reader.
    pub fn is_watched(&self) -> bool {
        self.observer
            .as_ref()
            .is_some_and(|observer| observer.is_watched())
    }

    /// Passes `progress` to the observer, if there is one.
    pub fn report(&self, progress: JobProgress) {
        if let Some(observer) = &self.observer {
            observer.observe(progress);
        }
    }

    /// Releases the permit and then sends the result, so that a client with a result can be admitted again.
    pub fn finish(self, result: Result<RunStats, JobError>) {
        drop(self.permit);
        // Fails if the receiver was dropped; the result is not needed then.
        let _ = self.reply.send(result);
    }
}

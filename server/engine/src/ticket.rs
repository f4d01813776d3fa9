//! A place in the queue, and the wait for a job's result.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::engine::{Engine, no_model};
use crate::job::{Done, Job, JobError, Place, Work};
use crate::progress::Observer;
use crate::queue::{ClientKey, JobId};

/// A place in the queue. Dropped, it is free again.
pub struct Ticket {
    engine: Engine,
    client: ClientKey,
    model: Option<String>,
    observer: Option<Arc<dyn Observer>>,
    place: Place,
}

/// Takes the job out when nobody waits for it any more.
struct Waiting {
    engine: Engine,
    id: JobId,
    cancelled: Arc<AtomicBool>,
}

impl Ticket {
    pub(crate) fn new(engine: Engine, client: ClientKey, model: Option<String>, place: Place) -> Self {
        Self {
            engine,
            client,
            model,
            observer: None,
            place,
        }
    }

    /// Has `observer` told how far the job is.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Waits for the job's turn and its result. Dropping the future takes a waiting job out at once; a running one
    /// stops before its next crop and keeps its place until then.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn run(self, work: Work) -> Result<Done, JobError> {
        let Self {
            engine,
            client,
            model,
            observer,
            place,
        } = self;
        let deadline = work.deadline;
        let (reply, answer) = oneshot::channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let job = Job {
            work,
            model,
            entered: Instant::now(),
            span: tracing::Span::current(),
            reply,
            cancelled: Arc::clone(&cancelled),
            observer,
            place,
        };
        let id = {
            let mut state = engine.shared().lock();
            if state.draining {
                return Err(JobError::Draining);
            }
            if !state.alive || (job.model.is_none() && state.is_hopeless()) {
                return Err(JobError::NoModel(no_model(&state).to_string()));
            }
            let id = state.queue.push(&client, job);
            state.tell_places();
            id
        };
        engine.shared().notify();
        let _waiting = Waiting {
            engine,
            id,
            cancelled,
        };
        let answer = match deadline {
            Some(deadline) => match tokio::time::timeout_at(deadline.into(), answer).await {
                Ok(answer) => answer,
                Err(_) => return Err(JobError::Deadline),
            },
            None => answer.await,
        };
        answer.unwrap_or(Err(JobError::Panicked))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::SeqCst);
        let job = {
            let mut state = self.engine.shared().lock();
            let job = state.queue.remove(self.id);
            if job.is_some() {
                state.tell_places();
            }
            job
        };
        // A picture is large; it is freed outside the lock.
        drop(job);
    }
}

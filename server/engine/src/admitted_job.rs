//! A job that was admitted: it holds a permit, and runs when its input is ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::job::{JobError, JobInput, JobOutput, RunStats};
use crate::progress::Observer;
use crate::queue::{ClientKey, EntryId};
use crate::queued_job::{Job, JobPermit};
use crate::shared::EngineHandle;
use crate::task::{NetworkRun, PromptRun, Task};

/// An admitted job; dropping it releases its permit, unless another job shares the permit.
pub struct AdmittedJob {
    engine: EngineHandle,
    client: ClientKey,
    model: Option<String>,
    observer: Option<Arc<dyn Observer>>,
    permit: Arc<JobPermit>,
}

/// Cancels a job when its future is dropped.
struct CancelOnDrop {
    engine: EngineHandle,
    id: EntryId,
    cancelled: Arc<AtomicBool>,
}

impl AdmittedJob {
    pub(crate) fn new(
        engine: EngineHandle,
        client: ClientKey,
        model: Option<String>,
        permit: Arc<JobPermit>,
    ) -> Self {
        Self {
            engine,
            client,
            model,
            observer: None,
            permit,
        }
    }

    /// Sets the observer of the job's progress.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Enqueues a fill and returns its result. Dropping the future removes a queued job immediately; a
    /// running job stops before its next crop and keeps its permit until then.
    ///
    /// # Errors
    /// [`JobError`].
    pub async fn run(self, input: JobInput) -> Result<JobOutput, JobError> {
        let deadline = input.deadline;
        let (task, outcome) = Task::fill(input);
        self.execute(task, outcome, deadline).await
    }

    /// Enqueues `work` on the network of a plugin and returns its result. The future is dropped as that of
    /// [`AdmittedJob::run`].
    ///
    /// # Errors
    /// [`JobError`]; also if the admitted model is not a network.
    pub async fn run_network<T, E>(
        self,
        deadline: Option<Instant>,
        work: impl FnOnce(NetworkRun<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<JobOutput<T>, JobError>
    where
        T: Send + 'static,
        E: Into<JobError>,
    {
        let (task, outcome) = Task::network(work);
        self.execute(task, outcome, deadline).await
    }

    /// As [`AdmittedJob::run_network`], on a network that takes prompts.
    ///
    /// # Errors
    /// [`JobError`]; also if the admitted model is not such a network.
    pub async fn run_prompt_network<T, E>(
        self,
        deadline: Option<Instant>,
        work: impl FnOnce(PromptRun<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<JobOutput<T>, JobError>
    where
        T: Send + 'static,
        E: Into<JobError>,
    {
        let (task, outcome) = Task::prompt_network(work);
        self.execute(task, outcome, deadline).await
    }

    async fn execute<T>(
        self,
        task: Task,
        outcome: oneshot::Receiver<T>,
        deadline: Option<Instant>,
    ) -> Result<JobOutput<T>, JobError> {
        let run = self.enqueue(task, deadline).await?;
        let outcome = outcome.await.map_err(|_| JobError::Panicked)?;
        Ok(JobOutput { outcome, run })
    }

    async fn enqueue(self, task: Task, deadline: Option<Instant>) -> Result<RunStats, JobError> {
        let Self {
            engine,
            client,
            model,
            observer,
            permit,
        } = self;
        let (reply, result) = oneshot::channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        let job = Job {
            task: Some(task),
            deadline,
            model,
            queued_at: Instant::now(),
            span: tracing::Span::current(),
            reply,
            cancelled: Arc::clone(&cancelled),
            observer,
            permit,
        };
        let id = {
            let mut state = engine.lock();
            if state.draining {
                return Err(JobError::Draining);
            }
            if state.alive == 0 || (job.model.is_none() && state.no_model_expected()) {
                return Err(JobError::NoModel(state.no_model().to_string()));
            }
            let id = state.queue.push(&client, job);
            state.publish_queue_positions();
            id
        };
        engine.notify();
        let _cancel_on_drop = CancelOnDrop {
            engine,
            id,
            cancelled,
        };
        let result = match deadline {
            Some(deadline) => match tokio::time::timeout_at(deadline.into(), result).await {
                Ok(result) => result,
                Err(_) => return Err(JobError::Deadline),
            },
            None => result.await,
        };
        result.unwrap_or(Err(JobError::Panicked))
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::SeqCst);
        let job = {
            let mut state = self.engine.lock();
            let job = state.queue.remove(self.id);
            if job.is_some() {
                state.publish_queue_positions();
            }
            job
        };
        // Outside the lock, as freeing a large image takes a while.
        drop(job);
    }
}

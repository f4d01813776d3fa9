//! The model threads, each of which runs one job at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use iopaint_inpaint::Detail;
use iopaint_torch::Device;

use crate::job::{JobError, RunStats};
use crate::loaded_model::ModelHandle;
use crate::loading::begin_load;
use crate::model_slots::SlotId;
use crate::monitor::JobMonitor;
use crate::queued_job::Job;
use crate::shared::Shared;
use crate::state::{AfterLoad, State};
use crate::task::RunContext;

/// A job and a handle of its model, which was taken out of its slot.
struct JobRun {
    job: Job,
    name: String,
    slot: SlotId,
    handle: ModelHandle,
    max_forward_pixels: u64,
    /// Expected duration of the run in seconds.
    mean_s: Option<f64>,
}

/// Starts the model thread number `index`, which runs until the last engine handle is dropped. A thread that
/// dies is replaced.
///
/// # Errors
/// The operating system refused to create the thread.
pub(crate) fn spawn(shared: Arc<Shared>, index: usize) -> std::io::Result<()> {
    thread::Builder::new()
        .name("model".into())
        .spawn(move || {
            let _respawn = RespawnOnPanic {
                shared: &shared,
                index,
            };
            run_jobs(&shared, index);
        })
        .map(|_| ())
}

/// Cleans up after a panic of a model thread and starts a new one. Panics of models are caught in
/// [`forward`], so this handles bugs of the engine itself.
struct RespawnOnPanic<'a> {
    shared: &'a Arc<Shared>,
    index: usize,
}

impl Drop for RespawnOnPanic<'_> {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let Self { shared, index } = *self;
        // Unwinding dropped the current job, which ended its future with an error, and the model that was
        // taken out of its slot, which is loaded again for the next job.
        {
            let mut state = shared.lock();
            if let Some(slot) = state.lent.remove(&index) {
                state.models.remove_lost(slot);
            }
            end_run(shared, &mut state, index, false);
        }
        match spawn(Arc::clone(shared), index) {
            Ok(()) => {
                tracing::error!("A model thread died and was replaced");
                shared.metrics.worker_replaced();
            }
            Err(error) => give_up(
                shared,
                &format!("a model thread died and could not be replaced: {error}"),
            ),
        }
    }
}

/// Removes a model thread. Without another one, fails all jobs from now on.
fn give_up(shared: &Shared, reason: &str) {
    let jobs = {
        let mut state = shared.lock();
        state.alive = state.alive.saturating_sub(1);
        if state.alive > 0 {
            tracing::error!(reason, remaining = state.alive, "Fewer jobs run at the same time");
            return;
        }
        tracing::error!(reason, "No model can run; restart the server");
        state.failure = Some(reason.to_owned());
        state.queue.remove_where(|_| true)
    };
    for job in jobs {
        job.finish(Err(JobError::NoModel(reason.to_owned())));
    }
}

fn run_jobs(shared: &Arc<Shared>, index: usize) {
    let device_index = shared.device_of(index);
    let device = shared.device(device_index);
    let detail = shared
        .loaders
        .get(device_index)
        .and_then(|loader| loader.detail());
    while let Some(mut run) = next_run(shared, index) {
        let began = Instant::now();
        shared
            .metrics
            .job_started(began.duration_since(run.job.queued_at));
        let result = forward(&mut run, device, detail.as_deref(), began);
        let elapsed = began.elapsed();
        shared
            .metrics
            .job_ended(&run.name, device, elapsed, result.is_ok());
        return_model(shared, index, run.slot, run.handle, result.is_ok());
        run.job.finish(result);
    }
}

/// Blocks until a job can run. Meanwhile begins to load missing models, unloads idle ones and returns freed
/// memory to the operating system. Returns `None` when the engine is closed.
fn next_run(shared: &Arc<Shared>, index: usize) -> Option<JobRun> {
    let mut state = shared.lock();
    loop {
        if state.closed {
            return None;
        }
        let now = Instant::now();
        let release_at = state.memory_release.due_at();
        if release_at.is_some_and(|release_at| release_at <= now) {
            state.memory_release.reset();
            let idle = state.queue.is_empty() && state.wait_time.running() == 0;
            drop(state);
            iopaint_torch::release_memory();
            if idle {
                iopaint_torch::release_gpu_memory();
            }
            state = shared.lock();
            continue;
        }
        if let Some(run) = take_run(&mut state, shared.device_of(index)) {
            state.lent.insert(index, run.slot);
            state.wait_time.start_run(index);
            shared.running.send_replace(true);
            state.publish_queue_positions();
            load_missing(shared, &mut state);
            return Some(run);
        }
        load_missing(shared, &mut state);
        let (idle, next_idle) = match shared.idle_unload {
            Some(idle) => {
                let state = &mut *state;
                let pinned = state.current.as_deref().filter(|_| !shared.unload_current);
                state.models.remove_idle(now, idle, pinned)
            }
            None => (Vec::new(), None),
        };
        if idle.is_empty() {
            shared.wait(&mut state, release_at.into_iter().chain(next_idle).min());
        } else {
            drop(state);
            for slot in &idle {
                tracing::info!(model = %slot.spec.name, "Unloading an idle model");
            }
            shared.unload(idle);
            state = shared.lock();
        }
    }
}

/// Takes the next job that a model thread of the device can run, and a handle of its model.
fn take_run(state: &mut State, device: usize) -> Option<JobRun> {
    let mut queue = std::mem::take(&mut state.queue);
    let job = queue.pop_ready(|job| state.can_run(job, device));
    state.queue = queue;
    let job = job?;
    let name = state.model_of(&job)?.to_owned();
    let (slot, handle, max_forward_pixels) = state.models.lend(&name, device)?;
    Some(JobRun {
        job,
        name,
        slot,
        handle,
        max_forward_pixels: max_forward_pixels.unwrap_or(u64::MAX),
        mean_s: state.wait_time.mean_s(),
    })
}

/// Begins to load the models of queued jobs. Called only after a job was taken, so that each loaded model
/// runs at least one job before another load can evict it.
fn load_missing(shared: &Arc<Shared>, state: &mut State) {
    let mut missing: Vec<String> = state
        .queue
        .iter()
        .filter_map(|job| state.model_of(job))
        .filter(|name| !state.models.contains(name) && !state.is_loading(name))
        .map(str::to_owned)
        .collect();
    missing.dedup();
    for name in missing {
        if !state.is_loading(&name) {
            begin_load(shared, state, &name, AfterLoad::KeepLoaded);
        }
    }
}

/// Runs the job's task.
fn forward(
    run: &mut JobRun,
    device: Device,
    detail: Option<&dyn Detail>,
    began: Instant,
) -> Result<RunStats, JobError> {
    let JobRun { job, handle, .. } = run;
    let task = job.task.take();
    let span = tracing::info_span!(parent: &job.span, "forward", model = run.name, %device);
    let _entered = span.enter();
    let monitor = JobMonitor::new(
        &job.cancelled,
        job.deadline,
        job.observer.as_ref(),
        began,
        run.mean_s,
    );
    let context = RunContext {
        detail,
        max_forward_pixels: run.max_forward_pixels,
        monitor: &monitor,
    };
    // A model has no state between forwards and stays usable after a panic.
    let run_task = || {
        task.map_or(Err(JobError::Panicked), |task| {
            task.run(&mut handle.model, &context)
        })
    };
    match catch_unwind(AssertUnwindSafe(run_task)) {
        Ok(Ok(())) => Ok(RunStats {
            model: run.name.clone(),
            queued: began.duration_since(job.queued_at),
            forward: began.elapsed(),
        }),
        Ok(Err(error)) => Err(error),
        Err(_) => {
            tracing::error!(model = %run.name, %device, "A job panicked");
            Err(JobError::Panicked)
        }
    }
}

/// Returns a handle to its slot, or drops it if the slot was evicted. `completed` is false if the run was
/// stopped or failed.
fn return_model(shared: &Shared, index: usize, slot: SlotId, handle: ModelHandle, completed: bool) {
    let unused;
    {
        let mut state = shared.lock();
        end_run(shared, &mut state, index, completed);
        state.memory_release.record_free(Instant::now());
        state.lent.remove(&index);
        unused = state.models.put_back(slot, handle);
    }
    // A job may wait for this handle.
    shared.notify();
    // Outside the lock, as freeing a model takes a while.
    drop(unused);
}

/// Records the end of a thread's run.
fn end_run(shared: &Shared, state: &mut State, index: usize, completed: bool) {
    state.wait_time.end_run(index, completed);
    shared.running.send_replace(state.wait_time.running() > 0);
}

//! The thread in which models run: one forward at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use iopaint_inpaint::{Detail, Inpainter, inpaint};

use crate::job::{Done, Job, JobError};
use crate::loading::begin_loading;
use crate::monitor::JobMonitor;
use crate::state::{Shared, State, Then};

/// How long nothing may have run until memory is given back to the system; the last picture is encoded in the meantime.
const IDLE_BEFORE_RELEASE: Duration = Duration::from_secs(1);
/// How often it is given back while pictures come one after the other. Each forward asks for it again, which costs time;
/// but pictures of ever other sizes leave ever more of it between blocks that are in use.
const BETWEEN_RELEASES: Duration = Duration::from_secs(1);

/// A job and the model that is taken out of its slot to run it.
struct Run {
    job: Job,
    name: String,
    model: Box<dyn Inpainter>,
    max_forward_pixels: u64,
    /// How long the runs before it took, in seconds.
    mean_forward: Option<f64>,
}

/// Runs jobs until the engine is closed. A thread that dies is replaced.
///
/// # Errors
/// Where the system has no room for another thread.
pub(crate) fn spawn(shared: Arc<Shared>) -> std::io::Result<()> {
    thread::Builder::new()
        .name("model".into())
        .spawn(move || {
            let _replacement = Replacement(&shared);
            work(&shared);
        })
        .map(|_| ())
}

/// Sees to what a thread that dies leaves behind. What panics in a job is caught where it happens, so that this is for
/// faults of this program's own.
struct Replacement<'a>(&'a Arc<Shared>);

impl Drop for Replacement<'_> {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let shared = self.0;
        // The job that it ran is gone, and whoever waits for it has been told so; so is the model that ran, which is
        // loaded anew for the next job.
        {
            let mut state = shared.lock();
            state.loaded.retain(|slot| slot.model.is_some());
            state.pace.end(None);
        }
        shared.running.send_replace(false);
        match spawn(Arc::clone(shared)) {
            Ok(()) => {
                tracing::error!("the model's thread died; another one takes its place");
                shared.meter.worker_replaced();
            }
            Err(error) => shared.end(&format!("the model's thread died and can't be replaced: {error}")),
        }
    }
}

fn work(shared: &Arc<Shared>) {
    let detail = shared.loader.detail();
    while let Some(mut run) = next(shared) {
        shared.running.send_replace(true);
        let began = Instant::now();
        shared.meter.job_started(began.duration_since(run.job.entered));
        let result = forward(&mut run, detail.as_deref(), began);
        let took = began.elapsed();
        shared.meter.job_ended(&run.name, took, result.is_ok());
        put_back(shared, &run.name, run.model, result.is_ok().then_some(took));
        shared.running.send_replace(false);
        run.job.answer(result);
    }
}

/// Waits for a job whose model is here; sees to it that missing models are loaded, idle ones unloaded and memory given
/// back. `None`: the engine is closed.
fn next(shared: &Arc<Shared>) -> Option<Run> {
    let mut state = shared.lock();
    loop {
        if state.closed {
            return None;
        }
        let now = Instant::now();
        let release = state.release_at(IDLE_BEFORE_RELEASE, BETWEEN_RELEASES);
        if release.is_some_and(|release| release <= now) {
            state.memory_released();
            let idle = state.queue.is_empty();
            drop(state);
            iopaint_torch::release_memory();
            if idle {
                iopaint_torch::release_gpu_memory();
            }
            state = shared.lock();
            continue;
        }
        if let Some(run) = take(&mut state) {
            state.pace.begin(now);
            state.tell_places();
            request_missing(shared, &mut state);
            return Some(run);
        }
        request_missing(shared, &mut state);
        let (idle, next_idle) = state.take_idle(now, shared.idle_unload, shared.unload_current);
        if idle.is_empty() {
            state = shared.wait(state, release.into_iter().chain(next_idle).min());
        } else {
            drop(state);
            shared.unload(idle);
            state = shared.lock();
        }
    }
}

fn take(state: &mut State) -> Option<Run> {
    let mut queue = std::mem::take(&mut state.queue);
    let job = queue.take(|job| state.can_run(job));
    state.queue = queue;
    let job = job?;
    let name = state.target(&job)?.to_owned();
    let slot = state.touch(&name)?;
    let model = slot.model.take()?;
    let max_forward_pixels = slot.spec.max_forward_pixels.unwrap_or(u64::MAX);
    Some(Run {
        job,
        name,
        model,
        max_forward_pixels,
        mean_forward: state.pace.mean(),
    })
}

/// Begins to load the models that waiting jobs ask for. Only here, after a job has been taken: so each time a model
/// is loaded at least one job runs before another load can drive it out.
fn request_missing(shared: &Arc<Shared>, state: &mut State) {
    let mut missing: Vec<String> = state
        .queue
        .iter()
        .filter_map(|job| state.target(job))
        .filter(|name| !state.is_loaded(name) && !state.is_loading(name))
        .map(str::to_owned)
        .collect();
    missing.dedup();
    for name in missing {
        if !state.is_loading(&name) {
            begin_loading(shared, state, &name, Then::Keep);
        }
    }
}

fn forward(run: &mut Run, detail: Option<&dyn Detail>, began: Instant) -> Result<Done, JobError> {
    let Run { job, model, .. } = run;
    let work = &job.work;
    let span = tracing::info_span!(parent: &job.span, "forward", model = run.name);
    let _entered = span.enter();
    let monitor = JobMonitor::new(
        &job.cancelled,
        work.deadline,
        job.observer.as_ref(),
        began,
        run.mean_forward,
    );
    let mut options = work.options;
    options.max_forward_pixels = options.max_forward_pixels.min(run.max_forward_pixels);
    // A model holds no state between forwards, so that one which panicked can go on.
    let result = catch_unwind(AssertUnwindSafe(|| {
        inpaint(
            model.as_mut(),
            detail,
            &work.image,
            &work.mask,
            &options,
            &monitor,
        )
    }));
    match result {
        Ok(Ok(outcome)) => Ok(Done {
            outcome,
            model: run.name.clone(),
            queued: began.duration_since(job.entered),
            forward: began.elapsed(),
        }),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => {
            tracing::error!(model = %run.name, "a job panicked");
            Err(JobError::Panicked)
        }
    }
}

/// Gives the model back to its slot, or drops it if the slot is gone.
/// `took`: the time of a whole run; one that was stopped says nothing of how long runs take.
fn put_back(shared: &Shared, name: &str, model: Box<dyn Inpainter>, took: Option<Duration>) {
    let mut model = Some(model);
    {
        let mut state = shared.lock();
        state.pace.end(took);
        state.memory_freed();
        // It was used until now.
        if let Some(slot) = state.touch(name).filter(|slot| slot.model.is_none()) {
            slot.model = model.take();
        }
    }
    // Freeing a model takes a while; nobody should wait for it.
    drop(model);
}

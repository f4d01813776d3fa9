//! The thread in which models run: one forward at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use iopaint_inpaint::{Inpainter, inpaint};

use crate::job::{Done, Job, JobError};
use crate::loading::begin_loading;
use crate::monitor::JobMonitor;
use crate::state::{Shared, State, Then};

/// A job and the model that is taken out of its slot to run it.
struct Run {
    job: Job,
    name: String,
    model: Box<dyn Inpainter>,
    max_forward_pixels: u64,
    /// How long the runs before it took, in seconds.
    mean_forward: Option<f64>,
}

/// Runs jobs until the engine is closed.
///
/// # Errors
/// Where the system has no room for another thread.
pub(crate) fn spawn(shared: Arc<Shared>) -> std::io::Result<()> {
    thread::Builder::new()
        .name("model".into())
        .spawn(move || work(&shared))
        .map(|_| ())
}

fn work(shared: &Arc<Shared>) {
    while let Some(mut run) = next(shared) {
        shared.running.send_replace(true);
        let began = Instant::now();
        let result = forward(&mut run, began);
        put_back(
            shared,
            &run.name,
            run.model,
            result.is_ok().then(|| began.elapsed()),
        );
        shared.running.send_replace(false);
        run.job.answer(result);
    }
}

/// Waits for a job whose model is here; sees to it that missing models are loaded. `None`: the engine is closed.
fn next(shared: &Arc<Shared>) -> Option<Run> {
    let mut state = shared.lock();
    loop {
        if state.closed {
            return None;
        }
        if let Some(run) = take(&mut state) {
            state.running_since = Some(Instant::now());
            state.tell_places();
            request_missing(shared, &mut state);
            return Some(run);
        }
        request_missing(shared, &mut state);
        state = shared.wait(state);
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
        mean_forward: state.mean_forward,
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

fn forward(run: &mut Run, began: Instant) -> Result<Done, JobError> {
    let Run { job, model, .. } = run;
    let work = &job.work;
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
        inpaint(model.as_mut(), &work.image, &work.mask, &options, &monitor)
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
        if let Some(took) = took {
            state.forward_took(took);
        }
        state.running_since = None;
        if let Some(slot) = state
            .loaded
            .iter_mut()
            .find(|slot| slot.spec.name == name && slot.model.is_none())
        {
            slot.model = model.take();
        }
    }
    // Freeing a model takes a while; nobody should wait for it.
    drop(model);
}

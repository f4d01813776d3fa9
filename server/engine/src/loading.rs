//! Threads that download and load models while other models serve.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::download::{CancellationToken, DownloadOptions, DownloadProgress, download};
use crate::download_reporter::DownloadReporter;
use crate::download_states::DownloadStatus;
use crate::job::Unavailable;
use crate::loaded_model::ModelHandle;
use crate::loader::ModelLoadError;
use crate::model_store::{ModelFile, ModelStore};
use crate::registry::{FileSpec, ModelSpec, ModelTask, Origin};
use crate::shared::Shared;
use crate::state::{AfterLoad, PendingLoad, State};
use crate::switch::SwitchError;

const NO_PROGRESS: DownloadProgress = DownloadProgress {
    bytes: 0,
    total: None,
};

/// Begins to load a model whose files are on disk.
pub(crate) fn begin_load(shared: &Arc<Shared>, state: &mut State, name: &str, after_load: AfterLoad) {
    spawn_load(shared, state, name, after_load, false, None);
}

/// Begins to load a model that is to become the current one; if that fails, `fallback` is loaded instead. The
/// files of the failed model are kept, as they belong to the user.
pub(crate) fn begin_load_with_fallback(
    shared: &Arc<Shared>,
    state: &mut State,
    name: &str,
    fallback: String,
) {
    let after_load = AfterLoad::MakeCurrent;
    spawn_load(shared, state, name, after_load, false, Some(fallback));
}

/// Begins to download a model and then to load it.
pub(crate) fn begin_download_and_load(
    shared: &Arc<Shared>,
    state: &mut State,
    name: &str,
    after_load: AfterLoad,
) {
    spawn_load(shared, state, name, after_load, true, None);
}

fn spawn_load(
    shared: &Arc<Shared>,
    state: &mut State,
    name: &str,
    after_load: AfterLoad,
    download: bool,
    fallback: Option<String>,
) {
    if after_load == AfterLoad::MakeCurrent {
        state.requested = Some(name.to_owned());
    }
    state.pending_loads.push(PendingLoad {
        name: name.to_owned(),
        progress: download.then_some(NO_PROGRESS),
        after_load,
        waiters: Vec::new(),
    });
    let thread = thread::Builder::new().name("load".into());
    let (own_shared, own_name) = (Arc::clone(shared), name.to_owned());
    let spawned = thread.spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| {
            fetch_and_load(&own_shared, &own_name, download)
        }))
        .unwrap_or(Err(ModelLoadError::Panicked));
        if let (Err(_), Some(fallback)) = (&result, fallback) {
            // Before the failure is recorded, so that queued jobs are kept for the fallback.
            load_fallback(&own_shared, &own_name, &fallback);
        }
        finish_load(&own_shared, &own_name, result);
    });
    if let Err(error) = spawned {
        // Not through `finish_load`, which takes the lock that the caller holds.
        tracing::error!(model = name, %error, "Could not start a thread to load the model");
        state.pending_loads.retain(|load| load.name != name);
        state.failure = Some(load_failure(name, &error));
    }
}

/// Begins to load `fallback` as the current model, unless another model than `name` was requested meanwhile.
fn load_fallback(shared: &Arc<Shared>, name: &str, fallback: &str) {
    let mut state = shared.lock();
    let available = state.is_loading(fallback) || state.models.contains(fallback);
    if state.requested.as_deref() == Some(name) && !available {
        tracing::warn!(
            model = name,
            builtin = fallback,
            "Could not load the default model; using the built-in model, with lower quality"
        );
        begin_load(shared, &mut state, fallback, AfterLoad::MakeCurrent);
    }
}

fn fetch_and_load(shared: &Shared, name: &str, download: bool) -> Result<Vec<ModelHandle>, ModelLoadError> {
    let spec = shared.registry.get(name).ok_or(ModelLoadError::Absent)?;
    let files = match shared.store.locate(spec) {
        Some(files) => files,
        None if download => fetch(shared, spec)?,
        None => return Err(ModelLoadError::Absent),
    };
    if download {
        set_progress(shared, name, None);
    }
    if shared.unload_current {
        unload_before(shared, name);
    }
    let began = Instant::now();
    let handles = load_on_devices(shared, spec, &files)?;
    shared.metrics.model_loaded(name, began.elapsed());
    Ok(handles)
}

/// Unloads the idle models before `name` is loaded for a job, so that memory for one model suffices. A model
/// that is to become the current one is loaded beside the old one, which serves on if that fails.
fn unload_before(shared: &Shared, name: &str) {
    let mut state = shared.lock();
    let mut loads = state.pending_loads.iter();
    if !loads.any(|load| load.name == name && load.after_load == AfterLoad::KeepLoaded) {
        return;
    }
    let (idle, _) = state.models.remove_idle(Instant::now(), Duration::ZERO, None);
    drop(state);
    for slot in &idle {
        tracing::info!(model = %slot.spec.name, "Unloading a model to free memory for another");
    }
    shared.unload(idle);
}

/// Loads a model on each device, one after the other; a network of a plugin on the first device that
/// succeeds. Devices on which loading fails don't run the model: a lost or full GPU must not stop the others.
///
/// # Errors
/// The first error, if loading fails on all devices.
fn load_on_devices(
    shared: &Shared,
    spec: &ModelSpec,
    files: &[ModelFile],
) -> Result<Vec<ModelHandle>, ModelLoadError> {
    let mut handles = Vec::new();
    let mut errors = Vec::new();
    for (index, loader) in shared.loaders.iter().enumerate() {
        match loader.load(spec, files) {
            Ok(model) => {
                tracing::info!(model = spec.name, device = %loader.device(), "Model loaded");
                handles.extend(shared.handles_of(model, index));
                if spec.task() != ModelTask::Inpaint {
                    break;
                }
            }
            Err(error) => errors.push((loader.device(), error)),
        }
    }
    let mut errors = errors.into_iter();
    // The caller reports the first error.
    let failed = if handles.is_empty() { errors.next() } else { None };
    for (device, error) in errors {
        tracing::error!(model = spec.name, %device, %error, "Could not load the model on a device");
        shared.metrics.model_failed(&spec.name);
    }
    failed.map_or(Ok(handles), |(_, error)| Err(error))
}

/// Applies the outcome of a load: the model serves from now on, or its jobs and the callers of `switch` fail.
fn finish_load(shared: &Shared, name: &str, result: Result<Vec<ModelHandle>, ModelLoadError>) {
    let mut state = shared.lock();
    let Some(index) = state.pending_loads.iter().position(|load| load.name == name) else {
        return;
    };
    let PendingLoad {
        after_load, waiters, ..
    } = state.pending_loads.swap_remove(index);
    let (mut failed, mut unloaded) = (Vec::new(), Vec::new());
    let outcome = match (result, shared.registry.get(name)) {
        (Ok(handles), Some(spec)) => {
            unloaded = state.add_model(spec.clone(), handles, &after_load, shared.max_models);
            for slot in &unloaded {
                tracing::info!(model = %slot.spec.name, "Unloading the least recently used model");
            }
            Ok(spec.clone())
        }
        (Ok(_), None) => Err(SwitchError::Unavailable(Unavailable::Unknown(name.to_owned()))),
        (Err(error), _) => {
            log_failure(shared, name, &after_load, &error);
            shared.metrics.model_failed(name);
            let message = load_failure(name, &error);
            failed = state.record_load_failure(name, &message);
            Err(SwitchError::Load(message))
        }
    };
    drop(state);
    shared.notify();
    for waiter in waiters {
        // Fails if the receiver was dropped; the outcome is not needed then.
        let _ = waiter.send(outcome.clone());
    }
    for (job, error) in failed {
        job.finish(Err(error));
    }
    shared.unload(unloaded);
}

fn load_failure(name: &str, error: &dyn std::error::Error) -> String {
    format!("the model `{name}` could not be loaded: {error}")
}

fn log_failure(shared: &Shared, name: &str, after_load: &AfterLoad, error: &ModelLoadError) {
    let (AfterLoad::ReplaceCurrent(builtin), ModelLoadError::Download(error)) = (after_load, error) else {
        tracing::error!(model = name, %error, "Could not load the model");
        return;
    };
    // A warning, as the built-in model serves and machines without a network are common.
    let target = shared
        .registry
        .get(name)
        .and_then(|spec| spec.files.first())
        .map(|file| shared.store.download_path(file));
    tracing::warn!(
        model = name,
        builtin,
        cause = error.cause(),
        path = target.map(|path| path.display().to_string()),
        "Could not download the default model; the built-in model serves. To use the default model, copy its file to \
         this path and restart"
    );
}

/// Begins to download a model's files without loading the model.
///
/// # Errors
/// The operating system refused to create the thread.
pub(crate) fn begin_download(shared: &Arc<Shared>, state: &mut State, name: &str) -> io::Result<()> {
    let (own_shared, own_name) = (Arc::clone(shared), name.to_owned());
    thread::Builder::new().name("download".into()).spawn(move || {
        let Some(spec) = own_shared.registry.get(&own_name) else {
            return;
        };
        if let Err(error) = fetch(&own_shared, spec) {
            tracing::error!(model = own_name, %error, "Could not download the model");
        }
    })?;
    // Set here as well as by the thread, so that a second request finds the download running.
    state.downloads.set(name, DownloadStatus::Running(NO_PROGRESS));
    Ok(())
}

/// Downloads a model's missing files and publishes the progress. Returns all of the model's files.
pub(crate) fn fetch(shared: &Shared, spec: &ModelSpec) -> Result<Vec<ModelFile>, ModelLoadError> {
    let on_progress = |progress: DownloadProgress| {
        set_progress(shared, &spec.name, Some(progress));
        let mut state = shared.lock();
        state.downloads.set(&spec.name, DownloadStatus::Running(progress));
    };
    let fetch = || {
        fetch_missing(
            &shared.store,
            spec,
            &shared.download,
            shared.download_reporter.as_ref(),
            &shared.cancel_downloads,
            &on_progress,
        )
    };
    let result = catch_unwind(AssertUnwindSafe(fetch)).unwrap_or(Err(ModelLoadError::Panicked));
    let status = match &result {
        Ok(_) => DownloadStatus::Finished,
        Err(error) => DownloadStatus::Failed(error.to_string()),
    };
    shared.lock().downloads.set(&spec.name, status);
    result
}

/// Downloads a model's missing files and returns all of its files, in the order of `spec.files`. Blocks.
///
/// # Errors
/// [`ModelLoadError::Absent`] if a missing file has no URL, or [`ModelLoadError::Download`].
pub fn fetch_model(
    store: &ModelStore,
    spec: &ModelSpec,
    options: &DownloadOptions,
    reporter: &dyn DownloadReporter,
) -> Result<Vec<ModelFile>, ModelLoadError> {
    let cancel = CancellationToken::default();
    fetch_missing(store, spec, options, reporter, &cancel, &|_| {})
}

fn fetch_missing(
    store: &ModelStore,
    spec: &ModelSpec,
    options: &DownloadOptions,
    reporter: &dyn DownloadReporter,
    cancel: &CancellationToken,
    on_progress: &(dyn Fn(DownloadProgress) + Sync),
) -> Result<Vec<ModelFile>, ModelLoadError> {
    let fetch = |file: &FileSpec| {
        if let Some(found) = store.locate_file(file) {
            return Ok(found);
        }
        let Origin::Url(url) = &file.origin else {
            return Err(ModelLoadError::Absent);
        };
        let report = match spec.files.len() {
            1 => reporter.begin(&spec.name),
            _ => reporter.begin(&format!("{} ({})", spec.name, file.name)),
        };
        let on_progress = |progress: DownloadProgress| {
            report(progress);
            on_progress(progress);
        };
        let target = store.download_path(file);
        Ok(ModelFile::Path(download(
            file,
            url,
            &target,
            options,
            cancel,
            &on_progress,
        )?))
    };
    spec.files.iter().map(fetch).collect()
}

fn set_progress(shared: &Shared, name: &str, progress: Option<DownloadProgress>) {
    let mut state = shared.lock();
    if let Some(load) = state.pending_loads.iter_mut().find(|load| load.name == name) {
        load.progress = progress;
    }
}

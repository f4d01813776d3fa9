//! Models are loaded, and downloaded if need be, on threads of their own while others go on serving.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use iopaint_inpaint::Inpainter;

use crate::catalogue::Download;
use crate::download::{Cancel, DownloadOptions, DownloadProgress, ProgressReport, download};
use crate::loader::LoadError;
use crate::locate::{ModelFile, ModelStore};
use crate::registry::{FileSpec, ModelSpec, Origin};
use crate::state::{Loading, Shared, State, Then};

/// Begins to load a model whose files are here. Whoever waits is told by [`Shared::finish_loading`].
pub(crate) fn begin_loading(shared: &Arc<Shared>, state: &mut State, name: &str, then: Then) {
    begin(shared, state, name, then, false, None);
}

/// Begins to load the model that is to be the current one; if its files are of no use, `otherwise` is loaded in its
/// place. The files stay: they are the user's.
pub(crate) fn begin_loading_or(shared: &Arc<Shared>, state: &mut State, name: &str, otherwise: String) {
    begin(shared, state, name, Then::Current, false, Some(otherwise));
}

/// Begins to download a model and to load it then.
pub(crate) fn begin_downloading(shared: &Arc<Shared>, state: &mut State, name: &str, then: Then) {
    begin(shared, state, name, then, true, None);
}

fn begin(
    shared: &Arc<Shared>,
    state: &mut State,
    name: &str,
    then: Then,
    download: bool,
    otherwise: Option<String>,
) {
    if then == Then::Current {
        state.chosen = Some(name.to_owned());
    }
    let progress = download.then_some(DownloadProgress {
        bytes: 0,
        total: None,
    });
    state.loading.push(Loading {
        name: name.to_owned(),
        progress,
        then,
        waiting: Vec::new(),
    });
    let thread = thread::Builder::new().name("load".into());
    let (own_shared, own_name) = (Arc::clone(shared), name.to_owned());
    let spawned = thread.spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| {
            fetch_and_load(&own_shared, &own_name, download)
        }))
        .unwrap_or(Err(LoadError::Panicked));
        if let (Err(_), Some(otherwise)) = (&result, otherwise) {
            // Before the failure is told: jobs that wait have something to hope for.
            load_instead(&own_shared, &own_name, &otherwise);
        }
        own_shared.finish_loading(&own_name, result);
    });
    if let Err(error) = spawned {
        // The lock is held here; the report needs it, so that it has to come from elsewhere.
        tracing::error!(
            model = name,
            "no thread could be started to load a model: {error}"
        );
        state.loading.retain(|loading| loading.name != name);
        state.failure = Some(format!("the model `{name}` could not be loaded: {error}"));
    }
}

/// Begins to load `otherwise` in the place of the current model, unless somebody has chosen another one by now.
fn load_instead(shared: &Arc<Shared>, name: &str, otherwise: &str) {
    let mut state = shared.lock();
    let here = state.is_loading(otherwise) || state.is_loaded(otherwise);
    if state.chosen.as_deref() == Some(name) && !here {
        tracing::warn!(
            "the model `{name}` can't be used; the built-in model `{otherwise}` serves, with less quality"
        );
        begin_loading(shared, &mut state, otherwise, Then::Current);
    }
}

fn fetch_and_load(shared: &Shared, name: &str, download: bool) -> Result<Box<dyn Inpainter>, LoadError> {
    let spec = shared.registry.get(name).ok_or(LoadError::Absent)?;
    let files = match shared.store.locate(spec) {
        Some(files) => files,
        None if download => fetch(shared, spec)?,
        None => return Err(LoadError::Absent),
    };
    if download {
        shared.set_progress(name, None);
    }
    let began = Instant::now();
    let model = shared.loader.load(spec, &files)?;
    shared.meter.model_loaded(name, began.elapsed());
    Ok(model)
}

/// Begins to download a model's files and no more.
///
/// # Errors
/// Where the system has no room for another thread.
pub(crate) fn begin_fetching(shared: &Arc<Shared>, state: &mut State, name: &str) -> io::Result<()> {
    let (own_shared, own_name) = (Arc::clone(shared), name.to_owned());
    thread::Builder::new().name("download".into()).spawn(move || {
        let Some(spec) = own_shared.registry.get(&own_name) else {
            return;
        };
        if let Err(error) = fetch(&own_shared, spec) {
            tracing::error!(model = own_name, "the model could not be downloaded: {error}");
        }
    })?;
    // Here and not only in the thread: who asks again at once finds it under way.
    let nothing = DownloadProgress {
        bytes: 0,
        total: None,
    };
    state
        .downloads
        .insert(name.to_owned(), Download::Running(nothing));
    shared.downloads_changed.send_replace(());
    Ok(())
}

/// Downloads those of a model's files that aren't here; the progress goes to the terminal or the log and to those who
/// ask for the status.
pub(crate) fn fetch(shared: &Shared, spec: &ModelSpec) -> Result<Vec<ModelFile>, LoadError> {
    let progress = |progress: DownloadProgress| {
        shared.set_progress(&spec.name, Some(progress));
        shared.set_download(&spec.name, Download::Running(progress));
    };
    let fetch = || {
        fetch_reporting(
            &shared.store,
            spec,
            &shared.download,
            &shared.cancel_download,
            &progress,
        )
    };
    let result = catch_unwind(AssertUnwindSafe(fetch)).unwrap_or(Err(LoadError::Panicked));
    let outcome = match &result {
        Ok(_) => Download::Finished,
        Err(error) => Download::Failed(error.to_string()),
    };
    shared.set_download(&spec.name, outcome);
    result
}

/// Brings those of a model's files that aren't here to where they are looked for, and returns all of them in their
/// order. Blocks; the progress goes to the terminal or the log.
///
/// # Errors
/// [`LoadError::Absent`] where one can't be downloaded from anywhere, or [`LoadError::Download`].
pub fn fetch_model(
    store: &ModelStore,
    spec: &ModelSpec,
    options: &DownloadOptions,
) -> Result<Vec<ModelFile>, LoadError> {
    fetch_reporting(store, spec, options, &Cancel::default(), &|_| {})
}

fn fetch_reporting(
    store: &ModelStore,
    spec: &ModelSpec,
    options: &DownloadOptions,
    cancel: &Cancel,
    progress: &(dyn Fn(DownloadProgress) + Sync),
) -> Result<Vec<ModelFile>, LoadError> {
    let fetch = |file: &FileSpec| {
        if let Some(found) = store.locate_file(file) {
            return Ok(found);
        }
        let Origin::Url(url) = &file.origin else {
            return Err(LoadError::Absent);
        };
        let report = match spec.files.len() {
            1 => ProgressReport::new(&spec.name),
            _ => ProgressReport::new(&format!("{} ({})", spec.name, file.name)),
        };
        let told = |news: DownloadProgress| {
            report.update(news);
            progress(news);
        };
        let target = store.download_path(file);
        Ok(ModelFile::Path(download(
            file, url, &target, options, cancel, &told,
        )?))
    };
    spec.files.iter().map(fetch).collect()
}

impl Shared {
    fn set_download(&self, name: &str, download: Download) {
        self.lock().downloads.insert(name.to_owned(), download);
        self.downloads_changed.send_replace(());
    }

    fn set_progress(&self, name: &str, progress: Option<DownloadProgress>) {
        let mut state = self.lock();
        if let Some(loading) = state.loading.iter_mut().find(|loading| loading.name == name) {
            loading.progress = progress;
        }
    }
}

//! The engine as the rest of the program sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::download::DownloadOptions;
use crate::job::{Done, Job, JobError, Place, Rejection, Unavailable, Work};
use crate::loader::{LoadError, ModelLoader};
use crate::loading::{begin_downloading, begin_loading, fetch};
use crate::locate::ModelStore;
use crate::progress::Observer;
use crate::queue::{ClientKey, JobId};
use crate::registry::{ModelInfo, Registry};
use crate::state::{Shared, State, Then};
use crate::switch::SwitchError;
use crate::worker;

/// The model that serves where nobody names one and its file can be had.
const DEFAULT_MODEL: &str = "lama";
/// What a client is told to wait at least and at most when the queue is full.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(2));
/// A guess at a forward's time before one has run, in seconds.
const FIRST_FORWARD: f64 = 2.0;

/// Which model answers while the default one isn't on disk and nobody named another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultModel {
    /// The built-in one serves at once, until the default one has been downloaded.
    #[default]
    Meanwhile,
    /// The default one is downloaded first, so that one model answers from the beginning to the end. Where that
    /// fails, it is the built-in one.
    First,
}

/// What the operator chooses.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// The model that was named; `None` or empty: the default-model rule.
    pub model: Option<String>,
    /// What the default-model rule does while the default model isn't on disk.
    pub default_model: DefaultModel,
    /// How many jobs may be inside, the running one included.
    pub max_queue: usize,
    /// How many models are kept loaded.
    pub max_models: usize,
    /// Whether nothing may be downloaded.
    pub local_files_only: bool,
    /// How downloads wait and try again.
    pub download: DownloadOptions,
}

impl Default for EngineOptions {
    /// The default-model rule, 32 jobs, 2 models, downloads allowed.
    fn default() -> Self {
        Self {
            model: None,
            default_model: DefaultModel::default(),
            max_queue: 32,
            max_models: 2,
            local_files_only: false,
            download: DownloadOptions::default(),
        }
    }
}

/// Why the engine can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The model that was named is not in the registry.
    #[error(
        "there is no model called `{name}`; there are {known}, and your own where a .toml describes them"
    )]
    UnknownModel {
        /// The name that was given.
        name: String,
        /// The names that are known.
        known: String,
    },
    /// The file of the model that was named is absent and must not be downloaded.
    #[error(
        "the model `{0}` is not on this machine; start once without --local-files-only to download it, or put its \
         file into the model folder"
    )]
    Absent(String),
    /// The file of the model that was named could not be downloaded.
    #[error(transparent)]
    Download(LoadError),
    /// The system has no room for another thread.
    #[error("the model's thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl StartError {
    /// That `name` is not in the registry.
    #[must_use]
    pub fn unknown_model(name: &str, registry: &Registry) -> Self {
        let known: Vec<String> = registry.iter().map(|spec| format!("`{}`", spec.name)).collect();
        Self::UnknownModel {
            name: name.to_owned(),
            known: known.join(", "),
        }
    }
}

/// How far the engine is.
#[derive(Clone, Debug)]
pub struct Status {
    /// The current model, once one is loaded.
    pub model: Option<ModelInfo>,
    /// Whether a job would run now.
    pub ready: bool,
    /// Models on their way.
    pub loading: Vec<LoadingModel>,
    /// Why the last model that was tried isn't serving.
    pub failure: Option<String>,
    /// How many jobs are inside.
    pub jobs: usize,
}

/// A model on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadingModel {
    /// Its name.
    pub name: String,
    /// How far its download is; `None` where nothing is downloaded (any more).
    pub progress: Option<crate::download::Progress>,
}

/// Runs jobs on models. Clones are handles of the same engine; when the last one is gone, its threads end.
#[derive(Clone)]
pub struct Engine {
    handle: Arc<Handle>,
}

struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.cancel_download.cancel();
        self.0.lock().closed = true;
        self.0.notify();
    }
}

impl Engine {
    /// Starts the model's thread and begins to load the first model; jobs wait until it is there.
    ///
    /// A model that is named and absent is downloaded first, which blocks. Where none is named, [`DEFAULT_MODEL`]
    /// serves if its file is on disk; else the built-in one serves while that is downloaded, and is replaced then.
    ///
    /// # Errors
    /// [`StartError`], with what the user can do.
    pub fn start(
        registry: Registry,
        store: ModelStore,
        loader: Arc<dyn ModelLoader>,
        options: &EngineOptions,
    ) -> Result<Self, StartError> {
        let shared = Arc::new(Shared::new(registry, store, loader, options));
        let engine = Self {
            handle: Arc::new(Handle(Arc::clone(&shared))),
        };
        match options.model.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => start_named(&shared, name, options.local_files_only)?,
            None => start_default(&shared, options),
        }
        worker::spawn(shared)?;
        Ok(engine)
    }

    /// Asks for a place, before anything costly is done for a job. `model`: the name of the model that is to
    /// answer, the current one where there is none.
    ///
    /// # Errors
    /// [`Rejection`].
    pub fn admit(&self, client: ClientKey, model: Option<&str>) -> Result<Ticket, Rejection> {
        let state = self.shared().lock();
        if state.draining {
            return Err(Rejection::Draining);
        }
        match model.filter(|name| !name.is_empty()) {
            Some(name) if state.is_loaded(name) => {}
            Some(name) => available(self.shared(), &state, name)?,
            None if state.current.is_none() && state.loading.is_empty() => return Err(no_model(&state)),
            None => {}
        }
        let Some(place) = self.shared().places.take() else {
            return Err(Rejection::Full {
                retry_after: retry_after(&state, self.shared().places.taken()),
            });
        };
        drop(state);
        Ok(Ticket {
            engine: self.clone(),
            client,
            model: model.filter(|name| !name.is_empty()).map(str::to_owned),
            observer: None,
            place,
        })
    }

    /// How far the engine is.
    #[must_use]
    pub fn status(&self) -> Status {
        let shared = self.shared();
        let state = shared.lock();
        let current = state.current.as_deref();
        Status {
            model: current
                .and_then(|name| shared.registry.get(name))
                .map(ModelInfo::from),
            ready: current.is_some() && !state.draining,
            loading: state
                .loading
                .iter()
                .map(|loading| LoadingModel {
                    name: loading.name.clone(),
                    progress: loading.progress,
                })
                .collect(),
            failure: state.failure.clone(),
            jobs: shared.places.taken(),
        }
    }

    /// Tells the jobs that wait and are watched their places in the queue, as happens whenever these change.
    pub fn tell_places(&self) {
        self.shared().lock().tell_places();
    }

    /// The models that can be switched to without a download.
    #[must_use]
    pub fn models(&self) -> Vec<ModelInfo> {
        self.shared()
            .store
            .servable(&self.shared().registry)
            .into_iter()
            .map(ModelInfo::from)
            .collect()
    }

    /// Makes `name` the current model. Free where it is that already; the old one goes on serving until the new
    /// one is loaded, and on failure.
    ///
    /// # Errors
    /// [`SwitchError`].
    pub async fn switch(&self, name: &str) -> Result<ModelInfo, SwitchError> {
        let answer = {
            let shared = self.shared();
            let mut state = shared.lock();
            if state.draining {
                return Err(SwitchError::Draining);
            }
            let info = shared
                .registry
                .get(name)
                .map(ModelInfo::from)
                .ok_or_else(|| Unavailable::Unknown(name.to_owned()))?;
            if state.is_loaded(name) {
                state.current = Some(name.to_owned());
                state.chosen = Some(name.to_owned());
                state.touch(name);
                drop(state);
                shared.notify();
                return Ok(info);
            }
            available(shared, &state, name)?;
            if !state.is_loading(name) {
                begin_loading(shared, &mut state, name, Then::Current);
            }
            let (sender, answer) = oneshot::channel();
            if let Some(loading) = state.loading.iter_mut().find(|loading| loading.name == name) {
                loading.then = Then::Current;
                loading.waiting.push(sender);
            }
            state.chosen = Some(name.to_owned());
            answer
        };
        answer.await.unwrap_or_else(|_| {
            Err(SwitchError::Load(format!(
                "the model `{name}` could not be loaded: no thread could be started"
            )))
        })
    }

    /// Takes no more jobs and sends the waiting ones away; the running one is finished.
    pub fn drain(&self) {
        self.shared().cancel_download.cancel();
        let jobs = {
            let mut state = self.shared().lock();
            state.draining = true;
            state.queue.extract(|_| true)
        };
        for job in jobs {
            job.answer(Err(JobError::Draining));
        }
    }

    /// Waits until no forward is running.
    pub async fn idle(&self) {
        // The sender lives as long as the engine.
        let _ = self
            .shared()
            .running
            .subscribe()
            .wait_for(|running| !running)
            .await;
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.0
    }
}

fn start_named(shared: &Arc<Shared>, name: &str, local_files_only: bool) -> Result<(), StartError> {
    let spec = shared
        .registry
        .get(name)
        .ok_or_else(|| StartError::unknown_model(name, &shared.registry))?;
    if shared.store.locate(spec).is_none() {
        if local_files_only {
            return Err(StartError::Absent(name.to_owned()));
        }
        fetch(shared, spec).map_err(StartError::Download)?;
    }
    begin_loading(shared, &mut shared.lock(), name, Then::Current);
    Ok(())
}

fn start_default(shared: &Arc<Shared>, options: &EngineOptions) {
    let default = shared.registry.get(DEFAULT_MODEL);
    let builtin = shared
        .registry
        .iter()
        .find(|spec| spec.is_builtin() && !spec.files.is_empty());
    let mut present = default.is_some_and(|spec| shared.store.locate(spec).is_some());
    let mut download = !options.local_files_only;
    if let Some(spec) =
        default.filter(|_| !present && download && options.default_model == DefaultModel::First)
    {
        download = false;
        match fetch(shared, spec) {
            Ok(_) => present = true,
            Err(error) => tracing::warn!("{error}; the built-in model is used, with less quality"),
        }
    }
    let mut state = shared.lock();
    if present {
        begin_loading(shared, &mut state, DEFAULT_MODEL, Then::Current);
    }
    let Some(builtin) = builtin.map(|spec| spec.name.clone()) else {
        return;
    };
    if present {
        return;
    }
    begin_loading(shared, &mut state, &builtin, Then::Current);
    if options.local_files_only {
        tracing::warn!(
            "the model `{DEFAULT_MODEL}` is not on this machine and --local-files-only forbids to download it; the \
             built-in model `{builtin}` serves, with less quality"
        );
    } else if download && default.is_some() {
        tracing::info!("the built-in model `{builtin}` serves while `{DEFAULT_MODEL}` is downloaded");
        begin_downloading(shared, &mut state, DEFAULT_MODEL, Then::InsteadOf(builtin));
    }
}

/// Whether a model that isn't loaded can be.
fn available(shared: &Shared, state: &State, name: &str) -> Result<(), Unavailable> {
    let spec = shared
        .registry
        .get(name)
        .ok_or_else(|| Unavailable::Unknown(name.to_owned()))?;
    if shared.store.locate(spec).is_some() {
        Ok(())
    } else if state.is_loading(name) || state.is_downloading(name) {
        Err(Unavailable::Downloading(name.to_owned()))
    } else {
        Err(Unavailable::Absent(name.to_owned()))
    }
}

fn no_model(state: &State) -> Rejection {
    Rejection::NoModel(
        state
            .failure
            .clone()
            .unwrap_or_else(|| "none was found".to_owned()),
    )
}

fn retry_after(state: &State, jobs: usize) -> Duration {
    let wait = state.mean_forward.unwrap_or(FIRST_FORWARD) * jobs as f64;
    Duration::try_from_secs_f64(wait.ceil())
        .unwrap_or(RETRY_AFTER.1)
        .clamp(RETRY_AFTER.0, RETRY_AFTER.1)
}

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
            if job.model.is_none() && state.current.is_none() && state.loading.is_empty() {
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

//! The engine as the rest of the program sees it.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::job::{JobError, Rejection, Unavailable};
use crate::loader::ModelLoader;
use crate::loading::begin_loading;
use crate::locate::ModelStore;
use crate::queue::ClientKey;
use crate::registry::{ModelInfo, Registry};
use crate::start::{EngineOptions, StartError, start_default, start_named};
use crate::state::{Shared, State, Then};
use crate::switch::SwitchError;
use crate::ticket::Ticket;
use crate::worker;

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
    /// How many of them wait for their turn, their pictures being decoded.
    pub waiting: usize,
    /// Whether a job runs.
    pub running: bool,
    /// The models that are loaded.
    pub loaded: Vec<String>,
    /// Whether there is a thread that runs models. Where there is none, only a new process helps.
    pub alive: bool,
}

/// A model on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadingModel {
    /// Its name.
    pub name: String,
    /// How far its download is; `None` where nothing is downloaded (any more).
    pub progress: Option<crate::download::DownloadProgress>,
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
    /// A model that is named and absent is downloaded first, which blocks. Where none is named, `lama` serves if its
    /// file is on disk; else the built-in one serves while that is downloaded, and is replaced then.
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
        let mut state = self.shared().lock();
        if state.draining {
            return Err(Rejection::Draining);
        }
        if !state.alive {
            return Err(no_model(&state));
        }
        match model.filter(|name| !name.is_empty()) {
            Some(name) if state.is_loaded(name) => {}
            Some(name) => available(self.shared(), &state, name)?,
            None if state.is_hopeless() => return Err(no_model(&state)),
            None => {}
        }
        let places = &self.shared().places;
        let Some(place) = places.take() else {
            return Err(Rejection::Full {
                retry_after: state.pace.retry_after(Instant::now(), places.taken()),
            });
        };
        drop(state);
        let model = model.filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Ticket::new(self.clone(), client, model, place))
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
            ready: current.is_some() && state.alive && !state.draining,
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
            waiting: state.queue.iter().count(),
            running: state.pace.is_running(),
            loaded: state.loaded.iter().map(|slot| slot.spec.name.clone()).collect(),
            alive: state.alive,
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
        self.shared().draining.send_replace(true);
        for job in jobs {
            job.answer(Err(JobError::Draining));
        }
    }

    /// Waits until the engine takes no more jobs.
    pub async fn draining(&self) {
        // The sender lives as long as the engine.
        let _ = self
            .shared()
            .draining
            .subscribe()
            .wait_for(|draining| *draining)
            .await;
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

pub(crate) fn no_model(state: &State) -> Rejection {
    Rejection::NoModel(
        state
            .failure
            .clone()
            .unwrap_or_else(|| "none was found".to_owned()),
    )
}

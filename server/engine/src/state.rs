//! What the engine's threads share, and the rules by which it changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use iopaint_inpaint::Inpainter;
use tokio::sync::{oneshot, watch};

use crate::catalogue::Download;
use crate::download::{Cancel, DownloadOptions, DownloadProgress};
use crate::job::{Job, JobError, Places, Unavailable};
use crate::loader::{LoadError, ModelLoader};
use crate::locate::ModelStore;
use crate::meter::EngineMetrics;
use crate::pace::Pace;
use crate::progress::JobProgress;
use crate::queue::Queue;
use crate::registry::{ModelInfo, ModelSpec, Registry};
use crate::start::EngineOptions;
use crate::switch::SwitchError;

pub(crate) struct Shared {
    pub registry: Registry,
    pub store: ModelStore,
    pub loader: Arc<dyn ModelLoader>,
    pub download: DownloadOptions,
    pub max_models: usize,
    pub places: Places,
    /// After which time an idle model is unloaded.
    pub idle_unload: Option<Duration>,
    /// Whether that goes for the current model too.
    pub unload_current: bool,
    pub meter: Arc<dyn EngineMetrics>,
    /// Whether a forward is running.
    pub running: watch::Sender<bool>,
    /// Whether no more jobs are taken; as [`State::draining`], for those who wait for it.
    pub draining: watch::Sender<bool>,
    pub cancel_download: Cancel,
    pub local_files_only: bool,
    /// Changes whenever [`State::downloads`] does.
    pub downloads_changed: watch::Sender<()>,
    state: Mutex<State>,
    wake: Condvar,
}

pub(crate) struct State {
    pub queue: Queue<Job>,
    /// The model that answers jobs that name none. Where only one model is kept and another one was asked for by
    /// name, it is loaded anew for the next such job.
    pub current: Option<String>,
    /// The model that was last asked to become the current one. Loads end in any order; the last wish counts.
    pub chosen: Option<String>,
    pub loaded: Vec<Slot>,
    pub loading: Vec<Loading>,
    /// The last download of each model, since the start.
    pub downloads: BTreeMap<String, Download>,
    /// Why the last model that was tried isn't serving; empty again when one has been loaded.
    pub failure: Option<String>,
    pub draining: bool,
    /// No handle of the engine is left.
    pub closed: bool,
    /// Whether there is a thread that runs models.
    pub alive: bool,
    pub pace: Pace,
    /// Since when there is freed memory that may be given back to the system: the first and the last time.
    freed: Option<(Instant, Instant)>,
    clock: u64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            queue: Queue::default(),
            current: None,
            chosen: None,
            loaded: Vec::new(),
            loading: Vec::new(),
            downloads: BTreeMap::new(),
            failure: None,
            draining: false,
            closed: false,
            alive: true,
            pace: Pace::default(),
            freed: None,
            clock: 0,
        }
    }
}

/// A loaded model.
pub(crate) struct Slot {
    pub spec: ModelSpec,
    /// Absent while it runs.
    pub model: Option<Box<dyn Inpainter>>,
    used: u64,
    used_at: Instant,
}

/// A model on its way.
pub(crate) struct Loading {
    pub name: String,
    pub progress: Option<DownloadProgress>,
    pub then: Then,
    pub waiting: Vec<oneshot::Sender<Result<ModelInfo, SwitchError>>>,
}

/// What becomes of a model that has been loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It serves those who name it.
    Keep,
    /// It becomes the current one.
    Current,
    /// It becomes the current one unless somebody has chosen another one than this in the meantime.
    InsteadOf(String),
}

impl Shared {
    pub fn new(
        registry: Registry,
        store: ModelStore,
        loader: Arc<dyn ModelLoader>,
        options: &EngineOptions,
    ) -> Self {
        Self {
            registry,
            store,
            loader,
            download: options.download.clone(),
            max_models: options.max_models.max(1),
            places: Places::new(options.max_queue.max(1)),
            idle_unload: options.idle_unload,
            unload_current: options.unload_current,
            meter: Arc::clone(&options.meter),
            running: watch::Sender::new(false),
            draining: watch::Sender::new(false),
            cancel_download: Cancel::default(),
            local_files_only: options.local_files_only,
            downloads_changed: watch::Sender::new(()),
            state: Mutex::default(),
            wake: Condvar::new(),
        }
    }

    /// No panic happens while this is held, and if one did, every field still holds a whole value.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the lock back until something may have changed, or until that time.
    pub fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Option<Instant>) -> MutexGuard<'a, State> {
        match until {
            Some(until) => {
                let time = until.saturating_duration_since(Instant::now());
                let waited = self.wake.wait_timeout(state, time);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Something changed that the worker may have waited for.
    pub fn notify(&self) {
        self.wake.notify_all();
    }

    /// Takes the outcome of a load: the model serves from now on, or those who waited for it are told why not.
    pub fn finish_loading(&self, name: &str, result: Result<Box<dyn Inpainter>, LoadError>) {
        let mut state = self.lock();
        let Some(place) = state.loading.iter().position(|loading| loading.name == name) else {
            return;
        };
        let Loading { then, waiting, .. } = state.loading.swap_remove(place);
        let (mut failed, mut unloaded) = (Vec::new(), Vec::new());
        let answer = match (result, self.registry.get(name)) {
            (Ok(model), Some(spec)) => {
                tracing::info!(model = name, "the model is loaded");
                unloaded = state.insert(spec.clone(), model, &then, self.max_models);
                Ok(ModelInfo::from(spec))
            }
            (Ok(_), None) => Err(SwitchError::Unavailable(Unavailable::Unknown(name.to_owned()))),
            (Err(error), _) => {
                let sentence = format!("the model `{name}` could not be loaded: {error}");
                if let (Then::InsteadOf(_), LoadError::Download(error)) = (&then, &error) {
                    // Not an error: the built-in model serves, and machines without a network are ordinary.
                    tracing::warn!(cause = error.cause(), "{}", self.download_advice(name));
                } else {
                    tracing::error!(model = name, "{sentence}");
                }
                self.meter.model_failed(name);
                failed = state.fail(name, &sentence);
                Err(SwitchError::Load(sentence))
            }
        };
        drop(state);
        self.notify();
        for waiting in waiting {
            // One who no longer waits needs no answer.
            let _ = waiting.send(answer.clone());
        }
        for (job, error) in failed {
            job.answer(Err(error));
        }
        self.unload(unloaded);
    }

    /// Log message after a failed background download of the default model `name`: the model that serves
    /// instead, and the path to copy the file to.
    fn download_advice(&self, name: &str) -> String {
        let advice = self
            .registry
            .get(name)
            .and_then(|spec| spec.files.first())
            .map(|file| {
                let path = self.store.download_path(file);
                format!(
                    "; to use `{name}`, copy {} to {} and restart",
                    file.name,
                    path.display()
                )
            });
        format!(
            "`{name}` could not be downloaded, the built-in model serves{}",
            advice.unwrap_or_default()
        )
    }

    /// There is no thread for models any more: nothing can run from now on, and all who wait are told so.
    pub fn end(&self, reason: &str) {
        tracing::error!("{reason}");
        let jobs = {
            let mut state = self.lock();
            state.alive = false;
            state.failure = Some(reason.to_owned());
            state.queue.extract(|_| true)
        };
        for job in jobs {
            job.answer(Err(JobError::NoModel(reason.to_owned())));
        }
    }

    /// Frees models, which takes a while: the lock is not held, and nobody waits for it.
    pub fn unload(&self, slots: Vec<Slot>) {
        if slots.is_empty() {
            return;
        }
        for slot in slots {
            self.meter.model_unloaded(&slot.spec.name);
            drop(slot);
        }
        self.lock().memory_freed();
        self.notify();
    }
}

impl State {
    /// The name of the model that a job asks for, if there is one.
    pub fn target<'a>(&'a self, job: &'a Job) -> Option<&'a str> {
        job.model.as_deref().or(self.current.as_deref())
    }

    /// Whether the model that a job asks for is here and not running.
    pub fn can_run(&self, job: &Job) -> bool {
        self.target(job).is_some_and(|name| self.is_loaded(name))
    }

    pub fn is_loaded(&self, name: &str) -> bool {
        self.loaded.iter().any(|slot| slot.spec.name == name)
    }

    pub fn is_loading(&self, name: &str) -> bool {
        self.loading.iter().any(|loading| loading.name == name)
    }

    pub fn is_downloading(&self, name: &str) -> bool {
        matches!(self.downloads.get(name), Some(Download::Running(_)))
    }

    /// Something large has been freed.
    pub fn memory_freed(&mut self) {
        let now = Instant::now();
        self.freed = Some(self.freed.map_or((now, now), |(first, _)| (first, now)));
    }

    /// When freed memory is to be given back to the system: when nothing more was freed for `idle`, and at the latest
    /// after `busy`.
    pub fn release_at(&self, idle: Duration, busy: Duration) -> Option<Instant> {
        self.freed.map(|(first, last)| (last + idle).min(first + busy))
    }

    /// Freed memory is given back to the system.
    pub fn memory_released(&mut self) {
        self.freed = None;
    }

    /// Whether a job that names no model can't hope for one.
    pub fn is_hopeless(&self) -> bool {
        self.current.is_none() && self.loading.is_empty()
    }

    /// Takes out the models that nobody has used for `idle`, and tells when the next one is to go.
    pub fn take_idle(
        &mut self,
        now: Instant,
        idle: Option<Duration>,
        unload_current: bool,
    ) -> (Vec<Slot>, Option<Instant>) {
        let (mut gone, mut next) = (Vec::new(), None);
        let Some(idle) = idle else {
            return (gone, next);
        };
        for slot in std::mem::take(&mut self.loaded) {
            let name = &slot.spec.name;
            let stays = slot.model.is_none() || (!unload_current && self.current.as_ref() == Some(name));
            let end = slot.used_at.checked_add(idle);
            if stays || end.is_none_or(|end| now < end) {
                if let Some(end) = end.filter(|_| !stays) {
                    next = Some(next.map_or(end, |next: Instant| next.min(end)));
                }
                self.loaded.push(slot);
            } else {
                tracing::info!(model = %name, "unloading a model that nobody has asked for in a while");
                gone.push(slot);
            }
        }
        (gone, next)
    }

    /// Whether a model is on its way that is to become the current one.
    fn awaits_current(&self) -> bool {
        self.loading.iter().any(|loading| loading.then == Then::Current)
    }

    /// Marks a model as just used.
    pub fn touch(&mut self, name: &str) -> Option<&mut Slot> {
        self.clock += 1;
        let clock = self.clock;
        let slot = self.loaded.iter_mut().find(|slot| slot.spec.name == name)?;
        slot.used = clock;
        slot.used_at = Instant::now();
        Some(slot)
    }

    /// Tells the jobs that wait and are watched how many come before them.
    pub fn tell_places(&self) {
        if !self.queue.iter().any(Job::is_watched) {
            return;
        }
        let running = self.pace.left(Instant::now());
        let before = usize::from(self.pace.is_running());
        for (place, job) in self.queue.in_turn().enumerate() {
            let until_done = |mean: f64| running + mean * (place + 1) as f64;
            job.tell(JobProgress::Queued {
                position: before + place,
                eta: self
                    .pace
                    .mean()
                    .and_then(|mean| Duration::try_from_secs_f64(until_done(mean)).ok()),
            });
        }
    }

    /// Takes a model in, and out those for which there is no room any more.
    fn insert(
        &mut self,
        spec: ModelSpec,
        model: Box<dyn Inpainter>,
        then: &Then,
        max_models: usize,
    ) -> Vec<Slot> {
        let name = spec.name.clone();
        self.loaded.push(Slot {
            spec,
            model: Some(model),
            used: 0,
            used_at: Instant::now(),
        });
        self.touch(&name);
        let becomes_current = match then {
            Then::Keep => self.current.is_none() && !self.awaits_current(),
            Then::Current => self.current.is_none() || self.chosen.as_ref() == Some(&name),
            Then::InsteadOf(other) => self.current.as_ref().is_none_or(|current| current == other),
        };
        if becomes_current {
            self.current = Some(name.clone());
        }
        self.failure = None;
        let mut unloaded = Vec::new();
        while self.loaded.len() > max_models {
            let oldest = self
                .loaded
                .iter()
                .enumerate()
                .filter(|(_, slot)| {
                    slot.spec.name != name
                        && (max_models == 1 || Some(&slot.spec.name) != self.current.as_ref())
                })
                .min_by_key(|(_, slot)| slot.used)
                .map(|(place, _)| place);
            let Some(oldest) = oldest else { break };
            // One that runs is dropped by the worker, which finds no slot to put it back into.
            let slot = self.loaded.swap_remove(oldest);
            tracing::info!(model = %slot.spec.name, "unloading a model to make room");
            unloaded.push(slot);
        }
        unloaded
    }

    /// Takes out the jobs that can't be served any more, now that `name` could not be loaded.
    fn fail(&mut self, name: &str, sentence: &str) -> Vec<(Job, JobError)> {
        self.failure = Some(sentence.to_owned());
        if self.current.is_none() && !self.awaits_current() {
            let newest = self.loaded.iter().max_by_key(|slot| slot.used);
            self.current = newest.map(|slot| slot.spec.name.clone());
        }
        let hopeless = match &self.current {
            Some(current) => current == name && !self.is_loaded(name),
            None => self.loading.is_empty(),
        };
        let failed = self.queue.extract(|job| match &job.model {
            Some(model) => model == name,
            None => hopeless,
        });
        self.tell_places();
        failed
            .into_iter()
            .map(|job| (job, JobError::NoModel(sentence.to_owned())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Inpainter for Nothing {
        fn padding(&self) -> iopaint_inpaint::Padding {
            crate::registry::ModelContract::Lama.padding()
        }

        fn forward(
            &mut self,
            image: &iopaint_imaging::RgbImage,
            _: &iopaint_imaging::GrayImage,
            _: &iopaint_inpaint::Context<'_>,
        ) -> Result<iopaint_imaging::RgbImage, iopaint_inpaint::ForwardError> {
            Ok(image.clone())
        }
    }

    /// A state in which these models are on their way, the last one being the last wish.
    fn loading(models: &[(&str, Then)]) -> State {
        let mut state = State::default();
        for (name, then) in models {
            if *then == Then::Current {
                state.chosen = Some((*name).to_owned());
            }
            state.loading.push(Loading {
                name: (*name).to_owned(),
                progress: None,
                then: then.clone(),
                waiting: Vec::new(),
            });
        }
        state
    }

    fn arrive(state: &mut State, name: &str) {
        let place = state.loading.iter().position(|loading| loading.name == name);
        let Loading { then, .. } = state.loading.swap_remove(place.unwrap());
        let spec = Registry::known().unwrap().get(name).unwrap().clone();
        state.insert(spec, Box::new(Nothing), &then, 2);
    }

    #[test]
    fn the_last_wish_counts_whatever_is_loaded_last() {
        for order in [["lama", "cv2"], ["cv2", "lama"]] {
            let mut state = loading(&[("lama", Then::Current), ("cv2", Then::Current)]);
            for name in order {
                arrive(&mut state, name);
            }
            assert_eq!(state.current.as_deref(), Some("cv2"), "{order:?}");
        }
    }

    #[test]
    fn a_model_for_one_picture_does_not_take_the_place_of_the_one_on_its_way() {
        let mut state = loading(&[("lama", Then::Current), ("cv2", Then::Keep)]);
        arrive(&mut state, "cv2");
        assert_eq!(state.current, None);
        arrive(&mut state, "lama");
        assert_eq!(state.current.as_deref(), Some("lama"));
    }

    #[test]
    fn a_loaded_model_steps_in_where_the_one_on_its_way_fails() {
        let mut state = loading(&[("lama", Then::Current), ("cv2", Then::Keep)]);
        arrive(&mut state, "cv2");
        state.loading.clear();
        state.fail("lama", "its file is damaged");
        assert_eq!(state.current.as_deref(), Some("cv2"));
    }
}

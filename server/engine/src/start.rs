//! What the operator chooses, and which model serves first.

use std::sync::Arc;
use std::time::Duration;

use crate::download::DownloadOptions;
use crate::loader::LoadError;
use crate::loading::{begin_downloading, begin_loading, begin_loading_or, fetch};
use crate::meter::{EngineMetrics, NoMetrics};
use crate::registry::Registry;
use crate::state::{Shared, Then};

/// The model that serves where nobody names one and its file can be had.
const DEFAULT_MODEL: &str = "lama";

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
    /// After which time a model that nobody asked for is unloaded; `None`: never.
    pub idle_unload: Option<Duration>,
    /// Whether the current model is unloaded so too; it is loaded anew for the next job.
    pub unload_current: bool,
    /// Is told what happens.
    pub meter: Arc<dyn EngineMetrics>,
}

impl Default for EngineOptions {
    /// The default-model rule, 32 jobs, 2 models that stay, downloads allowed, nothing measured.
    fn default() -> Self {
        Self {
            model: None,
            default_model: DefaultModel::default(),
            max_queue: 32,
            max_models: 2,
            local_files_only: false,
            download: DownloadOptions::default(),
            idle_unload: None,
            unload_current: false,
            meter: Arc::new(NoMetrics),
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

/// Begins to load the model that was named. Where it is absent it is downloaded first, which blocks.
pub(crate) fn start_named(
    shared: &Arc<Shared>,
    name: &str,
    local_files_only: bool,
) -> Result<(), StartError> {
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

/// Begins to load [`DEFAULT_MODEL`] if its file is on disk, or the built-in model if that file is of no use; else the
/// built-in model, which serves while the default one is downloaded and is replaced then.
pub(crate) fn start_default(shared: &Arc<Shared>, options: &EngineOptions) {
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
    let Some(builtin) = builtin.map(|spec| spec.name.clone()) else {
        if present {
            begin_loading(shared, &mut state, DEFAULT_MODEL, Then::Current);
        }
        return;
    };
    if present {
        begin_loading_or(shared, &mut state, DEFAULT_MODEL, builtin);
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

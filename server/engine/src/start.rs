//! Choice of the first model.

use std::sync::Arc;

use crate::loader::ModelLoadError;
use crate::loading::{begin_download_and_load, begin_load, begin_load_with_fallback, fetch};
use crate::options::{DefaultModel, EngineOptions};
use crate::registry::{ModelTask, Registry};
use crate::shared::Shared;
use crate::state::AfterLoad;

/// The first model if none is named and its file is available.
const DEFAULT_MODEL: &str = "lama";

/// Error of [`crate::Engine::start`].
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The named model is not in the registry.
    #[error(
        "there is no model called `{name}`; the models are {known}, and those described by a .toml file in the model \
         folder"
    )]
    UnknownModel {
        /// The requested name.
        name: String,
        /// The names of all models, in backticks, separated by commas.
        known: String,
    },
    /// The files of the named model are missing and downloads are not allowed.
    #[error("the model `{0}` is not on this machine, and downloads are disabled")]
    Absent(String),
    /// The files of the named model could not be downloaded.
    #[error(transparent)]
    Download(ModelLoadError),
    /// There is no device to load models on.
    #[error("no device was selected for the models")]
    NoDevice,
    /// The operating system refused to create the thread.
    #[error("the model thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl StartError {
    /// Returns [`StartError::UnknownModel`] for `name` with the names of the registry.
    #[must_use]
    pub fn unknown_model(name: &str, registry: &Registry) -> Self {
        let known: Vec<String> = registry
            .of_task(ModelTask::Inpaint)
            .map(|spec| format!("`{}`", spec.name))
            .collect();
        Self::UnknownModel {
            name: name.to_owned(),
            known: known.join(", "),
        }
    }
}

/// Begins to load the model `name`. Missing files are downloaded before, which blocks.
pub(crate) fn start_named(
    shared: &Arc<Shared>,
    name: &str,
    local_files_only: bool,
) -> Result<(), StartError> {
    let spec = shared
        .registry
        .get_inpainter(name)
        .ok_or_else(|| StartError::unknown_model(name, &shared.registry))?;
    if shared.store.locate(spec).is_none() {
        if local_files_only {
            return Err(StartError::Absent(name.to_owned()));
        }
        fetch(shared, spec).map_err(StartError::Download)?;
    }
    begin_load(shared, &mut shared.lock(), name, AfterLoad::MakeCurrent);
    Ok(())
}

/// Begins to load [`DEFAULT_MODEL`] if its file is on disk, with the built-in model as a fallback. Otherwise
/// begins to load the built-in model, and downloads the default model according to `options`.
pub(crate) fn start_default(shared: &Arc<Shared>, options: &EngineOptions) {
    let default = shared.registry.get(DEFAULT_MODEL);
    let builtin = shared
        .registry
        .of_task(ModelTask::Inpaint)
        .find(|spec| spec.is_builtin() && !spec.files.is_empty());
    let mut present = default.is_some_and(|spec| shared.store.locate(spec).is_some());
    let mut download = !options.local_files_only;
    if let Some(spec) =
        default.filter(|_| !present && download && options.default_model == DefaultModel::DownloadFirst)
    {
        download = false;
        match fetch(shared, spec) {
            Ok(_) => present = true,
            Err(error) => tracing::warn!(
                model = DEFAULT_MODEL, %error,
                "Could not download the default model; using the built-in model, with lower quality"
            ),
        }
    }
    let mut state = shared.lock();
    let Some(builtin) = builtin.map(|spec| spec.name.clone()) else {
        if present {
            begin_load(shared, &mut state, DEFAULT_MODEL, AfterLoad::MakeCurrent);
        }
        return;
    };
    if present {
        begin_load_with_fallback(shared, &mut state, DEFAULT_MODEL, builtin);
        return;
    }
    begin_load(shared, &mut state, &builtin, AfterLoad::MakeCurrent);
    if options.local_files_only {
        tracing::warn!(
            model = DEFAULT_MODEL,
            builtin,
            "The default model is not on this machine and downloads are disabled; using the built-in model, with lower \
             quality"
        );
    } else if download && default.is_some() {
        tracing::info!(
            model = DEFAULT_MODEL,
            builtin,
            "Downloading the default model; the built-in model serves meanwhile"
        );
        let after_load = AfterLoad::ReplaceCurrent(builtin);
        begin_download_and_load(shared, &mut state, DEFAULT_MODEL, after_load);
    }
}

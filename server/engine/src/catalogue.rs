//! All models by name: those that are here, those that could be, and their downloads.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::download::DownloadProgress;
use crate::engine::Engine;
use crate::job::Unavailable;
use crate::loading::begin_fetching;
use crate::registry::{FileSpec, ModelSpec, Origin};

/// A model that the server knows, be it here or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// How to ask for it.
    pub name: String,
    /// How people read it.
    pub title: String,
    /// Whether it is here.
    pub presence: Presence,
    /// Its files' length in bytes: on disk, or about what is expected where they aren't there; `None` where nobody
    /// knows.
    pub bytes: Option<u64>,
    /// The licence of its weights as an SPDX expression, where it is known.
    pub licence: Option<String>,
    /// Whether it can be downloaded.
    pub downloadable: bool,
}

/// Whether a model is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Part of the program.
    Builtin,
    /// Its files are on disk.
    Ready,
    /// It isn't here.
    Absent,
    /// Its files are on their way; how far the one is that is being downloaded.
    Downloading(DownloadProgress),
}

/// How the last download of a model stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Download {
    /// It goes on.
    Running(DownloadProgress),
    /// The file is here.
    Finished,
    /// It failed; the sentence says why.
    Failed(String),
}

/// Why a model is not downloaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DownloadRefusal {
    /// There is no model of this name.
    #[error(transparent)]
    Unknown(#[from] Unavailable),
    /// The operator forbids downloads.
    #[error("this server was started with --local-files-only and downloads nothing")]
    LocalFilesOnly,
    /// Nobody knows an address of its file.
    #[error("the model `{0}` has no address to download it from; put its file into the model folder")]
    NoAddress(String),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// The system has no room for another thread.
    #[error("the download could not be started: {0}")]
    Thread(String),
}

impl Engine {
    /// All models of the registry. Looks for their files, which blocks.
    #[must_use]
    pub fn catalogue(&self) -> Vec<CatalogueEntry> {
        let downloads = self.downloads();
        let shared = self.shared();
        shared
            .registry
            .iter()
            .map(|spec| {
                let on_disk = shared.store.bytes_on_disk(spec);
                let presence = match downloads.get(&spec.name) {
                    _ if spec.is_builtin() => Presence::Builtin,
                    Some(Download::Running(progress)) => Presence::Downloading(*progress),
                    _ if on_disk.is_some() => Presence::Ready,
                    _ => Presence::Absent,
                };
                CatalogueEntry {
                    name: spec.name.clone(),
                    title: spec.title.clone(),
                    presence,
                    bytes: on_disk.or_else(|| expected_bytes(spec)),
                    licence: spec.licence.clone(),
                    downloadable: !shared.local_files_only && is_downloadable(spec),
                }
            })
            .collect()
    }

    /// Begins to download the files of the model `name`, unless they are here or on their way. Looks for them, which
    /// blocks.
    ///
    /// # Errors
    /// [`DownloadRefusal`].
    pub fn download(&self, name: &str) -> Result<(), DownloadRefusal> {
        let shared = self.shared();
        let spec = shared
            .registry
            .get(name)
            .ok_or_else(|| Unavailable::Unknown(name.to_owned()))?;
        if shared.store.locate(spec).is_some() {
            return Ok(());
        }
        if shared.local_files_only {
            return Err(DownloadRefusal::LocalFilesOnly);
        }
        if !is_downloadable(spec) {
            return Err(DownloadRefusal::NoAddress(name.to_owned()));
        }
        let mut state = shared.lock();
        if state.draining {
            return Err(DownloadRefusal::Draining);
        }
        if state.is_downloading(name) {
            return Ok(());
        }
        begin_fetching(shared, &mut state, name).map_err(|error| DownloadRefusal::Thread(error.to_string()))
    }

    /// The downloads since the start, the last one of each model.
    #[must_use]
    pub fn downloads(&self) -> BTreeMap<String, Download> {
        self.shared().lock().downloads.clone()
    }

    /// Changes whenever [`Engine::downloads`] does.
    #[must_use]
    pub fn downloads_changed(&self) -> watch::Receiver<()> {
        self.shared().downloads_changed.subscribe()
    }
}

fn is_downloadable(spec: &ModelSpec) -> bool {
    let has_url = |file: &FileSpec| matches!(file.origin, Origin::Url(_));
    !spec.files.is_empty() && spec.files.iter().all(has_url)
}

fn expected_bytes(spec: &ModelSpec) -> Option<u64> {
    spec.files
        .iter()
        .map(|file| file.size.or(file.approximate_size))
        .sum()
}

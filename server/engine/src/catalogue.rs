//! All models of the registry with their availability, and downloads on request.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::download::DownloadProgress;
use crate::download_states::DownloadStatus;
use crate::engine::Engine;
use crate::job::Unavailable;
use crate::loading::begin_download;
use crate::model_store::ModelStore;
use crate::registry::{FileSpec, ModelSpec, ModelTask, Origin};

/// A model of the registry, available or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// Name in requests.
    pub name: String,
    /// Display name.
    pub title: String,
    /// The task that the model performs.
    pub task: ModelTask,
    /// Availability on this machine.
    pub presence: Presence,
    /// Total size of its files in bytes: measured on disk, otherwise the expected or approximate size; `None`
    /// if unknown.
    pub bytes: Option<u64>,
    /// Licence of its weights as an SPDX expression; `None` if unknown.
    pub licence: Option<String>,
    /// True if [`Engine::download`] can download it.
    pub downloadable: bool,
}

/// Availability of a model on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Compiled into the program.
    Builtin,
    /// Its files are on disk.
    Ready,
    /// A file is missing.
    Absent,
    /// Its files are being downloaded; the progress is that of the current file.
    Downloading(DownloadProgress),
}

/// Reason for which a download is not started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DownloadRefusal {
    /// No model has this name.
    #[error(transparent)]
    Unknown(#[from] Unavailable),
    /// Downloads are disabled.
    #[error("downloads are disabled on this server")]
    Disabled,
    /// The model has no download URL.
    #[error("the model `{0}` has no download URL; copy its file into the model folder")]
    NoAddress(String),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
    /// The operating system refused to create the thread.
    #[error("the download could not be started: {0}")]
    Thread(String),
}

impl CatalogueEntry {
    /// Describes a model as it is on disk, with downloads allowed. Blocks, as it reads the file system.
    #[must_use]
    pub fn new(spec: &ModelSpec, store: &ModelStore) -> Self {
        let on_disk = store.bytes_on_disk(spec);
        let presence = match on_disk {
            _ if spec.is_builtin() => Presence::Builtin,
            Some(_) => Presence::Ready,
            None => Presence::Absent,
        };
        Self {
            name: spec.name.clone(),
            title: spec.title.clone(),
            task: spec.task(),
            presence,
            bytes: on_disk.or_else(|| expected_bytes(spec)),
            licence: spec.licence.clone(),
            downloadable: is_downloadable(spec),
        }
    }
}

impl Engine {
    /// Returns all models of the registry. Blocks, as it reads the file system.
    #[must_use]
    pub fn catalogue(&self) -> Vec<CatalogueEntry> {
        let downloads = self.downloads();
        let shared = self.shared();
        shared
            .registry
            .iter()
            .map(|spec| {
                let mut entry = CatalogueEntry::new(spec, &shared.store);
                entry.downloadable &= !shared.local_files_only;
                if let (Presence::Ready | Presence::Absent, Some(DownloadStatus::Running(progress))) =
                    (&entry.presence, downloads.get(&spec.name))
                {
                    entry.presence = Presence::Downloading(*progress);
                }
                entry
            })
            .collect()
    }

    /// Begins to download the missing files of the model `name`, unless a download is running already.
    /// Blocks, as it reads the file system.
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
            return Err(DownloadRefusal::Disabled);
        }
        if !is_downloadable(spec) {
            return Err(DownloadRefusal::NoAddress(name.to_owned()));
        }
        let mut state = shared.lock();
        if state.draining {
            return Err(DownloadRefusal::Draining);
        }
        if state.downloads.is_running(name) {
            return Ok(());
        }
        begin_download(shared, &mut state, name).map_err(|error| DownloadRefusal::Thread(error.to_string()))
    }

    /// Returns the last download of each model since the start.
    #[must_use]
    pub fn downloads(&self) -> BTreeMap<String, DownloadStatus> {
        self.shared().lock().downloads.snapshot()
    }

    /// Returns a receiver that changes whenever [`Engine::downloads`] does.
    #[must_use]
    pub fn downloads_changed(&self) -> watch::Receiver<()> {
        self.shared().lock().downloads.subscribe()
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

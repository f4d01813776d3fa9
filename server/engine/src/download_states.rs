//! Progress and outcome of each model's last download, with change notification.

use std::collections::BTreeMap;

use tokio::sync::watch;

use crate::download::DownloadProgress;

/// State of a model's last download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DownloadStatus {
    /// The download is running.
    Running(DownloadProgress),
    /// All files were downloaded.
    Finished,
    /// The download failed; the message contains the cause.
    Failed(String),
}

/// The last download of each model since the start, by model name.
#[derive(Debug)]
pub(crate) struct DownloadStates {
    by_model: BTreeMap<String, DownloadStatus>,
    changed: watch::Sender<()>,
}

impl Default for DownloadStates {
    fn default() -> Self {
        Self {
            by_model: BTreeMap::new(),
            changed: watch::Sender::new(()),
        }
    }
}

impl DownloadStates {
    /// Returns all states.
    pub fn snapshot(&self) -> BTreeMap<String, DownloadStatus> {
        self.by_model.clone()
    }

    /// Returns true while a download of `model` runs.
    pub fn is_running(&self, model: &str) -> bool {
        matches!(self.by_model.get(model), Some(DownloadStatus::Running(_)))
    }

    /// Sets a model's state and notifies the subscribers.
    pub fn set(&mut self, model: &str, status: DownloadStatus) {
        self.by_model.insert(model.to_owned(), status);
        self.changed.send_replace(());
    }

    /// Returns a receiver that changes with every [`DownloadStates::set`].
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}

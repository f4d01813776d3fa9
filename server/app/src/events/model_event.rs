//! The event `model`: progress of model downloads.

use std::time::Duration;

use iopaint_engine::{DownloadStatus, Engine};
use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};
use utoipa::ToSchema;

/// Interval between two events of a download.
const EVENT_INTERVAL: Duration = Duration::from_millis(250);

/// The Socket.IO event `model`, sent to every socket while a model is downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelEvent {
    /// The model's name.
    pub name: String,
    /// The state of its download.
    pub state: DownloadState,
    /// Bytes received so far, while `downloading`.
    #[schema(required)]
    pub bytes: Option<u64>,
    /// Total size in bytes, if known.
    #[schema(required)]
    pub total: Option<u64>,
    /// The error message of a failed download.
    #[schema(required)]
    pub error: Option<String>,
}

/// The state of a model's download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DownloadState {
    /// In progress.
    Downloading,
    /// Completed.
    Ready,
    /// Failed; a new attempt resumes it.
    Failed,
}

impl ModelEvent {
    fn new(name: String, download: DownloadStatus) -> Self {
        let (state, progress, error) = match download {
            DownloadStatus::Running(progress) => (DownloadState::Downloading, Some(progress), None),
            DownloadStatus::Finished => (DownloadState::Ready, None, None),
            DownloadStatus::Failed(reason) => (DownloadState::Failed, None, Some(reason)),
        };
        Self {
            name,
            state,
            bytes: progress.map(|progress| progress.bytes),
            total: progress.and_then(|progress| progress.total),
            error,
        }
    }
}

/// Sends the progress of model downloads to a socket, at most once per [`EVENT_INTERVAL`], until the socket
/// is closed. Omits downloads that ended before the call.
pub fn send_download_events(socket: SocketRef, engine: Engine) -> impl Future<Output = ()> {
    let mut changes = engine.downloads_changed();
    let mut sent = engine.downloads();
    sent.retain(|_, download| !matches!(download, DownloadStatus::Running(_)));
    changes.mark_changed();
    async move {
        // Fails only once the engine is gone, which owns the sender.
        while changes.changed().await.is_ok() {
            for (name, download) in engine.downloads() {
                if sent.get(&name) == Some(&download) {
                    continue;
                }
                match socket.emit("model", &ModelEvent::new(name.clone(), download.clone())) {
                    Ok(()) => {
                        sent.insert(name, download);
                    }
                    Err(SendError::Socket(SocketError::InternalChannelFull)) => changes.mark_changed(),
                    Err(_) => return,
                }
            }
            tokio::time::sleep(EVENT_INTERVAL).await;
        }
    }
}

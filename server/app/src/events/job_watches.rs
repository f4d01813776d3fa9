//! The calls `watch` and `unwatch`, and the event `job`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use iopaint_engine::Engine;
use parking_lot::Mutex;
use serde::Serialize;
use socketioxide::extract::SocketRef;
use socketioxide::{SendError, SocketError};
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::jobs::{JobSubscription, Jobs};

/// Largest number of jobs that one socket may watch at a time. The page's batch mode watches two.
const MAX_WATCHES: usize = 64;
/// Pause before an event is sent again to a socket whose buffer is full.
const FULL_BUFFER_PAUSE: Duration = Duration::from_millis(250);

/// Acknowledgement of `watch` and `unwatch`.
#[derive(Debug, Serialize)]
pub struct Ack {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl Ack {
    const OK: Self = Self {
        ok: true,
        error: None,
    };

    /// Returns a negative acknowledgement with an error code.
    pub const fn failed(error: &'static str) -> Self {
        Self {
            ok: false,
            error: Some(error),
        }
    }
}

/// The jobs that a socket watches. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct JobWatches(Arc<Mutex<WatchTasks>>);

#[derive(Debug, Default)]
struct WatchTasks {
    /// One task per watched job, by job id.
    tasks: HashMap<Uuid, AbortHandle>,
    /// Set when the socket is closed, so that a call still in progress starts no task.
    closed: bool,
}

impl JobWatches {
    /// Starts sending a job's events to `socket`. Succeeds without effect if the job is already watched.
    pub fn begin(&self, socket: SocketRef, engine: &Engine, jobs: &Jobs, id: Uuid) -> Ack {
        let mut watches = self.0.lock();
        if watches.closed {
            return Ack::failed("closed");
        }
        watches.tasks.retain(|_, task| !task.is_finished());
        if watches.tasks.contains_key(&id) {
            return Ack::OK;
        }
        if watches.tasks.len() >= MAX_WATCHES {
            return Ack::failed("too-many-watches");
        }
        let subscription = jobs.watch(id);
        watches.tasks.insert(
            id,
            tokio::spawn(send_job_events(socket, subscription)).abort_handle(),
        );
        drop(watches);
        // Queued jobs report progress to watched observers only, so a job that is already queued must report
        // again.
        engine.publish_queue_positions();
        Ack::OK
    }

    /// Stops sending a job's events.
    pub fn end(&self, id: Uuid) -> Ack {
        if let Some(task) = self.0.lock().tasks.remove(&id) {
            task.abort();
        }
        Ack::OK
    }

    /// Stops all tasks, and prevents new ones.
    pub fn close(&self) {
        let mut watches = self.0.lock();
        watches.closed = true;
        for (_, task) in watches.tasks.drain() {
            task.abort();
        }
    }
}

/// Sends a job's events to a socket until the job ends. If the socket is slow, intermediate events are
/// dropped; the latest one is always sent.
async fn send_job_events(socket: SocketRef, mut subscription: JobSubscription) {
    loop {
        if let Some(event) = subscription.latest() {
            match socket.emit("job", &event) {
                Ok(()) if event.state.is_final() => return,
                Ok(()) => {}
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    tokio::time::sleep(FULL_BUFFER_PAUSE).await;
                    continue;
                }
                Err(_) => return,
            }
        }
        subscription.changed().await;
    }
}

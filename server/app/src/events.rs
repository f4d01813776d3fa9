//! What happens, told over Socket.IO: IOPaint's events, those of jobs that a socket watches, and those of
//! models' downloads.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use iopaint_engine::{DownloadStatus, Engine};
use parking_lot::{Mutex, MutexGuard};
use serde::Serialize;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::layer::SocketIoLayer;
use socketioxide::{SendError, SocketError, SocketIo};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::{ApiError, ErrorCode};
use crate::jobs::{Jobs, Watching};
use crate::state::AppState;

/// Where Socket.IO's clients come.
pub const PATH: &str = "/socket.io";

/// Jobs that one socket may watch at a time: a batch's two in flight, and many more.
const MAX_WATCHES: usize = 64;
/// The longest message from a client in bytes; an id is 38.
const MAX_MESSAGE: usize = 16 << 10;
/// Events that wait for a slow client; more are dropped, but never the newest one of a job.
const MAX_WAITING: usize = 64;
/// The pause between two events of one download, and before the newest event is tried again where a client is slow.
const BETWEEN_EVENTS: Duration = Duration::from_millis(250);

/// The sockets, and how they are told. Clones share them.
#[derive(Clone)]
pub struct Events {
    io: SocketIo,
    layer: SocketIoLayer,
    places: Arc<Semaphore>,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

/// The Socket.IO event `model`, sent to every socket while a model is downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelEvent {
    /// The model's name.
    pub name: String,
    /// How its download stands.
    pub state: DownloadState,
    /// The bytes that have arrived, while it goes on.
    #[schema(required)]
    pub bytes: Option<u64>,
    /// The bytes in all, where that is known.
    #[schema(required)]
    pub total: Option<u64>,
    /// Why it failed, in a sentence.
    #[schema(required)]
    pub error: Option<String>,
}

/// How a model's download stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DownloadState {
    /// It goes on.
    Downloading,
    /// The model is here.
    Ready,
    /// It failed; another try goes on from what has arrived.
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

/// Answers `watch` and `unwatch`.
#[derive(Debug, Serialize)]
struct Ack {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl Events {
    /// No sockets yet; `max_sockets` at a time.
    #[must_use]
    pub fn new(engine: &Engine, jobs: &Jobs, max_sockets: usize) -> Self {
        let (layer, io) = SocketIo::builder()
            .max_payload(MAX_MESSAGE as u64)
            .ws_max_message_size(MAX_MESSAGE)
            .ws_max_frame_size(MAX_MESSAGE)
            .max_buffer_size(MAX_WAITING)
            .build_layer();
        let (engine, jobs) = (engine.clone(), jobs.clone());
        io.ns("/", move |socket: SocketRef| {
            connect(&socket, &engine, &jobs);
            std::future::ready(())
        });
        Self {
            io,
            layer,
            places: Arc::new(Semaphore::new(max_sockets.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Answers what comes to [`PATH`].
    #[must_use]
    pub fn layer(&self) -> SocketIoLayer {
        self.layer.clone()
    }

    /// Tells everybody that a picture is filled, as IOPaint does.
    pub async fn inpainted(&self) {
        // After [`Events::close`] there is nobody to tell, and asking for all sockets would panic.
        let Some(everybody) = self.io.of("/") else {
            return;
        };
        // A client that is too slow to be told misses one; they carry nothing.
        let _ = everybody.emit("diffusion_finish", &[(); 0]).await;
    }

    /// Sends all sockets away.
    pub async fn close(&self) {
        self.io.close().await;
    }
}

/// Holds the number of sockets down: a new one needs a place, and keeps it until it is gone.
pub async fn limit_sockets(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    if is_handshake(&request) {
        let Ok(place) = Arc::clone(&state.events.places).try_acquire_owned() else {
            return ApiError::new(
                ErrorCode::TooManySockets,
                "too many pages and programs listen to this server's events; close one, or ask without events",
            )
            .into_response();
        };
        // The socket holds its first request's parts, and with them this, as long as it lives.
        request
            .extensions_mut()
            .insert(Arc::<OwnedSemaphorePermit>::new(place));
    }
    next.run(request).await
}

/// Whether a request is one of Socket.IO's.
pub fn is_socket_io(path: &str) -> bool {
    path.strip_prefix(PATH)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a request asks for a new socket: all others name theirs.
pub fn is_handshake(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    is_socket_io(request.uri().path()) && !query.split('&').any(|pair| pair.starts_with("sid="))
}

/// What a socket watches, each in a task of its own.
#[derive(Clone, Debug, Default)]
struct Watches(Arc<Mutex<WatchTasks>>);

#[derive(Debug, Default)]
struct WatchTasks {
    tasks: HashMap<Uuid, AbortHandle>,
    /// The socket is gone; a call that it made before must not begin anything.
    closed: bool,
}

impl Watches {
    fn lock(&self) -> MutexGuard<'_, WatchTasks> {
        self.0.lock()
    }

    fn begin(&self, socket: SocketRef, engine: &Engine, jobs: &Jobs, id: Uuid) -> Ack {
        let mut watches = self.lock();
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
        let watching = jobs.watch(id);
        watches
            .tasks
            .insert(id, tokio::spawn(follow(socket, watching)).abort_handle());
        drop(watches);
        // A job that waits already has been told nothing yet.
        engine.publish_queue_positions();
        Ack::OK
    }

    fn end(&self, id: Uuid) -> Ack {
        if let Some(task) = self.lock().tasks.remove(&id) {
            task.abort();
        }
        Ack::OK
    }

    fn close(&self) {
        let mut watches = self.lock();
        watches.closed = true;
        for (_, task) in watches.tasks.drain() {
            task.abort();
        }
    }
}

impl Ack {
    const OK: Self = Self {
        ok: true,
        error: None,
    };

    const fn failed(error: &'static str) -> Self {
        Self {
            ok: false,
            error: Some(error),
        }
    }
}

fn connect(socket: &SocketRef, engine: &Engine, jobs: &Jobs) {
    let watches = Watches::default();
    let (own, own_engine, jobs) = (watches.clone(), engine.clone(), jobs.clone());
    socket.on(
        "watch",
        async move |socket: SocketRef, TryData::<Uuid>(id), ack: AckSender| {
            let answer = match id {
                Ok(id) => own.begin(socket, &own_engine, &jobs, id),
                Err(_) => Ack::failed("invalid-job-id"),
            };
            // Who asked for no answer, or is gone, misses none.
            let _ = ack.send(&answer);
        },
    );
    let own = watches.clone();
    socket.on("unwatch", async move |TryData::<Uuid>(id), ack: AckSender| {
        let answer = match id {
            Ok(id) => own.end(id),
            Err(_) => Ack::failed("invalid-job-id"),
        };
        let _ = ack.send(&answer);
    });
    let models = tokio::spawn(follow_downloads(socket.clone(), engine.clone())).abort_handle();
    socket.on_disconnect(async move || {
        watches.close();
        models.abort();
    });
}

/// Tells a socket how far models' downloads are, a few times a second, as long as it is there. What ended before it
/// came is left out.
fn follow_downloads(socket: SocketRef, engine: Engine) -> impl Future<Output = ()> {
    let mut changes = engine.downloads_changed();
    let mut told = engine.downloads();
    told.retain(|_, download| !matches!(download, DownloadStatus::Running(_)));
    changes.mark_changed();
    async move {
        // The sender lives as long as the engine.
        while changes.changed().await.is_ok() {
            for (name, download) in engine.downloads() {
                if told.get(&name) == Some(&download) {
                    continue;
                }
                match socket.emit("model", &ModelEvent::new(name.clone(), download.clone())) {
                    Ok(()) => {
                        told.insert(name, download);
                    }
                    Err(SendError::Socket(SocketError::InternalChannelFull)) => changes.mark_changed(),
                    Err(_) => return,
                }
            }
            tokio::time::sleep(BETWEEN_EVENTS).await;
        }
    }
}

/// Tells a socket how far a job is, until the job is over. What comes faster than the socket takes it is left out, but
/// the newest event always arrives.
async fn follow(socket: SocketRef, mut watching: Watching) {
    loop {
        if let Some(event) = watching.newest() {
            match socket.emit("job", &event) {
                Ok(()) if event.state.is_final() => return,
                Ok(()) => {}
                Err(SendError::Socket(SocketError::InternalChannelFull)) => {
                    tokio::time::sleep(BETWEEN_EVENTS).await;
                    continue;
                }
                Err(_) => return,
            }
        }
        watching.changed().await;
    }
}

//! Events over Socket.IO: those of IOPaint, of watched jobs and of model downloads.

mod job_watches;
mod model_event;
mod socket_path;

use std::fmt;

use iopaint_engine::Engine;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::layer::SocketIoLayer;
use uuid::Uuid;

use self::job_watches::{Ack, JobWatches};
pub use self::model_event::ModelEvent;
use self::model_event::send_download_events;
pub use self::socket_path::{is_handshake, is_socket_io};
use crate::jobs::Jobs;

/// Longest message from a client in bytes. A job id is 38.
const MAX_MESSAGE_BYTES: usize = 16 << 10;
/// Events buffered per socket. If the buffer is full, events are dropped, except the latest one of a job or
/// download.
const EVENT_BUFFER: usize = 64;

/// The Socket.IO server. Clones share its sockets.
#[derive(Clone)]
pub struct Events {
    io: SocketIo,
    layer: SocketIoLayer,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

impl Events {
    /// Returns a server without sockets.
    #[must_use]
    pub fn new(engine: &Engine, jobs: &Jobs) -> Self {
        let (layer, io) = SocketIo::builder()
            .max_payload(MAX_MESSAGE_BYTES as u64)
            .ws_max_message_size(MAX_MESSAGE_BYTES)
            .ws_max_frame_size(MAX_MESSAGE_BYTES)
            .max_buffer_size(EVENT_BUFFER)
            .build_layer();
        let (engine, jobs) = (engine.clone(), jobs.clone());
        io.ns("/", move |socket: SocketRef| {
            connect(&socket, &engine, &jobs);
            std::future::ready(())
        });
        Self { io, layer }
    }

    /// Returns the layer that handles Socket.IO's path.
    #[must_use]
    pub fn layer(&self) -> SocketIoLayer {
        self.layer.clone()
    }

    /// Sends IOPaint's event `diffusion_finish` to all sockets.
    pub async fn send_diffusion_finish(&self) {
        // None after `close`, where access to the sockets would panic.
        let Some(sockets) = self.io.of("/") else {
            return;
        };
        // A full buffer drops the event, which carries no data.
        let _ = sockets.emit("diffusion_finish", &[(); 0]).await;
    }

    /// Closes all sockets.
    pub async fn close(&self) {
        self.io.close().await;
    }
}

/// Registers the handlers of a new socket.
fn connect(socket: &SocketRef, engine: &Engine, jobs: &Jobs) {
    let watches = JobWatches::default();
    let (socket_watches, watch_engine, jobs) = (watches.clone(), engine.clone(), jobs.clone());
    socket.on(
        "watch",
        async move |socket: SocketRef, TryData::<Uuid>(id), ack: AckSender| {
            let response = match id {
                Ok(id) => socket_watches.begin(socket, &watch_engine, &jobs, id),
                Err(_) => Ack::failed("invalid-job-id"),
            };
            // Fails if the client requested no acknowledgement or is disconnected.
            let _ = ack.send(&response);
        },
    );
    let socket_watches = watches.clone();
    socket.on("unwatch", async move |TryData::<Uuid>(id), ack: AckSender| {
        let response = match id {
            Ok(id) => socket_watches.end(id),
            Err(_) => Ack::failed("invalid-job-id"),
        };
        let _ = ack.send(&response);
    });
    let downloads = tokio::spawn(send_download_events(socket.clone(), engine.clone())).abort_handle();
    socket.on_disconnect(async move || {
        watches.close();
        downloads.abort();
    });
}

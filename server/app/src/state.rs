//! What every handler can reach.

use std::sync::Arc;
use std::time::Duration;

use iopaint_engine::Engine;
use iopaint_imaging::{EncodeOptions, Limits};

use crate::codec::CodecPool;
use crate::events::Events;
use crate::guard::{AllowedHosts, AllowedOrigins};
use crate::jobs::Jobs;

/// The server's parts. Clones share them.
#[derive(Clone)]
pub struct AppState {
    /// Models and the queue.
    pub engine: Engine,
    /// Where images are decoded and encoded.
    pub codecs: CodecPool,
    /// The requests in flight.
    pub jobs: Jobs,
    /// Who listens, and how they are told.
    pub events: Events,
    /// What the operator chose.
    pub limits: Arc<ServerLimits>,
}

impl AppState {
    /// A server with nothing in flight and nobody who listens.
    #[must_use]
    pub fn new(engine: Engine, codecs: CodecPool, limits: ServerLimits) -> Self {
        let jobs = Jobs::default();
        Self {
            events: Events::new(&engine, &jobs, limits.max_sockets),
            engine,
            codecs,
            jobs,
            limits: Arc::new(limits),
        }
    }
}

/// What the operator chose for all requests.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// The longest body in bytes.
    pub max_body_bytes: usize,
    /// The largest image.
    pub image: Limits,
    /// How many clients may listen to events at a time.
    pub max_sockets: usize,
    /// The largest forward in pixels.
    pub max_forward_pixels: u64,
    /// How long a request may take from its admission on.
    pub request_timeout: Duration,
    /// How results are written.
    pub encode: EncodeOptions,
    /// The names under which the server answers.
    pub hosts: AllowedHosts,
    /// The other sites whose pages may use it.
    pub origins: AllowedOrigins,
}

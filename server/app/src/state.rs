//! What every handler can reach.

use std::sync::Arc;
use std::time::Duration;

use iopaint_engine::Engine;
use iopaint_imaging::{DecodeLimits, EncodeOptions};

use crate::auth::{ApiKeys, RateLimit};
use crate::client::TrustedProxies;
use crate::codec::CodecPool;
use crate::error::{ApiError, ErrorCode};
use crate::events::Events;
use crate::files::Files;
use crate::guard::{AllowedHosts, AllowedOrigins};
use crate::jobs::Jobs;
use crate::memory::InFlight;
use crate::metrics::Metrics;
use crate::request::{MinBodyRate, RequestLimits};
use crate::root_path::RootPath;

/// The server's parts. Clones share them.
#[derive(Clone)]
pub struct AppState {
    /// Models and the queue.
    pub engine: Engine,
    /// Where images are decoded and encoded.
    pub codecs: CodecPool,
    /// What is counted and measured.
    pub metrics: Metrics,
    /// The memory that requests in flight may hold.
    pub in_flight: InFlight,
    /// The requests in flight.
    pub jobs: Jobs,
    /// Who listens, and how they are told.
    pub events: Events,
    /// What the operator offers from the disk.
    pub files: Arc<Files>,
    /// What the operator chose.
    pub limits: Arc<ServerLimits>,
}

impl AppState {
    /// A server with nothing in flight and nobody who listens. `metrics`: those that the engine tells what happens.
    #[must_use]
    pub fn new(
        engine: Engine,
        codecs: CodecPool,
        files: Files,
        metrics: Metrics,
        limits: ServerLimits,
    ) -> Self {
        let jobs = Jobs::default();
        Self {
            events: Events::new(&engine, &jobs, limits.max_sockets),
            engine,
            codecs,
            metrics,
            in_flight: InFlight::new(limits.max_in_flight_bytes),
            jobs,
            files: Arc::new(files),
            limits: Arc::new(limits),
        }
    }

    /// Whether clients may choose and download models.
    ///
    /// # Errors
    /// [`ErrorCode::ModelFixed`].
    pub fn may_change_models(&self) -> Result<(), ApiError> {
        if self.limits.fixed_model {
            return Err(ApiError::new(
                ErrorCode::ModelFixed,
                "this server was started with --disable-model-switch; only its own model answers",
            ));
        }
        Ok(())
    }

    /// Whether a request may name this model: where the model is fixed, only the current one.
    ///
    /// # Errors
    /// [`ErrorCode::ModelFixed`].
    pub fn may_use_model(&self, name: &str) -> Result<(), ApiError> {
        let current = || self.engine.status().model.is_some_and(|model| model.name == name);
        if name.is_empty() || !self.limits.fixed_model || current() {
            return Ok(());
        }
        self.may_change_models()
    }
}

/// What the operator chose for all requests.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// The longest body in bytes.
    pub max_body_bytes: usize,
    /// How many bytes all requests may hold at a time: bodies, decoded pictures and answers.
    pub max_in_flight_bytes: u64,
    /// How slowly a body may come.
    pub min_body_rate: MinBodyRate,
    /// What may be inside a body.
    pub request: RequestLimits,
    /// The largest image.
    pub image: DecodeLimits,
    /// The longest side of a thumbnail in pixels.
    pub max_thumbnail_side: u32,
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
    /// The proxies that are believed where they name a client's address.
    pub trusted_proxies: TrustedProxies,
    /// The keys that let a client in; none for everybody.
    pub keys: ApiKeys,
    /// How often one client may ask.
    pub rate: RateLimit,
    /// The sub-path under which a proxy shows the server.
    pub root_path: RootPath,
    /// Whether the model that the server started with is the only one that answers.
    pub fixed_model: bool,
}

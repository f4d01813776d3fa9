//! Shared state of the request handlers.

use std::sync::Arc;

use axum::extract::FromRef;
use iopaint_engine::{Engine, Rejection};

use crate::codec::CodecPool;
use crate::error::{ApiError, ErrorCode};
use crate::events::Events;
use crate::files::Files;
use crate::jobs::Jobs;
use crate::memory_budget::MemoryBudgets;
use crate::metrics::Metrics;
use crate::plugins::Plugins;
use crate::request::RequestLimits;
use crate::settings::ServerSettings;

/// Shared state of the request handlers. Clones share it.
#[derive(Clone)]
pub struct AppState {
    /// Models and the job queue.
    pub engine: Engine,
    /// Threads that decode and encode images.
    pub codecs: CodecPool,
    /// Prometheus metrics.
    pub metrics: Metrics,
    /// Memory budgets of requests in flight.
    pub in_flight: MemoryBudgets,
    /// Registry of requests in flight.
    pub jobs: Jobs,
    /// Socket.IO events.
    pub events: Events,
    /// Folders of the server that clients may use.
    pub files: Arc<Files>,
    /// The enabled plugins.
    pub plugins: Plugins,
    /// Settings of the server.
    pub settings: Arc<ServerSettings>,
}

impl AppState {
    /// Creates the state of a server without requests. `metrics` must be the ones that `engine` reports to.
    #[must_use]
    pub fn new(
        engine: Engine,
        codecs: CodecPool,
        files: Files,
        metrics: Metrics,
        settings: ServerSettings,
    ) -> Self {
        let jobs = Jobs::default();
        let models = engine.clone();
        let plugins = Plugins::new(engine.registry(), &settings.plugins, move |model| {
            models.is_available(model)
        });
        Self {
            events: Events::new(&engine, &jobs),
            engine,
            codecs,
            metrics,
            in_flight: MemoryBudgets::new(settings.max_in_flight_bytes),
            jobs,
            files: Arc::new(files),
            plugins,
            settings: Arc::new(settings),
        }
    }

    /// Runs `work`, or drops it when the server shuts down.
    ///
    /// # Errors
    /// [`Rejection::Draining`], and those of the work.
    pub async fn unless_draining<T>(
        &self,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        tokio::select! {
            biased;
            result = work => result,
            () = self.engine.draining() => Err(Rejection::Draining.into()),
        }
    }

    /// Checks that clients may switch and download models.
    ///
    /// # Errors
    /// Returns [`ErrorCode::ModelFixed`] if the model is fixed.
    pub fn check_models_changeable(&self) -> Result<(), ApiError> {
        if self.settings.fixed_model {
            return Err(ApiError::new(
                ErrorCode::ModelFixed,
                "this server was started with --disable-model-switch; only its current model is available",
            ));
        }
        Ok(())
    }

    /// Checks that a request may use the model `name`. If the model is fixed, only the current one is
    /// allowed. An empty name stands for the current model.
    ///
    /// # Errors
    /// Returns [`ErrorCode::ModelFixed`] if the model is not allowed.
    pub fn check_model_allowed(&self, name: &str) -> Result<(), ApiError> {
        let is_current = || self.engine.status().model.is_some_and(|model| model.name == name);
        if name.is_empty() || !self.settings.fixed_model || is_current() {
            return Ok(());
        }
        self.check_models_changeable()
    }
}

impl FromRef<AppState> for RequestLimits {
    fn from_ref(state: &AppState) -> Self {
        state.settings.bodies.content
    }
}

//! Prometheus metrics.
//!
//! To add a metric, add a field to the macro call in [`declared`]: its doc comment is the help text, its name
//! the metric's name without the prefix `iopaint_` (Prometheus adds `_total` to counters), its value the
//! initial state. Then update it in a method of [`Metrics`], list it in docs/operations.md, and if it has
//! labels that alerts use, create its series in [`Metrics::default`].

mod declared;
mod labels;
mod process;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use iopaint_engine::{Device, EngineMetrics, Status};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use self::declared::{EventMetrics, StatusMetrics};
use self::labels::{
    BudgetLabel, DeviceLabel, ErrorCodeLabel, JobOutcome, JobOutcomeLabel, ModelLabel, ResponseLabels,
    StageLabel, method_label,
};
use crate::error::ErrorCode;
use crate::memory_budget::MemoryBudgets;

pub use self::labels::Stage;

/// The metrics of the server. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    events: EventMetrics,
    status: StatusMetrics,
}

impl Default for Metrics {
    /// Creates the metrics, including the series of all error codes, stages and job outcomes: Prometheus'
    /// `rate()` misses the first increment of a series that starts at 1.
    fn default() -> Self {
        let mut registry = Registry::default();
        // Without the prefix `iopaint`: names that Prometheus' client libraries share.
        registry.register_collector(Box::new(process::ProcessCollector::new()));
        let prefixed = registry.sub_registry_with_prefix("iopaint");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        prefixed.register("build", "Version of the program", version);
        let events = EventMetrics::register(prefixed);
        let status = StatusMetrics::register(prefixed);
        for code in ErrorCode::names() {
            drop(events.rejections.get_or_create(&ErrorCodeLabel { code }));
        }
        for stage in Stage::ALL {
            drop(events.stage_seconds.get_or_create(&StageLabel::from(stage)));
        }
        for outcome in JobOutcome::ALL {
            drop(events.jobs.get_or_create(&JobOutcomeLabel::from(outcome)));
        }
        Self(Arc::new(Inner {
            registry,
            events,
            status,
        }))
    }
}

impl Metrics {
    /// Returns all metrics in Prometheus' text format, with the given status of engine and memory budgets.
    #[must_use]
    pub fn text(&self, status: &Status, in_flight: &MemoryBudgets) -> String {
        self.set_status(status, in_flight);
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = prometheus_text::encode(&mut text, &self.0.registry);
        text
    }

    fn set_status(&self, status: &Status, in_flight: &MemoryBudgets) {
        let metrics = &self.0.status;
        metrics.ready.set(status.ready.into());
        metrics.jobs_inside.set(status.jobs as i64);
        metrics.queue_depth.set(status.waiting as i64);
        metrics.job_running.set(status.running as i64);
        for status in &status.devices {
            let label = DeviceLabel::from(status.device);
            let running = metrics.device_jobs_running.get_or_create(&label);
            running.set(status.running as i64);
            let loaded = metrics.device_models_loaded.get_or_create(&label);
            loaded.set(status.models.len() as i64);
        }
        metrics.model_loaded.clear();
        for model in &status.loaded {
            metrics.model_loaded.get_or_create(&ModelLabel::new(model)).set(1);
        }
        for (kind, budget) in [("body", &in_flight.bodies), ("pixels", &in_flight.pixels)] {
            let label = BudgetLabel { kind };
            metrics
                .in_flight_bytes
                .get_or_create(&label)
                .set(budget.reserved() as i64);
            metrics
                .in_flight_limit_bytes
                .get_or_create(&label)
                .set(budget.limit() as i64);
        }
    }

    /// Creates the series of the models `names`, with counters at 0.
    pub fn expect_models<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let events = &self.0.events;
        for name in names {
            let label = ModelLabel::new(name);
            for counters in [
                &events.model_loads,
                &events.model_load_failures,
                &events.model_unloads,
            ] {
                drop(counters.get_or_create(&label));
            }
        }
    }

    /// Records a response. `route` is the pattern of the route, which bounds label cardinality, unlike the
    /// path.
    pub fn response_sent(&self, route: &str, method: &Method, status: u16, duration: Duration) {
        let labels = ResponseLabels {
            route: route.to_owned(),
            method: method_label(method),
            status,
        };
        self.0
            .events
            .http_request_seconds
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
    }

    /// Records an error response.
    pub fn request_rejected(&self, code: ErrorCode) {
        let label = ErrorCodeLabel { code: code.name() };
        self.0.events.rejections.get_or_create(&label).inc();
    }

    /// Records a filled image of `pixels` pixels and the durations of its stages.
    pub fn image_filled(&self, pixels: u64, stages: &[(Stage, Duration)]) {
        self.0.events.pixels.inc_by(pixels);
        for (stage, duration) in stages {
            self.0
                .events
                .stage_seconds
                .get_or_create(&StageLabel::from(*stage))
                .observe(duration.as_secs_f64());
        }
    }
}

impl EngineMetrics for Metrics {
    fn job_started(&self, waited: Duration) {
        self.0.events.queue_wait_seconds.observe(waited.as_secs_f64());
    }

    fn job_ended(&self, model: &str, device: Device, took: Duration, done: bool) {
        let events = &self.0.events;
        events
            .inference_seconds
            .get_or_create(&ModelLabel::new(model))
            .observe(took.as_secs_f64());
        events
            .device_busy_seconds
            .get_or_create(&DeviceLabel::from(device))
            .inc_by(took.as_secs_f64());
        let outcome = if done {
            JobOutcome::Done
        } else {
            JobOutcome::Failed
        };
        events.jobs.get_or_create(&JobOutcomeLabel::from(outcome)).inc();
    }

    fn batch_ended(&self, images: usize) {
        self.0.events.batch_images.observe(images as f64);
    }

    fn model_loaded(&self, model: &str, took: Duration) {
        let events = &self.0.events;
        let label = ModelLabel::new(model);
        // Creates the series before the first job.
        drop(events.inference_seconds.get_or_create(&label));
        events.model_loads.get_or_create(&label).inc();
        events.model_load_seconds.observe(took.as_secs_f64());
    }

    fn model_failed(&self, model: &str) {
        let label = ModelLabel::new(model);
        self.0.events.model_load_failures.get_or_create(&label).inc();
    }

    fn model_unloaded(&self, model: &str) {
        let label = ModelLabel::new(model);
        self.0.events.model_unloads.get_or_create(&label).inc();
    }

    fn worker_replaced(&self) {
        self.0.events.worker_restarts.inc();
    }
}

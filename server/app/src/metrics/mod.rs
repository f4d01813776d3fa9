//! What is counted and measured, as Prometheus reads it.

mod process;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use iopaint_engine::{EngineMetrics, Status};
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::error::ErrorCode;
use crate::memory::InFlight;

/// Upper ends of the histograms' buckets in seconds: from a cache's answer to a picture of many forwards.
const SECONDS: [f64; 16] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];

/// A part of an inpaint request's way.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    /// The body arrives, with the wait for room for it.
    Read,
    /// Bytes become pixels, with the wait for room for them.
    Decode,
    /// The job waits for its turn.
    Queue,
    /// The model works.
    Forward,
    /// Pixels become bytes.
    Encode,
}

impl Stage {
    /// Its name, in metrics and in `Server-Timing`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Decode => "decode",
            Self::Queue => "queue",
            Self::Forward => "forward",
            Self::Encode => "encode",
        }
    }
}

/// The server's metrics. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    queue_wait: Histogram,
    inference: Timings<Model>,
    stages: Timings<StageLabel>,
    requests: Timings<Answered>,
    rejections: Family<Code, Counter>,
    pixels: Counter,
    jobs: Family<Outcome, Counter>,
    model_loads: Family<Model, Counter>,
    model_load_failures: Family<Model, Counter>,
    model_unloads: Family<Model, Counter>,
    model_load: Histogram,
    worker_restarts: Counter,
    now: Now,
}

/// Methods that are none are one to the metrics: a client may think of any number of them.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// What is asked for when the metrics are.
#[derive(Debug, Default)]
struct Now {
    ready: Gauge,
    inside: Gauge,
    depth: Gauge,
    running: Gauge,
    model_loaded: Family<Model, Gauge>,
    held: Family<Room, Gauge>,
    limit: Family<Room, Gauge>,
}

type Timings<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Model {
    model: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabel {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Room {
    kind: &'static str,
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

fn timings<L: Clone + std::hash::Hash + Eq>() -> Timings<L> {
    Family::new_with_constructor(seconds as fn() -> Histogram)
}

impl Default for Inner {
    fn default() -> Self {
        let mut inner = Self {
            registry: Registry::default(),
            queue_wait: seconds(),
            inference: timings(),
            stages: timings(),
            requests: timings(),
            rejections: Family::default(),
            pixels: Counter::default(),
            jobs: Family::default(),
            model_loads: Family::default(),
            model_load_failures: Family::default(),
            model_unloads: Family::default(),
            model_load: seconds(),
            worker_restarts: Counter::default(),
            now: Now::default(),
        };
        inner.register();
        inner.begin_at_zero();
        inner
    }
}

impl Inner {
    fn register(&mut self) {
        // Under the names that Prometheus' own libraries give them.
        self.registry
            .register_collector(Box::new(process::Process::new()));
        let registry = self.registry.sub_registry_with_prefix("iopaint");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program's version", version);
        registry.register(
            "queue_wait_seconds",
            "Time that jobs waited for their turn",
            self.queue_wait.clone(),
        );
        registry.register(
            "inference_seconds",
            "Time that jobs took in the model's thread",
            self.inference.clone(),
        );
        registry.register(
            "stage_seconds",
            "Time that the parts of a successful inpaint request took",
            self.stages.clone(),
        );
        registry.register(
            "http_request_seconds",
            "Time from a request's head to its answer's",
            self.requests.clone(),
        );
        registry.register(
            "rejections",
            "Requests that were answered with an error, by its code",
            self.rejections.clone(),
        );
        registry.register(
            "pixels",
            "Pixels of the images that were filled",
            self.pixels.clone(),
        );
        registry.register("jobs", "Jobs that ran, by how they ended", self.jobs.clone());
        registry.register("model_loads", "Models that were loaded", self.model_loads.clone());
        registry.register(
            "model_load_failures",
            "Models that could not be loaded",
            self.model_load_failures.clone(),
        );
        registry.register(
            "model_unloads",
            "Models that were unloaded",
            self.model_unloads.clone(),
        );
        registry.register(
            "model_load_seconds",
            "Time that loading a model took, its download aside",
            self.model_load.clone(),
        );
        registry.register(
            "worker_restarts",
            "How often the model's thread died and was replaced",
            self.worker_restarts.clone(),
        );
        self.now.register(registry);
    }

    /// What may be alerted on is there from the beginning: a rate needs a first value.
    fn begin_at_zero(&self) {
        for code in ErrorCode::names() {
            drop(self.rejections.get_or_create(&Code { code }));
        }
        for stage in [
            Stage::Read,
            Stage::Decode,
            Stage::Queue,
            Stage::Forward,
            Stage::Encode,
        ] {
            drop(self.stages.get_or_create(&StageLabel { stage: stage.name() }));
        }
        for outcome in [DONE, FAILED] {
            drop(self.jobs.get_or_create(&Outcome { outcome }));
        }
    }
}

const DONE: &str = "done";
const FAILED: &str = "failed";

impl Now {
    fn register(&self, registry: &mut Registry) {
        registry.register("ready", "Whether a model can serve now", self.ready.clone());
        registry.register(
            "jobs_inside",
            "Jobs that have a place: being decoded, waiting, running",
            self.inside.clone(),
        );
        registry.register("queue_depth", "Jobs that wait for their turn", self.depth.clone());
        registry.register("job_running", "Whether a job runs", self.running.clone());
        registry.register(
            "model_loaded",
            "1 for each model that is loaded",
            self.model_loaded.clone(),
        );
        registry.register(
            "in_flight_bytes",
            "Bytes that requests hold, as they were reckoned",
            self.held.clone(),
        );
        registry.register(
            "in_flight_limit_bytes",
            "Bytes that requests may hold",
            self.limit.clone(),
        );
    }

    fn set(&self, status: &Status, in_flight: &InFlight) {
        self.ready.set(status.ready.into());
        self.inside.set(status.jobs as i64);
        self.depth.set(status.waiting as i64);
        self.running.set(status.running.into());
        self.model_loaded.clear();
        for model in &status.loaded {
            let model = model.clone();
            self.model_loaded.get_or_create(&Model { model }).set(1);
        }
        for (kind, budget) in [("body", &in_flight.bodies), ("pixels", &in_flight.pixels)] {
            self.held
                .get_or_create(&Room { kind })
                .set(budget.reserved() as i64);
            self.limit
                .get_or_create(&Room { kind })
                .set(budget.limit() as i64);
        }
    }
}

impl Metrics {
    /// All metrics in Prometheus' text format.
    #[must_use]
    pub fn text(&self, status: &Status, in_flight: &InFlight) -> String {
        self.0.now.set(status, in_flight);
        let mut text = String::new();
        // Writing to a text doesn't fail.
        let _ = prometheus_text::encode(&mut text, &self.0.registry);
        text
    }

    /// Begins the counters of models that may be asked for: a rate needs a first value.
    pub fn expect_models<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let inner = &self.0;
        for model in names {
            let model = Model {
                model: model.to_owned(),
            };
            for counters in [
                &inner.model_loads,
                &inner.model_load_failures,
                &inner.model_unloads,
            ] {
                drop(counters.get_or_create(&model));
            }
        }
    }

    /// A request has been answered. `route`: its pattern, not its address.
    pub fn answered(&self, route: &str, method: &Method, status: u16, took: Duration) {
        let labels = Answered {
            route: route.to_owned(),
            method: method_name(method),
            status,
        };
        self.0.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// A request has been answered with an error.
    pub fn rejected(&self, code: ErrorCode) {
        let code = code.name();
        self.0.rejections.get_or_create(&Code { code }).inc();
    }

    /// An image of so many pixels has been filled.
    pub fn filled(&self, pixels: u64, stages: &[(Stage, Duration)]) {
        self.0.pixels.inc_by(pixels);
        for (stage, took) in stages {
            let stage = StageLabel { stage: stage.name() };
            self.0.stages.get_or_create(&stage).observe(took.as_secs_f64());
        }
    }
}

impl EngineMetrics for Metrics {
    fn job_started(&self, waited: Duration) {
        self.0.queue_wait.observe(waited.as_secs_f64());
    }

    fn job_ended(&self, model: &str, took: Duration, done: bool) {
        let model = model.to_owned();
        self.0
            .inference
            .get_or_create(&Model { model })
            .observe(took.as_secs_f64());
        let outcome = if done { DONE } else { FAILED };
        self.0.jobs.get_or_create(&Outcome { outcome }).inc();
    }

    fn model_loaded(&self, model: &str, took: Duration) {
        let label = Model {
            model: model.to_owned(),
        };
        // Known from now on, though no job has run on it yet.
        drop(self.0.inference.get_or_create(&label));
        self.0.model_loads.get_or_create(&label).inc();
        self.0.model_load.observe(took.as_secs_f64());
    }

    fn model_failed(&self, model: &str) {
        let model = model.to_owned();
        self.0.model_load_failures.get_or_create(&Model { model }).inc();
    }

    fn model_unloaded(&self, model: &str) {
        let model = model.to_owned();
        self.0.model_unloads.get_or_create(&Model { model }).inc();
    }

    fn worker_replaced(&self) {
        self.0.worker_restarts.inc();
    }
}

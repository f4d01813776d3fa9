//! Declarations of the metrics.

use std::hash::Hash;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::labels::{
    BudgetLabel, DeviceLabel, ErrorCodeLabel, JobOutcomeLabel, ModelLabel, ResponseLabels, StageLabel,
};

/// Upper bounds of the buckets of duration histograms, in seconds: from a cached response to an image of many
/// forward passes.
const DURATION_BUCKETS_S: [f64; 16] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];

/// Upper bounds of the buckets of batch sizes, in images.
const BATCH_BUCKETS: [f64; 6] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];

/// A histogram of durations per label set.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

fn duration_histogram() -> Histogram {
    Histogram::new(DURATION_BUCKETS_S)
}

fn durations<L: Clone + Hash + Eq>() -> Durations<L> {
    Family::new_with_constructor(duration_histogram as fn() -> Histogram)
}

/// Declares a struct of metrics and a constructor that registers them. The name of a metric is that of its
/// field, and its help text the field's doc comment.
macro_rules! metrics {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $(
                #[doc = $help:literal]
                $field:ident: $type:ty = $initial:expr,
            )+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug)]
        pub struct $name {
            $(
                #[doc = $help]
                pub $field: $type,
            )+
        }

        impl $name {
            /// Creates the metrics and registers them.
            pub fn register(registry: &mut Registry) -> Self {
                let metrics = Self { $($field: $initial,)+ };
                $(registry.register(stringify!($field), $help.trim(), metrics.$field.clone());)+
                metrics
            }
        }
    };
}

metrics! {
    /// Metrics that are updated when something happens.
    pub struct EventMetrics {
        /// Time that jobs waited in the queue
        queue_wait_seconds: Histogram = duration_histogram(),
        /// Time that jobs took in the model thread
        inference_seconds: Durations<ModelLabel> = durations(),
        /// Time that the stages of successful inpaint requests took
        stage_seconds: Durations<StageLabel> = durations(),
        /// Time from the head of a request to the head of its response
        http_request_seconds: Durations<ResponseLabels> = durations(),
        /// Requests with an error response, by error code
        rejections: Family<ErrorCodeLabel, Counter> = Family::default(),
        /// Pixels of filled images
        pixels: Counter = Counter::default(),
        /// Time that jobs took, by the device of their model thread
        device_busy_seconds: Family<DeviceLabel, Counter<f64, AtomicU64>> = Family::default(),
        /// Images per forward pass of models that run batches
        batch_images: Histogram = Histogram::new(BATCH_BUCKETS),
        /// Finished jobs, by outcome
        jobs: Family<JobOutcomeLabel, Counter> = Family::default(),
        /// Loaded models
        model_loads: Family<ModelLabel, Counter> = Family::default(),
        /// Models that failed to load
        model_load_failures: Family<ModelLabel, Counter> = Family::default(),
        /// Unloaded models
        model_unloads: Family<ModelLabel, Counter> = Family::default(),
        /// Time that loading a model took, without its download
        model_load_seconds: Histogram = duration_histogram(),
        /// Times that the model thread died and was replaced
        worker_restarts: Counter = Counter::default(),
    }
}

metrics! {
    /// Metrics that are set from the current status on each scrape.
    pub struct StatusMetrics {
        /// 1 if a model is ready
        ready: Gauge = Gauge::default(),
        /// Admitted jobs: being decoded, queued or running
        jobs_inside: Gauge = Gauge::default(),
        /// Jobs in the queue
        queue_depth: Gauge = Gauge::default(),
        /// Number of running jobs
        job_running: Gauge = Gauge::default(),
        /// Number of running jobs, by the device of their model thread
        device_jobs_running: Family<DeviceLabel, Gauge> = Family::default(),
        /// Number of models with a copy of their weights on the device
        device_models_loaded: Family<DeviceLabel, Gauge> = Family::default(),
        /// 1 for each loaded model
        model_loaded: Family<ModelLabel, Gauge> = Family::default(),
        /// Estimated memory of requests in flight
        in_flight_bytes: Family<BudgetLabel, Gauge> = Family::default(),
        /// Maximum memory of requests in flight
        in_flight_limit_bytes: Family<BudgetLabel, Gauge> = Family::default(),
    }
}

//! What happens in the engine, for those who count and measure.

use std::fmt::Debug;
use std::time::Duration;

/// Is told what happens. Called in the engine's threads, also with the engine locked: it must return at once and must
/// not call the engine.
pub trait EngineMetrics: Debug + Send + Sync {
    /// A job's turn has come after it `waited` in the queue.
    fn job_started(&self, waited: Duration);

    /// A job that ran on `model` has ended, well or not, after it `took` this long.
    fn job_ended(&self, model: &str, took: Duration, done: bool);

    /// A model has been loaded, which `took` this long, download aside.
    fn model_loaded(&self, model: &str, took: Duration);

    /// A model could not be loaded.
    fn model_failed(&self, model: &str);

    /// A model has been unloaded.
    fn model_unloaded(&self, model: &str);

    /// The model's thread died and another one took its place.
    fn worker_replaced(&self);
}

/// Measures nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoMetrics;

impl EngineMetrics for NoMetrics {
    fn job_started(&self, _: Duration) {}
    fn job_ended(&self, _: &str, _: Duration, _: bool) {}
    fn model_loaded(&self, _: &str, _: Duration) {}
    fn model_failed(&self, _: &str) {}
    fn model_unloaded(&self, _: &str) {}
    fn worker_replaced(&self) {}
}

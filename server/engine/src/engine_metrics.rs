//! Hooks for counters and histograms of the engine's events.

use std::fmt::Debug;
use std::time::Duration;

use iopaint_torch::Device;

/// Receives the engine's events. Called on the engine's threads and with its lock held: must return
/// immediately and must not call the engine.
pub trait EngineMetrics: Debug + Send + Sync {
    /// A job left the queue after `waited`.
    fn job_started(&self, waited: Duration);

    /// A job on `model` ended after `elapsed` on a model thread of `device`; `succeeded` is false if it
    /// failed, panicked or was stopped.
    fn job_ended(&self, model: &str, device: Device, elapsed: Duration, succeeded: bool);

    /// A forward pass of a model that runs batches ended; it had `images` images.
    fn batch_ended(&self, images: usize);

    /// A model was loaded on all devices in `elapsed`, download time excluded.
    fn model_loaded(&self, model: &str, elapsed: Duration);

    /// A model could not be loaded on a device, or its files could not be downloaded.
    fn model_failed(&self, model: &str);

    /// A model was unloaded.
    fn model_unloaded(&self, model: &str);

    /// The model thread died and was replaced.
    fn worker_replaced(&self);
}

/// Ignores all events.
#[derive(Clone, Copy, Debug)]
pub struct NoMetrics;

impl EngineMetrics for NoMetrics {
    fn job_started(&self, _: Duration) {}
    fn job_ended(&self, _: &str, _: Device, _: Duration, _: bool) {}
    fn batch_ended(&self, _: usize) {}
    fn model_loaded(&self, _: &str, _: Duration) {}
    fn model_failed(&self, _: &str) {}
    fn model_unloaded(&self, _: &str) {}
    fn worker_replaced(&self) {}
}

//! Labels of the metrics. Each has a bounded set of values, which bounds the number of series.

use axum::http::Method;
use iopaint_engine::Device;
use prometheus_client::encoding::EncodeLabelSet;

/// A stage of an inpaint request.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    /// Waiting for body memory, and reading the body.
    Read,
    /// Waiting for pixel memory, and decoding.
    Decode,
    /// Waiting in the queue.
    Queue,
    /// Running the model.
    Forward,
    /// Encoding the result.
    Encode,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 5] = [Self::Read, Self::Decode, Self::Queue, Self::Forward, Self::Encode];

    /// Returns the name in metrics and in `Server-Timing`.
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

/// Label of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct StageLabel {
    stage: &'static str,
}

impl From<Stage> for StageLabel {
    fn from(stage: Stage) -> Self {
        Self { stage: stage.name() }
    }
}

/// Outcome of a finished job.
#[derive(Clone, Copy, Debug)]
pub enum JobOutcome {
    /// The job has a result.
    Done,
    /// The job failed or was stopped.
    Failed,
}

impl JobOutcome {
    /// All outcomes.
    pub const ALL: [Self; 2] = [Self::Done, Self::Failed];
}

/// Label of a job's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct JobOutcomeLabel {
    outcome: &'static str,
}

impl From<JobOutcome> for JobOutcomeLabel {
    fn from(outcome: JobOutcome) -> Self {
        let outcome = match outcome {
            JobOutcome::Done => "done",
            JobOutcome::Failed => "failed",
        };
        Self { outcome }
    }
}

/// Label of a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ModelLabel {
    model: String,
}

impl ModelLabel {
    /// Creates the label of the model `name`.
    pub fn new(name: &str) -> Self {
        Self {
            model: name.to_owned(),
        }
    }
}

/// Labels of a response.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResponseLabels {
    /// Pattern of the route.
    pub route: String,
    /// Method, see [`method_label`].
    pub method: &'static str,
    /// Status code.
    pub status: u16,
}

/// Label of an error code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ErrorCodeLabel {
    /// Name of the error code.
    pub code: String,
}

/// Label of a memory budget.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BudgetLabel {
    /// `body` or `pixels`.
    pub kind: &'static str,
}

/// Returns the label of a method. Unknown methods map to `other`, which bounds label cardinality.
pub fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Label of a device that runs models.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DeviceLabel {
    device: String,
}

impl From<Device> for DeviceLabel {
    fn from(device: Device) -> Self {
        Self {
            device: device.to_string(),
        }
    }
}

//! Runs a plugin on one image.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use iopaint_engine::{JobError, Observer, Reservation, RunStats};
use iopaint_imaging::{EncodeOptions, Header, probe};

use super::Caller;
use crate::error::{ApiError, ErrorCode};
use crate::memory_budget::image_bytes;
use crate::metrics::Stage;
use crate::plugins::{self, AdmittedTask, PluginError, PluginInput, PluginOutput, PluginStatus, PluginTask};
use crate::state::AppState;

/// An encoded image and the memory that holds it.
#[derive(Debug)]
pub struct EncodedImage {
    /// Content of the file.
    pub bytes: Bytes,
    /// Memory of the content, released when it is decoded; `None` if its owner keeps the memory longer.
    pub memory: Option<Reservation>,
}

/// The result of a plugin job.
#[derive(Debug)]
pub struct PluginResult<T> {
    /// The encoded result.
    pub value: T,
    /// The model that ran.
    pub run: RunStats,
    /// Durations of the stages.
    pub stages: [(Stage, Duration); 5],
    /// Memory of the decoded image and the result.
    pub memory: Reservation,
}

/// Runs a plugin on an image. `prepare` checks the request against the image's size and returns the plugin
/// and its task; `encode` converts the result on a codec thread.
///
/// # Errors
/// Those of `prepare`, of the image, of the queue and of the job.
pub async fn run_plugin<T: Send + 'static>(
    state: &AppState,
    caller: &Caller,
    image: EncodedImage,
    observer: Arc<dyn Observer>,
    prepare: impl FnOnce(&Header) -> Result<(PluginStatus, PluginTask), ApiError>,
    encode: impl FnOnce(PluginOutput, &EncodeOptions) -> Result<T, PluginError> + Send + 'static,
) -> Result<PluginResult<T>, ApiError> {
    let settings = &state.settings.images;
    let EncodedImage {
        bytes,
        memory: encoded_memory,
    } = image;
    // Size and format are checked before the job takes a permit and memory.
    let header = probe(&bytes, &settings.limits).map_err(|error| ApiError::image("image", &error))?;
    let (plugin, task) = prepare(&header)?;
    let pixels = u64::from(header.width) * u64::from(header.height);
    let result_pixels = task.result_pixels((header.width, header.height));
    if result_pixels > settings.limits.max_pixels {
        return Err(ApiError::new(
            ErrorCode::ImageTooLarge,
            &format!(
                "the result would have {result_pixels} pixels; the limit is --max-pixels, {}",
                settings.limits.max_pixels
            ),
        ));
    }
    let model = plugin.model_for(&task);
    let admitted = AdmittedTask::admit(&state.engine, &caller.client, model, task)?.observed_by(observer);
    let (read_time, admitted_at) = (caller.arrived.elapsed(), Instant::now());
    let needed = image_bytes(pixels.saturating_add(result_pixels));
    let memory = state.in_flight.pixels.reserve(&caller.client, needed).await;
    let input = PluginInput::decode(&state.codecs, caller.client.clone(), bytes, settings.limits).await?;
    drop(encoded_memory);
    let decode_time = admitted_at.elapsed();
    let output = plugins::run(
        &state.codecs,
        admitted,
        input,
        caller.deadline,
        settings.encode.threads,
    )
    .await?;
    let encode_start = Instant::now();
    let run = output.run.clone();
    let options = settings.encode;
    let value = state.codecs.run(move || encode(output, &options)).await??;
    let stages = [
        (Stage::Read, read_time),
        (Stage::Decode, decode_time),
        (Stage::Queue, run.queued),
        (Stage::Forward, run.forward),
        (Stage::Encode, encode_start.elapsed()),
    ];
    Ok(PluginResult {
        value,
        run,
        stages,
        memory,
    })
}

impl From<PluginError> for ApiError {
    fn from(error: PluginError) -> Self {
        match error {
            PluginError::Image(error) => Self::image("image", &error),
            PluginError::Job(error) => error.into(),
            PluginError::NoMask | PluginError::NoImage => {
                Self::new(ErrorCode::UnknownPlugin, &error.to_string())
            }
            PluginError::Foreground(error) => JobError::from(error).into(),
            PluginError::Encode(_) | PluginError::Codec(_) | PluginError::Json(_) => {
                Self::new(ErrorCode::Internal, &error.to_string())
            }
        }
    }
}

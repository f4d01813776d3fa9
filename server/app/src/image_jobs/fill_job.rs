//! Fills the masked area of one image.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use iopaint_engine::{Observer, Reservation};
use iopaint_imaging::{Mask, Rect, Threshold, probe};

use super::Caller;
use crate::error::{ApiError, ErrorCode};
use crate::fill::{self, EncodedResult, FillError, FillInput, MaskRule, ModelRun, OutputForm};
use crate::memory_budget::image_bytes;
use crate::metrics::Stage;
use crate::request::InpaintRequest;
use crate::request::plugin_request::rect;
use crate::state::AppState;

/// The area to fill.
#[derive(Debug)]
pub enum FillMask {
    /// An encoded mask.
    Encoded(Bytes),
    /// A mask of the image's size.
    Decoded(Mask),
    /// The field `box`: x and y of two opposite corners of a rectangle, in pixels.
    Box([f64; 4]),
}

/// An image, its mask and the options.
#[derive(Debug)]
pub struct FillRequest {
    /// The encoded image.
    pub image: Bytes,
    /// The area to fill.
    pub mask: FillMask,
    /// Options; `image` and `mask` in it are ignored.
    pub fields: InpaintRequest,
    /// Form of the result.
    pub form: OutputForm,
}

/// The result of a fill.
#[derive(Debug)]
pub struct FillResult {
    /// The encoded image.
    pub encoded: EncodedResult,
    /// Properties of the finished job.
    pub run: ModelRun,
    /// Durations of the stages.
    pub stages: [(Stage, Duration); 5],
    /// Memory of the decoded image and the result.
    pub memory: Reservation,
}

/// Fills an image. `encoded_memory`, the memory of the encoded image and mask, is released when they are
/// decoded, or when the result is encoded into the image's file.
///
/// # Errors
/// Those of the images, of the queue and of the job.
pub async fn run_fill(
    state: &AppState,
    caller: &Caller,
    request: FillRequest,
    encoded_memory: Reservation,
    observer: Arc<dyn Observer>,
) -> Result<FillResult, ApiError> {
    let settings = &state.settings.images;
    let FillRequest {
        image,
        mask,
        fields,
        form,
    } = request;
    // Size and format are checked before the job takes a permit and memory.
    let header = probe(&image, &settings.limits).map_err(|error| ApiError::image("image", &error))?;
    let pixels = u64::from(header.width) * u64::from(header.height);
    let mut largest = pixels;
    let mut area = None;
    match &mask {
        FillMask::Encoded(bytes) => {
            let header = probe(bytes, &settings.limits).map_err(|error| ApiError::image("mask", &error))?;
            largest = pixels.max(u64::from(header.width) * u64::from(header.height));
        }
        FillMask::Box(corners) => area = Some(rect("box", *corners, (header.width, header.height))?),
        FillMask::Decoded(_) => {}
    }
    tracing::debug!(
        width_px = header.width,
        height_px = header.height,
        format = %header.format,
        "Image received"
    );

    state.check_model_allowed(fields.model.as_deref().unwrap_or_default())?;
    let admitted = fill::admit(
        &state.engine,
        caller.client.clone(),
        fields.model.as_deref(),
        Some(observer),
    )?;
    let (read_time, admitted_at) = (caller.arrived.elapsed(), Instant::now());

    let needed = image_bytes(largest);
    let memory = state.in_flight.pixels.reserve(&caller.client, needed).await;
    let (codecs, limits) = (&state.codecs, settings.limits);
    let decoded = match mask {
        FillMask::Encoded(mask) => {
            let rule = MaskRule {
                threshold: Threshold::INPAINT_REQUEST,
                fit: fields.fit_mask,
            };
            fill::decode(codecs, image, mask, rule, limits).await?
        }
        FillMask::Decoded(mask) => FillInput::with_mask(codecs, image, move |_| mask, limits).await?,
        FillMask::Box(_) => {
            let mask = move |size| rectangle(size, area);
            FillInput::with_mask(codecs, image, mask, limits).await?
        }
    };
    let mut decoded = decoded.grown(codecs, fields.mask_growth()).await?;
    let encode_options = settings.encode;
    let file_memory = decoded
        .keep_file_for(form, &encode_options)
        .then_some(encoded_memory);
    let decode_time = admitted_at.elapsed();

    let options = fields.options(settings.max_forward_pixels);
    let filled = decoded.run(admitted, options, caller.deadline, false).await?;

    let encode_start = Instant::now();
    let run = filled.run.clone();
    let encoded = codecs.run(move || filled.encode(form, &encode_options)).await??;
    drop(file_memory);
    let stages = [
        (Stage::Read, read_time),
        (Stage::Decode, decode_time),
        (Stage::Queue, run.queued),
        (Stage::Forward, run.forward),
        (Stage::Encode, encode_start.elapsed()),
    ];
    state.metrics.image_filled(pixels, &stages);
    Ok(FillResult {
        encoded,
        run,
        stages,
        memory,
    })
}

/// Returns a mask of `width` x `height` pixels with the hole `area`, or without a hole.
fn rectangle((width, height): (u32, u32), area: Option<Rect>) -> Mask {
    Mask::from_fn(width, height, |x, y| {
        area.is_some_and(|area| {
            let columns = area.x..area.x + area.width;
            let rows = area.y..area.y + area.height;
            columns.contains(&x) && rows.contains(&y)
        })
    })
}

impl From<FillError> for ApiError {
    fn from(error: FillError) -> Self {
        match error {
            FillError::Rejected(error) => error.into(),
            FillError::Image(error) => Self::image("image", &error),
            FillError::Mask(error) => Self::image("mask", &error),
            FillError::SizeMismatch { .. } => Self::new(ErrorCode::SizeMismatch, &error.to_string()),
            FillError::Job(error) => error.into(),
            FillError::Encode(error) => error.into(),
            FillError::Codec(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangle_is_the_hole() {
        let area = Rect {
            x: 1,
            y: 2,
            width: 3,
            height: 1,
        };
        assert_eq!(rectangle((5, 4), Some(area)).bounding_box(), Some(area));
        assert_eq!(rectangle((5, 4), None).bounding_box(), None);
    }
}

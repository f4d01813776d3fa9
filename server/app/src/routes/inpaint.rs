//! A photo goes in, an inpainted photo comes out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use iopaint_engine::{ClientKey, JobInput, JobOutput, Observer, Rejection, Reservation};
use iopaint_imaging::{GrayImage, Picture, decode, decode_mask, probe, threshold};
use iopaint_inpaint::{Rect, changed_box};
use uuid::Uuid;

use super::job::{X_JOB_ID, job_id};
use crate::client::ClientId;
use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::memory::{body_bytes, counted, picture_bytes};
use crate::metrics::Stage;
use crate::request::{Answer, Inpaint, InpaintRequest, deadline, read_inpaint, within};
use crate::state::{AppState, ServerLimits};

/// A mask pixel of at least this is to be filled: brighter than the middle.
const HOLE: u8 = 128;

const X_SEED: HeaderName = HeaderName::from_static("x-seed");
const X_PATCH_BOX: HeaderName = HeaderName::from_static("x-patch-box");
const X_INPAINT_SCALED: HeaderName = HeaderName::from_static("x-inpaint-scaled");
const X_INPAINT_MODEL: HeaderName = HeaderName::from_static("x-inpaint-model");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The headers that pages of other sites may read, where they may use the server.
pub const EXPOSED_HEADERS: [HeaderName; 6] = [
    X_JOB_ID,
    X_SEED,
    X_PATCH_BOX,
    X_INPAINT_SCALED,
    X_INPAINT_MODEL,
    SERVER_TIMING,
];

/// An image, its mask and the options as files of a form.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the form to readers of the API's description")]
pub struct InpaintForm {
    /// The image's file.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
    /// The mask's file, of the upright image's size: what is brighter than 127 is to be filled.
    #[schema(value_type = String, format = Binary)]
    mask: Vec<u8>,
    /// The other fields of the JSON request, as JSON.
    options: Option<String>,
}

/// What a request's picture becomes on the way to the model.
struct Decoded {
    picture: Picture,
    mask: GrayImage,
}

/// Fills the hole of an image and answers it in its own format.
#[utoipa::path(
    post, path = "/inpaint", tag = "inpaint",
    request_body(content(
        (InpaintRequest = "application/json"),
        (InpaintForm = "multipart/form-data"),
    )),
    params(
        (
            "X-Job-Id" = Option<String>, Header, format = Uuid,
            description = "Names the request, to watch and to cancel it; the server chooses one where it is missing",
        ),
        (
            "X-Request-Timeout-Ms" = Option<u64>, Header,
            description = "Milliseconds after which the answer is of no use any more; shortens the server's own limit",
        ),
    ),
    responses(
        (
            status = OK, description = "The image in its own format, or a PNG of the changed rectangle",
            content_type = "image/*", body = Vec<u8>,
            headers(
                ("X-Job-Id" = String, description = "The request's id; failed requests are answered with it too"),
                ("X-Seed" = i64, description = "The seed"),
                ("X-Inpaint-Model" = String, description = "The model that answered"),
                ("X-Inpaint-Scaled" = bool, description = "Present where a part was too large and ran scaled down"),
                ("X-Patch-Box" = String, description = "x,y,width,height of a patch in the image"),
            ),
        ),
        (status = BAD_REQUEST, body = ErrorBody),
        (status = FORBIDDEN, description = "This server's model is fixed", body = ErrorBody),
        (status = NOT_FOUND, body = ErrorBody),
        (status = CONFLICT, description = "Cancelled, or the job id is taken", body = ErrorBody),
        (status = PAYLOAD_TOO_LARGE, body = ErrorBody),
        (status = UNSUPPORTED_MEDIA_TYPE, body = ErrorBody),
        (status = UNPROCESSABLE_ENTITY, body = ErrorBody),
        (
            status = TOO_MANY_REQUESTS, body = ErrorBody,
            headers(("Retry-After" = u64, description = "Seconds until a place is free, by what jobs take")),
        ),
        (status = INTERNAL_SERVER_ERROR, body = ErrorBody),
        (status = SERVICE_UNAVAILABLE, body = ErrorBody),
        (status = GATEWAY_TIMEOUT, body = ErrorBody),
    ),
)]
pub async fn inpaint(
    State(state): State<AppState>,
    client: ClientId,
    request: Request,
) -> Result<Response, ApiError> {
    let arrival = Arrival::of(&state, &client, request.headers())?;
    // A large future: on the heap, as it would be moved about otherwise.
    Box::pin(run(&state, arrival, read_inpaint(request, &state))).await
}

/// What is known of a request before its body is read.
pub struct Arrival {
    client: ClientKey,
    id: Uuid,
    at: Instant,
    deadline: Option<Instant>,
    body_bytes: u64,
}

impl Arrival {
    /// Of a request that has just arrived.
    ///
    /// # Errors
    /// A header is wrong.
    pub fn of(state: &AppState, client: &ClientId, headers: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self {
            client: client.queue_key(),
            id: job_id(headers)?,
            at: Instant::now(),
            deadline: deadline(headers, state.limits.request_timeout)?,
            body_bytes: body_bytes(headers, state.limits.max_body_bytes),
        })
    }
}

/// Runs a request as a job, which can be watched and cancelled from the moment on that its body is being read.
///
/// # Errors
/// The id is taken. What else goes wrong is an answer already.
pub async fn run(
    state: &AppState,
    arrival: Arrival,
    input: impl Future<Output = Result<Inpaint, ApiError>>,
) -> Result<Response, ApiError> {
    let job = state.jobs.begin(arrival.id)?;
    let id = job.id().to_string();
    let observer = job.observer();
    let answer = async {
        let (input, room) = receive(state, &arrival, input).await?;
        fill(state, &arrival, input, room, observer).await
    };
    let answer = job.run(within(arrival.deadline, answer));
    let mut response = answer.await.into_response();
    if response.status().is_success() {
        state.events.inpainted().await;
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_JOB_ID, id);
    }
    Ok(response)
}

/// Reads a body when there is room for it, and not on when the server is shutting down.
async fn receive(
    state: &AppState,
    arrival: &Arrival,
    input: impl Future<Output = Result<Inpaint, ApiError>>,
) -> Result<(Inpaint, Reservation), ApiError> {
    let read = async {
        let bodies = &state.in_flight.bodies;
        let mut room = bodies.reserve(&arrival.client, arrival.body_bytes).await;
        let input = input.await?;
        room.shrink_to((input.image.len() + input.mask.len()) as u64);
        Ok((input, room))
    };
    tokio::select! {
        biased;
        input = read => input,
        () = state.engine.draining() => Err(Rejection::Draining.into()),
    }
}

/// From what a request brought to its answer.
async fn fill(
    state: &AppState,
    arrival: &Arrival,
    input: Inpaint,
    body_room: Reservation,
    observer: Arc<dyn Observer>,
) -> Result<Response, ApiError> {
    let limits = &state.limits;
    let fields = input.fields;
    let image = probe(&input.image, &limits.image).map_err(|error| ApiError::image("image", &error))?;
    let mask = probe(&input.mask, &limits.image).map_err(|error| ApiError::image("mask", &error))?;
    tracing::debug!(width = image.width, height = image.height, format = %image.format, "an image arrived");

    state.may_use_model(fields.model.as_deref().unwrap_or_default())?;
    let ticket = state
        .engine
        .admit(arrival.client.clone(), fields.model.as_deref())?
        .observed_by(observer);
    let (read, admitted) = (arrival.at.elapsed(), Instant::now());

    let pixels = &state.in_flight.pixels;
    let pixel_count = u64::from(image.width) * u64::from(image.height);
    let mask_pixels = u64::from(mask.width) * u64::from(mask.height);
    let larger = pixel_count.max(mask_pixels);
    let room = pixels.reserve(&arrival.client, picture_bytes(larger)).await;
    let image_limits = limits.image;
    let (image, mask) = (input.image, input.mask);
    let Decoded { mut picture, mask } = state
        .codecs
        .run(move || decode_both(&image, &mask, fields.fit_mask, &image_limits))
        .await??;
    drop(body_room);
    let decoding = admitted.elapsed();

    let mask = Arc::new(mask);
    let work = JobInput {
        image: std::mem::take(&mut picture.rgb),
        mask: Arc::clone(&mask),
        options: fields.options(limits.max_forward_pixels),
        deadline: arrival.deadline,
    };
    let done = ticket.run(work).await?;

    let began = Instant::now();
    let (mut headers, timings) = (headers(&fields, &done), [done.queued, done.forward]);
    let own_limits = Arc::clone(limits);
    let (body, content_type, patch) = state
        .codecs
        .run(move || encode(picture, &mask, done, &fields, &own_limits))
        .await??;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(value) = patch.and_then(|patch| HeaderValue::from_str(&box_text(patch)).ok()) {
        headers.insert(X_PATCH_BOX, value);
    }
    let [queued, forward] = timings;
    let stages = [
        (Stage::Read, read),
        (Stage::Decode, decoding),
        (Stage::Queue, queued),
        (Stage::Forward, forward),
        (Stage::Encode, began.elapsed()),
    ];
    state.metrics.filled(pixel_count, &stages);
    let timing = server_timing(&stages, arrival.at.elapsed());
    if let Ok(value) = HeaderValue::from_str(&timing) {
        headers.insert(SERVER_TIMING, value);
    }
    Ok((headers, Body::from(counted(body, room))).into_response())
}

fn decode_both(
    image: &[u8],
    mask: &[u8],
    fit_mask: bool,
    limits: &iopaint_imaging::DecodeLimits,
) -> Result<Decoded, ApiError> {
    let picture = decode(image, limits).map_err(|error| ApiError::image("image", &error))?;
    let mut mask = decode_mask(mask, limits).map_err(|error| ApiError::image("mask", &error))?;
    if fit_mask {
        mask = picture.fitted_mask(mask);
    }
    let (image_size, mask_size) = (picture.rgb.dimensions(), mask.dimensions());
    if image_size != mask_size {
        let sentence = format!(
            "The image is {}x{} pixels and the mask {}x{}; they must be of one size.",
            image_size.0, image_size.1, mask_size.0, mask_size.1
        );
        return Err(ApiError::new(ErrorCode::SizeMismatch, &sentence));
    }
    threshold(&mut mask, HOLE);
    Ok(Decoded { picture, mask })
}

/// The answer's bytes, its type, and the rectangle that it shows if it is a patch.
fn encode(
    mut picture: Picture,
    mask: &GrayImage,
    done: JobOutput,
    fields: &InpaintRequest,
    limits: &ServerLimits,
) -> Result<(Vec<u8>, &'static str, Option<Rect>), ApiError> {
    picture.rgb = done.outcome.image;
    let result = &picture.rgb;
    let (width, height) = result.dimensions();
    let whole = Rect {
        x: 0,
        y: 0,
        width,
        height,
    };
    match fields.result {
        Answer::Patch => {
            let changed = if fields.sd_keep_unmasked_area {
                changed_box(mask)
            } else {
                Some(whole)
            };
            // A picture of nothing can't be written: where nothing changed, one pixel is sent as it was.
            let patch = changed.unwrap_or(Rect {
                width: 1,
                height: 1,
                ..whole
            });
            let bytes = picture.encode_patch(result, (patch.x, patch.y), (patch.width, patch.height))?;
            Ok((bytes, "image/png", Some(patch)))
        }
        Answer::Image => {
            let encoded = picture.encode(result, &fields.changed(mask), &limits.encode)?;
            Ok((encoded.bytes, encoded.format.mime(), None))
        }
    }
}

fn headers(fields: &InpaintRequest, done: &JobOutput) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(X_SEED, HeaderValue::from(seed(fields.sd_seed)));
    if let Ok(name) = HeaderValue::from_str(&done.model) {
        headers.insert(X_INPAINT_MODEL, name);
    }
    if done.outcome.scaled {
        headers.insert(X_INPAINT_SCALED, HeaderValue::from_static("true"));
    }
    headers
}

/// -1 asks for a seed of the server's choice; erase models draw nothing from it.
fn seed(asked: i64) -> i64 {
    if asked == -1 {
        i64::from(Uuid::new_v4().as_fields().0 >> 1)
    } else {
        asked
    }
}

fn box_text(Rect { x, y, width, height }: Rect) -> String {
    format!("{x},{y},{width},{height}")
}

/// `Server-Timing` (W3C): names and milliseconds.
fn server_timing(stages: &[(Stage, Duration)], total: Duration) -> String {
    let stages = stages.iter().map(|(stage, time)| (stage.name(), time));
    let parts: Vec<String> = stages
        .chain([("total", &total)])
        .map(|(name, time)| format!("{name};dur={:.1}", time.as_secs_f64() * 1000.0))
        .collect();
    parts.join(", ")
}

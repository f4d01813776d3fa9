//! Requests that run as jobs: they can be watched and cancelled, have a deadline, and reserve memory for
//! their bodies.

use std::sync::Arc;
use std::time::Instant;

use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use iopaint_engine::{Observer, Reservation};
use uuid::Uuid;

use super::job::{X_JOB_ID, job_id};
use crate::error::ApiError;
use crate::image_jobs::Caller;
use crate::memory_budget::body_bytes;
use crate::middleware::client_id::ClientId;
use crate::request::{deadline, within};
use crate::state::AppState;

/// Properties of a request that its headers determine.
pub struct RequestHead {
    /// Client and time limit.
    pub caller: Caller,
    id: Uuid,
    body_bytes: u64,
}

impl RequestHead {
    /// Reads the headers of a request that arrives now.
    ///
    /// # Errors
    /// Returns an error if a header is invalid.
    pub fn read(state: &AppState, client: &ClientId, headers: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self {
            caller: Caller {
                client: client.queue_key(),
                arrived: Instant::now(),
                deadline: deadline(headers, state.settings.request_timeout)?,
            },
            id: job_id(headers)?,
            body_bytes: body_bytes(headers, state.settings.bodies.max_bytes),
        })
    }
}

/// Runs a request as a job that can be watched and cancelled, including while its body arrives. Errors of the
/// job are returned as a response, with its id.
///
/// # Errors
/// Returns [`ErrorCode::JobIdTaken`](crate::error::ErrorCode::JobIdTaken) if a job with this id is in flight.
pub async fn run_job<W>(
    state: &AppState,
    head: &RequestHead,
    work: impl FnOnce(Arc<dyn Observer>) -> W,
) -> Result<Response, ApiError>
where
    W: Future<Output = Result<Response, ApiError>>,
{
    let job = state.jobs.begin(head.id)?;
    let id = job.id().to_string();
    let work = work(job.observer());
    let result = job.run(within(head.caller.deadline, work));
    let mut response = result.await.into_response();
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_JOB_ID, id);
    }
    Ok(response)
}

/// Reserves memory for the body and reads it; `kept_bytes` returns the memory that its value keeps. Stops
/// reading when the server shuts down.
///
/// # Errors
/// Those of `body` and of [`AppState::unless_draining`].
pub async fn read_body<T>(
    state: &AppState,
    head: &RequestHead,
    body: impl Future<Output = Result<T, ApiError>>,
    kept_bytes: impl FnOnce(&T) -> usize,
) -> Result<(T, Reservation), ApiError> {
    let read = async {
        let bodies = &state.in_flight.bodies;
        let mut memory = bodies.reserve(&head.caller.client, head.body_bytes).await;
        let input = body.await?;
        memory.shrink_to(kept_bytes(&input) as u64);
        Ok((input, memory))
    };
    state.unless_draining(read).await
}

//! Requests in flight: their ids, and cancelling them.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use uuid::Uuid;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::state::AppState;

/// Names a request; clients may choose it.
pub const X_JOB_ID: HeaderName = HeaderName::from_static("x-job-id");

/// Cancels the inpaint request that was sent with, or answered by, this `X-Job-Id`: one that waits leaves the queue at
/// once, one that runs stops before its next crop. The request itself is answered with the code `cancelled`.
#[utoipa::path(
    delete, path = "/jobs/{id}", tag = "inpaint",
    params(("id" = String, Path, format = Uuid, description = "The request's `X-Job-Id`")),
    responses(
        (status = NO_CONTENT, description = "It is cancelled"),
        (status = NOT_FOUND, description = "No request of this id is in flight", body = ErrorBody),
    ),
)]
pub async fn cancel_job(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    match Uuid::parse_str(&id) {
        Ok(id) if state.jobs.cancel(id).await => Ok(StatusCode::NO_CONTENT),
        _ => Err(ApiError::new(
            ErrorCode::UnknownJob,
            "no request with this job id is in flight; it may be over",
        )),
    }
}

/// The id that a request brought, or a new one.
///
/// # Errors
/// [`ErrorCode::InvalidJobId`].
pub fn job_id(headers: &HeaderMap) -> Result<Uuid, ApiError> {
    let Some(value) = headers.get(X_JOB_ID) else {
        return Ok(Uuid::new_v4());
    };
    value
        .to_str()
        .ok()
        .and_then(|text| Uuid::parse_str(text.trim()).ok())
        .ok_or_else(|| {
            ApiError::new(
                ErrorCode::InvalidJobId,
                "the header `X-Job-Id` must hold a UUID, such as 67e55044-10b1-426f-9247-bb680e5fe0c8",
            )
        })
}

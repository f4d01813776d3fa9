//! Ids of requests in flight, and cancelling them.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use uuid::Uuid;

use crate::error::{ApiError, ErrorBody, ErrorCode};
use crate::state::AppState;

/// Header with the id of a request; clients may choose it.
pub const X_JOB_ID: HeaderName = HeaderName::from_static("x-job-id");

/// Cancels the inpaint request with this `X-Job-Id`. A queued request leaves the queue at once; a running one
/// stops before its next crop. The response of the request is the error `cancelled`.
#[utoipa::path(
    delete, path = "/jobs/{id}", tag = "inpaint",
    params(("id" = String, Path, format = Uuid, description = "`X-Job-Id` of the request")),
    responses(
        (status = NO_CONTENT, description = "The request is cancelled"),
        (status = NOT_FOUND, description = "No request with this id is in flight", body = ErrorBody),
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
            "no request with this job id is in flight; it may be finished",
        )),
    }
}

/// Returns the job id of a request, or a new one if it has none.
///
/// # Errors
/// Returns [`ErrorCode::InvalidJobId`] if the header is not a UUID.
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
                "the header `X-Job-Id` must be a UUID, for example 67e55044-10b1-426f-9247-bb680e5fe0c8",
            )
        })
}

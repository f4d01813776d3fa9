//! The error responses that all routes of jobs share, for the API description.

use utoipa::IntoResponses;

use super::ErrorBody;

/// The error responses of a route whose requests run as jobs. Names are those of the HTTP status codes.
#[derive(IntoResponses)]
#[expect(missing_docs, reason = "named as in HTTP")]
pub enum JobErrors {
    #[response(status = BAD_REQUEST, description = "")]
    BadRequest(ErrorBody),
    #[response(status = CONFLICT, description = "The request was cancelled, or its job id is in use")]
    Conflict(ErrorBody),
    #[response(status = PAYLOAD_TOO_LARGE, description = "")]
    PayloadTooLarge(ErrorBody),
    #[response(status = UNSUPPORTED_MEDIA_TYPE, description = "")]
    UnsupportedMediaType(ErrorBody),
    #[response(status = UNPROCESSABLE_ENTITY, description = "")]
    UnprocessableEntity(ErrorBody),
    #[response(status = TOO_MANY_REQUESTS, description = "")]
    TooManyRequests(ErrorBody),
    #[response(status = INTERNAL_SERVER_ERROR, description = "")]
    InternalServerError(ErrorBody),
    #[response(status = SERVICE_UNAVAILABLE, description = "")]
    ServiceUnavailable(ErrorBody),
    #[response(status = GATEWAY_TIMEOUT, description = "")]
    GatewayTimeout(ErrorBody),
}

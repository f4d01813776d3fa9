//! The error codes of the HTTP API and their HTTP statuses.

use axum::http::StatusCode;
use iopaint_imaging::DecodeError;
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};

/// Every reason for which a request can fail. The names are part of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// 200: the server was started without an input image. IOPaint's page requests one unconditionally.
    NoInputImage,
    /// 400: the body is not valid JSON.
    InvalidJson,
    /// 400: the body is not a valid form.
    InvalidForm,
    /// 400: an image or mask is not valid base64.
    InvalidBase64,
    /// 400: an image or mask is truncated or inconsistent.
    DamagedImage,
    /// 400: image and mask differ in size.
    SizeMismatch,
    /// 400: the body is incomplete.
    IncompleteBody,
    /// 400: the body is not valid data of its `Content-Encoding`.
    InvalidEncoding,
    /// 401: the server requires an API key, and the request has none.
    MissingKey,
    /// 401: the request's API key is not valid.
    WrongKey,
    /// 403: the request comes from a page of another site.
    ForeignOrigin,
    /// 403: downloads are disabled on this server.
    DownloadsForbidden,
    /// 403: the model of this server is fixed.
    ModelFixed,
    /// 404: the address doesn't exist.
    NotFound,
    /// 404: the server was started without the requested folder.
    NotOffered,
    /// 404: no model of this name can serve.
    UnknownModel,
    /// 404: no request of this job id is in flight.
    UnknownJob,
    /// 405: the address doesn't support this method.
    MethodNotAllowed,
    /// 408: the body arrives too slowly.
    BodyTooSlow,
    /// 409: the model has no download address.
    NoDownload,
    /// 409: the request was cancelled.
    Cancelled,
    /// 409: another request in flight has the same job id.
    JobIdTaken,
    /// 413: the body is too large.
    BodyTooLarge,
    /// 413: an image has too many pixels.
    ImageTooLarge,
    /// 415: the body's type or `Content-Encoding` is not supported.
    UnsupportedType,
    /// 415: an image or mask is not a readable image.
    NotAnImage,
    /// 421: the host name is not allowed.
    ForeignHost,
    /// 422: a field is missing, or of the wrong type or range.
    InvalidField,
    /// 422: a job id is not a UUID.
    InvalidJobId,
    /// 422: the folder has no image of this name.
    UnknownFile,
    /// 422: no plugin of this name is enabled.
    UnknownPlugin,
    /// 429: the queue is full.
    QueueFull,
    /// 429: the client exceeded its request rate.
    RateLimited,
    /// 429: too many clients are connected for events.
    TooManySockets,
    /// 500: an internal error.
    Internal,
    /// 500: the model failed.
    ModelFailed,
    /// 500: memory is exhausted.
    OutOfMemory,
    /// 500: the disk failed, or is full.
    Storage,
    /// 503: no model could be loaded.
    NoModel,
    /// 503: the server is shutting down.
    Draining,
    /// 504: the request's time limit has passed.
    Deadline,
}

impl ErrorCode {
    /// Returns the code's name in responses.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).unwrap_or_default();
        name.as_str().unwrap_or_default().to_owned()
    }

    /// Returns the names of all codes, from the API schema.
    #[must_use]
    pub fn names() -> Vec<String> {
        let schema = serde_json::to_value(Self::schema()).unwrap_or_default();
        let names = schema["enum"].as_array().cloned().unwrap_or_default();
        names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    /// Returns the HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoInputImage => StatusCode::OK,
            Self::InvalidJson
            | Self::InvalidForm
            | Self::InvalidBase64
            | Self::DamagedImage
            | Self::SizeMismatch
            | Self::IncompleteBody
            | Self::InvalidEncoding => StatusCode::BAD_REQUEST,
            Self::MissingKey | Self::WrongKey => StatusCode::UNAUTHORIZED,
            Self::ForeignOrigin | Self::DownloadsForbidden | Self::ModelFixed => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NotOffered | Self::UnknownModel | Self::UnknownJob => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoDownload | Self::Cancelled | Self::JobIdTaken => StatusCode::CONFLICT,
            Self::BodyTooLarge | Self::ImageTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedType | Self::NotAnImage => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::InvalidField | Self::InvalidJobId | Self::UnknownFile | Self::UnknownPlugin => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::QueueFull | Self::RateLimited | Self::TooManySockets => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal | Self::ModelFailed | Self::OutOfMemory | Self::Storage => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::NoModel | Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
            Self::Deadline => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

impl From<&DecodeError> for ErrorCode {
    fn from(error: &DecodeError) -> Self {
        match error {
            DecodeError::NotAnImage | DecodeError::Unsupported(_) => Self::NotAnImage,
            DecodeError::TooLarge { .. } => Self::ImageTooLarge,
            DecodeError::Damaged { .. } => Self::DamagedImage,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case() {
        let names = ErrorCode::names();
        for code in [ErrorCode::NoInputImage, ErrorCode::QueueFull, ErrorCode::Deadline] {
            assert!(names.contains(&code.name()), "{names:?}");
        }
        assert_eq!(ErrorCode::QueueFull.name(), "queue-full");
    }
}

//! What goes wrong, as clients read it: a closed list of codes and one body.

use std::io::ErrorKind;
use std::time::Duration;

use axum::Json;
use axum::extract::multipart::MultipartError;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use iopaint_engine::{DownloadRefusal, JobError, Rejection, SwitchError, Unavailable};
use iopaint_imaging::{DecodeError, EncodeError};
use serde::Serialize;
use utoipa::{PartialSchema, ToSchema};

use crate::codec::CodecPanicked;
use crate::error_advice;
use crate::files::{NameError, NotOffered};
use crate::request::{DecodingError, TooSlow};

/// Every way in which a request can fail. Clients may rely on these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// 200: the server was started without an image; clients ask before they know.
    NoInputImage,
    /// 400: the body is not JSON.
    InvalidJson,
    /// 400: the body is not a form that can be read.
    InvalidForm,
    /// 400: an image or mask is not base64.
    InvalidBase64,
    /// 400: an image or mask is cut off or contradicts itself.
    DamagedImage,
    /// 400: image and mask differ in size.
    SizeMismatch,
    /// 400: the body did not arrive whole.
    IncompleteBody,
    /// 400: the body is not valid data of its `Content-Encoding`.
    InvalidEncoding,
    /// 401: the server wants a key, and the request brought none.
    MissingKey,
    /// 401: the request's key is none of the server's.
    WrongKey,
    /// 403: the request comes from a page of another site.
    ForeignOrigin,
    /// 403: this server downloads nothing.
    DownloadsForbidden,
    /// 403: this server's model is fixed.
    ModelFixed,
    /// 404: nothing is at this address.
    NotFound,
    /// 404: the server was started without the folder that is asked for.
    NotOffered,
    /// 404: no model of this name can serve.
    UnknownModel,
    /// 404: no request of this job id is in flight.
    UnknownJob,
    /// 405: the address takes another method.
    MethodNotAllowed,
    /// 408: the body comes too slowly.
    BodyTooSlow,
    /// 409: there is no address to download the model from.
    NoDownload,
    /// 409: the request was cancelled.
    Cancelled,
    /// 409: another request in flight has the same job id.
    JobIdTaken,
    /// 413: the body is too long.
    BodyTooLarge,
    /// 413: an image has too many pixels.
    ImageTooLarge,
    /// 415: the body's type or `Content-Encoding` is not supported.
    UnsupportedType,
    /// 415: an image or mask is not an image that can be read.
    NotAnImage,
    /// 421: the server is not known under this name.
    ForeignHost,
    /// 422: a field is missing, or of the wrong type or range.
    InvalidField,
    /// 422: a job id is not a UUID.
    InvalidJobId,
    /// 422: the folder has no image of this name.
    UnknownFile,
    /// 422: no plugin of this name is switched on.
    UnknownPlugin,
    /// 429: all places in the queue are taken.
    QueueFull,
    /// 429: the client has sent too many requests in a short time.
    RateLimited,
    /// 429: too many clients listen to events.
    TooManySockets,
    /// 500: a fault of this program.
    Internal,
    /// 500: the model failed.
    ModelFailed,
    /// 500: memory ran out.
    OutOfMemory,
    /// 500: the disk failed, or is full.
    Storage,
    /// 503: no model could be loaded.
    NoModel,
    /// 503: the server is shutting down.
    Draining,
    /// 504: the time allowed has passed.
    Deadline,
}

impl ErrorCode {
    /// Its name, as clients read it.
    #[must_use]
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).unwrap_or_default();
        name.as_str().unwrap_or_default().to_owned()
    }

    /// The names of all codes, as the API's description lists them.
    #[must_use]
    pub fn names() -> Vec<String> {
        let schema = serde_json::to_value(Self::schema()).unwrap_or_default();
        let names = schema["enum"].as_array().cloned().unwrap_or_default();
        names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    /// The HTTP status.
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

/// The body of every error answer: the keys that IOPaint's clients read, and a code.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong, for programs.
    pub error: ErrorCode,
    /// What went wrong, for people.
    pub detail: String,
    /// Always empty.
    pub body: String,
    /// The same sentence as `detail`.
    pub errors: String,
}

/// A failed request.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: ErrorCode,
    detail: String,
    retry_after: Option<Duration>,
}

impl ApiError {
    /// An error with a sentence for the user; it is given a capital letter and a full stop where it lacks them.
    #[must_use]
    pub fn new(code: ErrorCode, detail: &str) -> Self {
        Self {
            code,
            detail: sentence(detail),
            retry_after: None,
        }
    }

    /// A field that is missing or wrong; `reason` goes on from its name.
    #[must_use]
    pub fn field(name: &str, reason: &str) -> Self {
        Self::new(ErrorCode::InvalidField, &format!("The field `{name}` {reason}"))
    }

    /// An image that can't be used; `field` says which.
    #[must_use]
    pub fn image(field: &str, error: &DecodeError) -> Self {
        Self::new(error.into(), &format!("The field `{field}`: {error}"))
    }

    /// The reason for which reading a body failed, if it is one of this program's own; reads the causes of
    /// `error`.
    pub fn of_body(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        std::iter::successors(Some(error), |error| error.source()).find_map(|cause| {
            if cause.is::<TooSlow>() {
                return Some(body_too_slow());
            }
            let decoding = cause.downcast_ref::<DecodingError>()?;
            Some(Self::new(ErrorCode::InvalidEncoding, &decoding.to_string()))
        })
    }

    /// A client has sent too many requests; the next one is taken after `wait`.
    #[must_use]
    pub fn rate_limited(wait: Duration) -> Self {
        Self {
            // Whole seconds are told, and a client that comes too early would be sent away again.
            retry_after: Some(wait + Duration::from_secs(1)),
            ..Self::new(
                ErrorCode::RateLimited,
                "too many requests in a short time; wait as long as Retry-After says",
            )
        }
    }

    /// A name that is none of a file; `field` says where it stood.
    #[must_use]
    pub fn name(field: &str, error: NameError) -> Self {
        Self::field(field, &error.to_string())
    }

    /// The disk failed. The reason goes into the log, as it may name paths.
    #[must_use]
    pub fn storage(error: &std::io::Error) -> Self {
        tracing::warn!("a file could not be read or written: {error}");
        let reason = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "the server's disk is full",
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                "the server may not read or write its folder; give it the right to, or name another one"
            }
            _ => "the server's disk failed; the log says how",
        };
        Self::new(ErrorCode::Storage, reason)
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The sentence for the user.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.code.status();
        if status.is_server_error() {
            tracing::warn!(code = ?self.code, "{}", self.detail);
        }
        let body = ErrorBody {
            error: self.code,
            errors: self.detail.clone(),
            detail: self.detail,
            body: String::new(),
        };
        let mut response = (status, Json(body)).into_response();
        // For those who count.
        response.extensions_mut().insert(self.code);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"iopaint\""),
            );
        }
        if let Some(wait) = self.retry_after {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response
    }
}

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        Self::new(ErrorCode::UnknownModel, &error_advice::unavailable(&error))
    }
}

impl From<Rejection> for ApiError {
    fn from(error: Rejection) -> Self {
        let detail = error.to_string();
        match error {
            Rejection::Full { retry_after } => Self {
                retry_after: Some(retry_after),
                ..Self::new(ErrorCode::QueueFull, &detail)
            },
            Rejection::Draining => Self::new(ErrorCode::Draining, &detail),
            Rejection::NoModel(_) => Self::new(ErrorCode::NoModel, &detail),
            Rejection::Unavailable(error) => error.into(),
        }
    }
}

impl From<JobError> for ApiError {
    fn from(error: JobError) -> Self {
        let code = match &error {
            JobError::Draining => ErrorCode::Draining,
            JobError::Deadline => ErrorCode::Deadline,
            JobError::NoModel(_) => ErrorCode::NoModel,
            JobError::Input(_) => ErrorCode::SizeMismatch,
            JobError::OutOfMemory => ErrorCode::OutOfMemory,
            JobError::Model(message) => {
                tracing::error!("a forward failed: {message}");
                return Self::new(
                    ErrorCode::ModelFailed,
                    "the model failed on this picture; the log says how",
                );
            }
            JobError::Cancelled => ErrorCode::Cancelled,
            JobError::Panicked => ErrorCode::Internal,
        };
        Self::new(code, &error.to_string())
    }
}

impl From<SwitchError> for ApiError {
    fn from(error: SwitchError) -> Self {
        let detail = error.to_string();
        match error {
            SwitchError::Unavailable(error) => error.into(),
            SwitchError::Load(_) => Self::new(ErrorCode::ModelFailed, &detail),
            SwitchError::Draining => Self::new(ErrorCode::Draining, &detail),
        }
    }
}

impl From<DownloadRefusal> for ApiError {
    fn from(error: DownloadRefusal) -> Self {
        let code = match &error {
            DownloadRefusal::Unknown(_) => ErrorCode::UnknownModel,
            DownloadRefusal::Disabled => ErrorCode::DownloadsForbidden,
            DownloadRefusal::NoAddress(_) => ErrorCode::NoDownload,
            DownloadRefusal::Draining => ErrorCode::Draining,
            DownloadRefusal::Thread(_) => ErrorCode::Internal,
        };
        Self::new(code, &error_advice::download_refusal(&error))
    }
}

impl From<CodecPanicked> for ApiError {
    fn from(error: CodecPanicked) -> Self {
        Self::new(ErrorCode::Internal, &error.to_string())
    }
}

impl From<NotOffered> for ApiError {
    fn from(error: NotOffered) -> Self {
        Self::new(ErrorCode::NotOffered, &error.to_string())
    }
}

impl From<EncodeError> for ApiError {
    fn from(error: EncodeError) -> Self {
        Self::new(ErrorCode::Internal, &error.to_string())
    }
}

impl From<MultipartError> for ApiError {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => body_too_large(),
            _ => Self::of_body(&error).unwrap_or_else(|| {
                Self::new(
                    ErrorCode::InvalidForm,
                    "the multipart form can't be read; is it cut off?",
                )
            }),
        }
    }
}

/// The body is over the limit.
#[must_use]
pub fn body_too_large() -> ApiError {
    ApiError::new(
        ErrorCode::BodyTooLarge,
        "the request's body is too long; the limit is --max-body-mib",
    )
}

/// The body came too slowly.
#[must_use]
pub fn body_too_slow() -> ApiError {
    ApiError::new(
        ErrorCode::BodyTooSlow,
        "the request's body comes too slowly; the limit is --min-body-rate",
    )
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut characters = text.chars();
    let mut sentence: String = characters
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    sentence.push_str(characters.as_str());
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_that_clients_read() {
        let names = ErrorCode::names();
        for code in [ErrorCode::NoInputImage, ErrorCode::QueueFull, ErrorCode::Deadline] {
            assert!(names.contains(&code.name()), "{names:?}");
        }
        assert_eq!(ErrorCode::QueueFull.name(), "queue-full");
    }

    #[test]
    fn details_are_sentences() {
        assert_eq!(sentence("there is nothing"), "There is nothing.");
        assert_eq!(sentence("Is it cut off?"), "Is it cut off?");
        assert_eq!(sentence(""), ".");
    }
}

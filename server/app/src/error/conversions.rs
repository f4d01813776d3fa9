//! Conversions of the errors of lower layers into [`ApiError`].

use iopaint_engine::{DownloadRefusal, JobError, Rejection, SwitchError, Unavailable};
use iopaint_imaging::{EncodeError, PatchError};

use super::api_error::ApiError;
use super::code::ErrorCode;
use crate::codec::CodecPanicked;
use crate::error_advice;
use crate::files::NotOffered;

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        Self::new(ErrorCode::UnknownModel, &error_advice::unavailable(&error))
    }
}

impl From<Rejection> for ApiError {
    fn from(error: Rejection) -> Self {
        let detail = error.to_string();
        match error {
            Rejection::Full { retry_after } => {
                Self::new(ErrorCode::QueueFull, &detail).with_retry_after(retry_after)
            }
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
                tracing::error!(error = message, "Model inference failed");
                return Self::new(
                    ErrorCode::ModelFailed,
                    "the model failed on this image; see the server log",
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

impl From<PatchError> for ApiError {
    fn from(error: PatchError) -> Self {
        match error {
            PatchError::Decode(error) => Self::image("image", &error),
            PatchError::Encode(error) => error.into(),
        }
    }
}

impl From<EncodeError> for ApiError {
    fn from(error: EncodeError) -> Self {
        Self::new(ErrorCode::Internal, &error.to_string())
    }
}

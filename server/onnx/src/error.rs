//! Errors of model files.

use rten::{LoadError, LoadErrorKind};

/// The failure to load a model file.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file, or a file with its weights, can't be read.
    #[error("the model file can't be read: {0}")]
    Read(String),
    /// The content isn't a valid ONNX model.
    #[error("the file is not an ONNX model or is damaged: {0}")]
    Damaged(String),
    /// An operator, or a variant of one, that the runtime doesn't have.
    #[error("the model uses an operator that is not supported: {0}")]
    UnsupportedOperator(String),
    /// The model has another input than one batch of images.
    #[error("the model must have one input, a float tensor of shape [N, C, H, W], but has {0}")]
    Input(String),
}

impl From<LoadError> for ModelFileError {
    fn from(error: LoadError) -> Self {
        let message = error.to_string();
        match error.kind() {
            LoadErrorKind::IoError | LoadErrorKind::ExternalDataError => Self::Read(message),
            LoadErrorKind::OperatorInvalid => Self::UnsupportedOperator(message),
            _ => Self::Damaged(message),
        }
    }
}

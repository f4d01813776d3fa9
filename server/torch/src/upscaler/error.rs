//! Errors of loading an upscaling network.

use tch::TchError;

use crate::StateDictError;

/// An error of loading an upscaling network.
#[derive(Debug, thiserror::Error)]
pub enum UpscalerLoadError {
    /// The file can't be read.
    #[error(transparent)]
    StateDict(#[from] StateDictError),
    /// The names are those of neither architecture.
    #[error("the state dict belongs to neither RRDBNet nor SRVGGNetCompact")]
    Architecture,
    /// A tensor is missing.
    #[error("the state dict has no tensor {0:?}")]
    Missing(String),
    /// A tensor doesn't belong to the architecture.
    #[error("the state dict has an unknown tensor {0:?}")]
    Unknown(String),
    /// A tensor has another shape than the architecture requires.
    #[error("the tensor {name:?} has shape {found:?} instead of {expected}")]
    Shape {
        /// The tensor's name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The required shape.
        expected: String,
    },
    /// libtorch can't build the network.
    #[error("libtorch can't build the network ({0})")]
    Torch(String),
}

impl From<TchError> for UpscalerLoadError {
    fn from(error: TchError) -> Self {
        Self::Torch(error.to_string())
    }
}

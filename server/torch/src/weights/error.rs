//! Errors of building a network from a state dict.

use tch::TchError;

use crate::StateDictError;

/// An error of building a network from a state dict.
#[derive(Debug, thiserror::Error)]
pub enum NetworkLoadError {
    /// The file can't be read.
    #[error(transparent)]
    StateDict(#[from] StateDictError),
    /// The names are those of another architecture.
    #[error("the state dict belongs to another architecture than {expected}")]
    Architecture {
        /// The supported architectures.
        expected: &'static str,
    },
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

impl From<TchError> for NetworkLoadError {
    fn from(error: TchError) -> Self {
        Self::Torch(error.to_string())
    }
}

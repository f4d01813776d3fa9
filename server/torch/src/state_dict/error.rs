//! Errors of reading a state dict.

/// An error of reading a state dict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateDictError {
    /// The file begins like no file of `torch.save` or safetensors.
    #[error("the file is not a PyTorch state dict, nor a safetensors file")]
    UnknownFormat,
    /// The file is truncated or contradicts itself.
    #[error("the state dict is damaged: {0}")]
    Damaged(String),
    /// The file is intact but uses a feature other than plain tensors.
    #[error("the state dict is not supported: {0}")]
    Unsupported(String),
    /// The file refers to a Python object outside the list of those that describe tensors.
    #[error("the file refers to the Python object {0:?}; a state dict may contain tensors only")]
    ForbiddenGlobal(String),
    /// The operating system can't read the file.
    #[error("the file can't be read: {0}")]
    Read(String),
    /// A limit is exceeded.
    #[error("the state dict is too large: more than {limit} {unit}")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// The counted things.
        unit: &'static str,
    },
}

impl StateDictError {
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }

    pub(super) fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }
}

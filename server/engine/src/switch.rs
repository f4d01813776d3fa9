//! How a change of the current model can fail.

/// Why the current model wasn't changed. It goes on serving.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// The model can't serve.
    #[error(transparent)]
    Unavailable(#[from] crate::job::Unavailable),
    /// It could not be loaded; the sentence says why.
    #[error("{0}")]
    Load(String),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
}

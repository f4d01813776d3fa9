//! Errors of a change of the current model.

/// Error of a change of the current model; the previous model stays current.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// The model does not exist or its files are missing.
    #[error(transparent)]
    Unavailable(#[from] crate::job::Unavailable),
    /// The model could not be loaded; the message contains the cause.
    #[error("{0}")]
    Load(String),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
}

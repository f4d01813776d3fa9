//! Errors for unsupported TIFF features.

use crate::DecodeError;

/// Returns the error for a file with an unsupported `feature`.
pub(super) fn unsupported(feature: impl std::fmt::Display) -> DecodeError {
    DecodeError::unsupported(format!("A TIFF with {feature}"))
}

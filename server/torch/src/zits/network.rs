//! Loading of the networks, and errors that name them.

use iopaint_inpaint::ForwardError;

use crate::module::{Loading, Module};
use crate::{Device, Source, TorchScriptError};

/// Returns the options of networks whose graphs aren't rewritten: the rewriting requires four-dimensional
/// inputs and a single result.
pub(super) fn unchanged(device: Device) -> Loading {
    Loading {
        optimize: false,
        ..Loading::on(device)
    }
}

/// Loads a network; `name` is part of errors.
pub(super) fn load_network(
    name: &str,
    source: Source<'_>,
    loading: Loading,
) -> Result<Module, TorchScriptError> {
    Module::read(source, loading).map_err(|error| match error {
        TorchScriptError::NotTorchScript(reason) => {
            TorchScriptError::NotTorchScript(format!("{name} network: {reason}"))
        }
        other => other,
    })
}

/// Adds the name of a network to the message of its failure.
pub(super) fn named<T>(name: &str, result: Result<T, ForwardError>) -> Result<T, ForwardError> {
    result.map_err(|error| match error {
        ForwardError::Failed(reason) => ForwardError::Failed(format!("{name} network: {reason}")),
        other => other,
    })
}

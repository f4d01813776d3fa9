//! A model of a plugin.

use iopaint_engine::ModelContract;

/// A model of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginModel {
    /// Name of the model.
    pub name: String,
    /// Inputs and outputs.
    pub contract: ModelContract,
}

//! The registry of models: those of `models/registry.toml` and the user's own.

mod builtin_file;
mod overrides;
mod parse;
mod spec;
#[cfg(test)]
mod tests;
mod user;

pub use builtin_file::{BuiltinFile, DamagedBuiltinFile};
pub use spec::{
    FileSpec, Hashes, HubFile, ModelContract, ModelSpec, ModelTask, Origin, PluginKind, PluginSpec,
};

use std::ffi::OsString;
use std::path::PathBuf;

/// Contents of `models/registry.toml`.
const KNOWN_MODELS: &str = include_str!("../../../../models/registry.toml");

/// All models, in display order.
#[derive(Clone, Debug)]
pub struct Registry {
    models: Vec<ModelSpec>,
    plugins: Vec<PluginSpec>,
}

/// Error in a model description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// `models/registry.toml` is invalid.
    #[error("the built-in model registry is invalid: {0}")]
    Known(String),
    /// A user's model description is invalid.
    #[error("the model description {file} is invalid: {reason}")]
    Description {
        /// File name, without folders.
        file: String,
        /// Cause.
        reason: String,
    },
    /// An environment variable is invalid.
    #[error("the environment variable {variable} is invalid: {reason}")]
    Variable {
        /// Name of the variable.
        variable: String,
        /// Cause.
        reason: String,
    },
}

impl Registry {
    /// Returns the models of `models/registry.toml`.
    ///
    /// # Errors
    /// [`RegistryError::Known`] if the embedded file is invalid, which a test rules out.
    pub fn known() -> Result<Self, RegistryError> {
        Self::from_toml(KNOWN_MODELS)
    }

    /// Returns the models of `models/registry.toml` with overrides from the environment, and the user's own
    /// models in `folders`. `env` reads an environment variable. The second value contains the errors of
    /// invalid variables and descriptions, which the caller should log.
    ///
    /// # Errors
    /// As [`Registry::known`].
    pub fn load(
        folders: &[PathBuf],
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(Self, Vec<RegistryError>), RegistryError> {
        let mut registry = Self::known()?;
        let mut errors = registry.apply_env(env);
        errors.extend(registry.add_user_models(folders));
        Ok((registry, errors))
    }

    /// Parses a text in the format of `models/registry.toml`.
    ///
    /// # Errors
    /// [`RegistryError::Known`] with the position of the error.
    pub fn from_toml(text: &str) -> Result<Self, RegistryError> {
        let (models, plugins) = parse::known_models(text).map_err(RegistryError::Known)?;
        Ok(Self { models, plugins })
    }

    /// Returns the model `name`; case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ModelSpec> {
        self.models.iter().find(|spec| spec.name == name)
    }

    /// Returns the model `name` if it fills holes.
    #[must_use]
    pub fn get_inpainter(&self, name: &str) -> Option<&ModelSpec> {
        self.get(name).filter(|spec| spec.task() == ModelTask::Inpaint)
    }

    /// Returns the plugin `name`; case-sensitive.
    #[must_use]
    pub fn plugin(&self, name: &str) -> Option<&PluginSpec> {
        self.plugins.iter().find(|plugin| plugin.name == name)
    }

    /// Returns all plugins in display order.
    #[must_use]
    pub fn plugins(&self) -> &[PluginSpec] {
        &self.plugins
    }

    /// Iterates over the models of `task` in display order.
    pub fn of_task(&self, task: ModelTask) -> impl Iterator<Item = &ModelSpec> {
        self.models.iter().filter(move |spec| spec.task() == task)
    }

    /// Iterates over all models in display order.
    pub fn iter(&self) -> impl Iterator<Item = &ModelSpec> {
        self.models.iter()
    }
}

//! Which models there are: those the program knows (`models/registry.toml`) and the user's own.

mod info;
mod overrides;
mod parse;
mod spec;
#[cfg(test)]
mod tests;
mod user;

pub use info::ModelInfo;
pub use spec::{FileSpec, Hashes, ModelContract, ModelSpec, ModelType, Origin};

use std::ffi::OsString;

use crate::locate::ModelStore;

/// The text of `models/registry.toml`.
const KNOWN_MODELS: &str = include_str!("../../../../models/registry.toml");

/// The models that can be asked for by name, in the order in which they are shown.
#[derive(Clone, Debug)]
pub struct Registry {
    models: Vec<ModelSpec>,
}

/// A description of models that can't be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The list of known models is wrong.
    #[error("the list of known models: {0}")]
    Known(String),
    /// A user's description can't be used.
    #[error("the model description {file} can't be used: {reason}")]
    Description {
        /// Its name, without folders.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// An environment variable can't be used.
    #[error("the environment variable {variable} can't be used: {reason}")]
    Variable {
        /// Its name.
        variable: String,
        /// What is wrong.
        reason: String,
    },
}

impl Registry {
    /// The models that the program knows.
    ///
    /// # Errors
    /// [`RegistryError::Known`] where the embedded list is wrong, which a test rules out.
    pub fn known() -> Result<Self, RegistryError> {
        Self::from_toml(KNOWN_MODELS)
    }

    /// The models that the program knows, moved as the environment says, and the user's own. `env` reads an
    /// environment variable. The second value holds what can't be used; the caller should log it.
    ///
    /// # Errors
    /// As [`Registry::known`].
    pub fn load(
        store: &ModelStore,
        env: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(Self, Vec<RegistryError>), RegistryError> {
        let mut registry = Self::known()?;
        let mut refused = registry.apply_env(env);
        refused.extend(registry.add_user_models(store));
        Ok((registry, refused))
    }

    /// The models of a text in the form of `models/registry.toml`.
    ///
    /// # Errors
    /// [`RegistryError::Known`] with a sentence that names the place.
    pub fn from_toml(text: &str) -> Result<Self, RegistryError> {
        Ok(Self {
            models: parse::known_models(text).map_err(RegistryError::Known)?,
        })
    }

    /// The model called `name`, in exactly these letters.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ModelSpec> {
        self.models.iter().find(|spec| spec.name == name)
    }

    /// All models.
    pub fn iter(&self) -> impl Iterator<Item = &ModelSpec> {
        self.models.iter()
    }
}

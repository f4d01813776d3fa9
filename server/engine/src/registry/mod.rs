//! Which models there are: those the program knows (`models/registry.toml`) and the user's own.

mod info;
mod parse;
mod spec;

pub use info::ModelInfo;
pub use spec::{FileSpec, Format, Hashes, ModelSpec, ModelType, Origin};

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
}

impl Registry {
    /// The models that the program knows.
    ///
    /// # Errors
    /// [`RegistryError::Known`] where the embedded list is wrong, which a test rules out.
    pub fn known() -> Result<Self, RegistryError> {
        Self::from_toml(KNOWN_MODELS)
    }

    /// The models of a text in the form of `models/registry.toml`.
    ///
    /// # Errors
    /// [`RegistryError::Known`] with a sentence that names the place.
    pub fn from_toml(text: &str) -> Result<Self, RegistryError> {
        let known = parse::known_models(text).map_err(RegistryError::Known)?;
        Ok(Self {
            models: known.into_iter().map(|known| known.spec).collect(),
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

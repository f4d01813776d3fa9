//! A model in memory.

use iopaint_inpaint::Inpainter;
use iopaint_vision::Network;

/// A model in memory, by the interface of its task.
pub enum LoadedModel {
    /// A model that fills holes.
    Inpainter(Box<dyn Inpainter>),
    /// A network of a plugin.
    Network(Box<dyn Network>),
}

impl<T: Inpainter + 'static> From<Box<T>> for LoadedModel {
    fn from(model: Box<T>) -> Self {
        Self::Inpainter(model)
    }
}

impl LoadedModel {
    /// Returns true if the model fills holes.
    #[must_use]
    pub fn is_inpainter(&self) -> bool {
        matches!(self, Self::Inpainter(_))
    }
}

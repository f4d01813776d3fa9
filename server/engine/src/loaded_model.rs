//! A model in memory.

use iopaint_inpaint::Inpainter;
use iopaint_vision::Network;
use iopaint_vision::selection::{EmbeddingCache, MapCache, PromptNetwork};

/// A model in memory, by the interface of its task.
pub enum LoadedModel {
    /// A model that fills holes.
    Inpainter(Box<dyn Inpainter>),
    /// A network of a plugin.
    Network(LoadedNetwork),
    /// A network of a plugin that takes prompts.
    PromptNetwork(LoadedPromptNetwork),
}

/// A network of a plugin, and the maps that it keeps between jobs until it is unloaded.
pub struct LoadedNetwork {
    pub(crate) network: Box<dyn Network>,
    pub(crate) maps: MapCache,
}

/// A network that takes prompts, and the embeddings that it keeps between jobs until it is unloaded.
pub struct LoadedPromptNetwork {
    pub(crate) network: Box<dyn PromptNetwork>,
    pub(crate) embeddings: EmbeddingCache,
}

impl From<Box<dyn PromptNetwork>> for LoadedModel {
    fn from(network: Box<dyn PromptNetwork>) -> Self {
        Self::PromptNetwork(LoadedPromptNetwork {
            network,
            embeddings: EmbeddingCache::default(),
        })
    }
}

impl From<Box<dyn Network>> for LoadedModel {
    fn from(network: Box<dyn Network>) -> Self {
        Self::Network(LoadedNetwork {
            network,
            maps: MapCache::default(),
        })
    }
}

impl<T: Inpainter + 'static> From<Box<T>> for LoadedModel {
    fn from(model: Box<T>) -> Self {
        Self::Inpainter(model)
    }
}

/// A handle of a loaded model, which runs one job at a time.
pub(crate) struct ModelHandle {
    pub model: LoadedModel,
    /// Index of the device that has this copy of the weights; `None`: model threads of all devices may run
    /// it.
    pub device: Option<usize>,
}

impl ModelHandle {
    /// Returns true if model threads of the device may run this handle.
    pub fn runs_on(&self, device: usize) -> bool {
        self.device.is_none_or(|own| own == device)
    }
}

impl LoadedModel {
    /// Returns true if the model fills holes.
    #[must_use]
    pub fn is_inpainter(&self) -> bool {
        matches!(self, Self::Inpainter(_))
    }
}

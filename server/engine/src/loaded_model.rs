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

impl LoadedModel {
    /// Returns another handle of the model for overlapping runs; `None` if its runs must not overlap. Those
    /// of networks don't, since they keep maps or embeddings between jobs.
    pub(crate) fn share(&self) -> Option<Self> {
        match self {
            Self::Inpainter(model) => model.share().map(Self::Inpainter),
            Self::Network(_) | Self::PromptNetwork(_) => None,
        }
    }

    /// Returns true if the model fills holes.
    #[must_use]
    pub fn is_inpainter(&self) -> bool {
        matches!(self, Self::Inpainter(_))
    }
}

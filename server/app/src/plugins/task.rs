//! The work of a plugin.

use iopaint_vision::selection::Prompt;
use iopaint_vision::{TextOptions, upscaled_size};

use super::model::PluginModel;

/// The work of a plugin and its parameters.
#[derive(Clone, Debug)]
pub enum PluginTask {
    /// Selects an object.
    Select(Prompt),
    /// Selects text.
    SelectText(TextOptions),
    /// Separates the main object from the background.
    RemoveBackground,
    /// Enlarges the image.
    Upscale {
        /// Factor of both sides, above 0.
        scale: f64,
        /// Largest forward pass in pixels.
        max_forward_pixels: u64,
    },
    /// Restores the faces.
    RestoreFaces {
        /// Largest forward pass in pixels.
        max_forward_pixels: u64,
        /// The upscaling model that repaints the background at the image's size; `None`: the background is
        /// kept.
        background: Option<PluginModel>,
    },
}

impl PluginTask {
    /// Returns the model that repaints the background before the task's own model runs.
    #[must_use]
    pub fn background(&self) -> Option<&PluginModel> {
        match self {
            Self::RestoreFaces { background, .. } => background.as_ref(),
            _ => None,
        }
    }

    /// Returns the number of pixels of the result for an image of `width` x `height` pixels.
    #[must_use]
    pub fn result_pixels(&self, (width, height): (u32, u32)) -> u64 {
        let (width, height) = match self {
            Self::Upscale { scale, .. } => upscaled_size(width, height, *scale).unwrap_or((width, height)),
            _ => (width, height),
        };
        u64::from(width) * u64::from(height)
    }
}

//! Limits of a run.

/// Limits of an upscaling run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpscaleOptions {
    /// Side of a tile in pixels of the image, without padding.
    pub tile: u32,
    /// The largest forward pass in pixels of the image, with padding. Tiles shrink to respect it.
    pub max_forward_pixels: u64,
    /// The largest output of the network in pixels, before it is resized to the requested scale.
    pub max_output_pixels: u64,
}

impl Default for UpscaleOptions {
    /// Real-ESRGAN's tiles of 512 pixels, and no limits.
    fn default() -> Self {
        Self {
            tile: 512,
            max_forward_pixels: u64::MAX,
            max_output_pixels: u64::MAX,
        }
    }
}

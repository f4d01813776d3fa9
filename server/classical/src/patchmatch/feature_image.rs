//! The image that patches are compared in.

use super::features::Features;

/// Feature vectors and the hole of an image, row by row.
pub(super) struct FeatureImage {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Features>,
    /// True for pixels to fill.
    pub(super) hole: Vec<bool>,
}

//! Regions of text, and the options of their detection.

use iopaint_imaging::Rect;

/// A line or word of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextRegion {
    /// The corners (x, y) in pixels of the image, clockwise, beginning with the one of the smallest x + y.
    /// They may lie outside the image.
    pub polygon: [(f32, f32); 4],
    /// Mean text probability in the region, 0 to 1.
    pub score: f32,
}

/// Options of text detection and text masks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextOptions {
    /// Smallest score of a region, 0 to 1. `PaddleOCR`'s default: 0.5.
    pub min_score: f32,
    /// The part of the image to search, in pixels; `None` for the whole image. Small parts are searched at a
    /// higher resolution.
    pub region: Option<Rect>,
    /// Dilation of the mask in pixels, in addition to that for outline and shadow.
    pub growth_px: u8,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            min_score: 0.5,
            region: None,
            growth_px: 0,
        }
    }
}

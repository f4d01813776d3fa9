//! Bytes to pixels and back: sniffing, limits, decoding, orientation, alpha, metadata, encoding, resizing, mask
//! operations. Knows neither libtorch nor HTTP.
//!
//! A file becomes a [`Picture`]: 8-bit RGB for the model, with everything that must survive an edit (alpha,
//! 16-bit samples, colour profile, EXIF, text) kept beside it. [`encode`] puts the parts together again.

pub use image::{GrayImage, RgbImage};

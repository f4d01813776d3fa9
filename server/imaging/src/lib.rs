//! Bytes to pixels and back: sniffing, limits, decoding, orientation, alpha, metadata, encoding, resizing, mask
//! operations. Knows neither libtorch nor HTTP.
//!
//! A file becomes a [`Picture`]: 8-bit RGB for the model, with everything that must survive an edit (alpha,
//! 16-bit samples, colour profile, EXIF, text) kept beside it. [`Picture::encode`] puts the parts together again.

mod colour;
mod components;
mod decode;
mod distance;
mod encode;
mod error;
mod format;
mod mask;
mod metadata;
pub mod morphology;
mod orientation;
mod picture;
mod probe;
pub mod resize;
pub mod simd_dispatch;
mod text;

pub use components::{for_each_component, majority};
pub use decode::{decode, decode_mask};
pub use distance::distance_to_known;
pub use encode::{EncodeOptions, Encoded, encode_overlay};
pub use error::{DecodeError, EncodeError};
pub use format::ImageFormat;
pub use image::{GrayImage, RgbImage, metadata::Orientation};
pub use mask::threshold;
pub use picture::{GrayImage16, Picture, RgbImage16};
pub use probe::{Header, Limits, probe};
pub use text::png_text;

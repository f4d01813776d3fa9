//! Image files: format detection, size limits, decoding, orientation, alpha, metadata, encoding, resizing,
//! mask operations and minimum cuts. Independent of libtorch and HTTP.
//!
//! A decoded file is a [`Picture`]: 8-bit RGB for the model, and the [`PreservedData`] (alpha, 16-bit
//! samples, colour profile, EXIF, text). [`PreservedData::encode`] combines the edited pixels with that data.

pub mod bilinear;
mod colour;
mod colour_inverse;
mod components;
mod decode;
mod distance;
mod encode;
mod error;
mod format;
pub mod lanczos;
mod limits;
mod mask;
pub mod max_flow;
mod metadata;
pub mod morphology;
pub mod opencv_resize;
mod orientation;
mod picture;
mod probe;
mod rect;
mod resample;
pub mod resize;
pub mod simd_dispatch;
mod strokes;
mod text;

pub use components::{for_each_component, majority};
pub use decode::{decode, decode_mask};
pub use distance::distance_to_known;
pub use encode::{
    DEFAULT_QUALITY, EncodeOptions, Encoded, Patch, encode_mask, encode_overlay, encode_patched,
};
pub use error::{DecodeError, EncodeError, PatchError};
pub use format::ImageFormat;
pub use image::{GrayImage, RgbImage, metadata::Orientation};
pub use limits::DecodeLimits;
pub use mask::{Coverage, Mask, Threshold};
pub use picture::{GrayImage16, Picture, PreservedData, RgbImage16};
pub use probe::{Header, probe};
pub use rect::{Rect, grown_span};
pub use strokes::cover_strokes;
pub use text::png_text;

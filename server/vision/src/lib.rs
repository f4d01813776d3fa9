//! Image understanding: cut-outs, selection of objects, text detection, upscaling and restoration of faces on
//! top of a [`Network`], and the structure of images. Independent of the runtime that executes the network,
//! and of HTTP.

mod bilinear;
mod cutout;
mod faces;
mod guided_filter;
mod network;
mod parallel;
mod saliency;
pub mod selection;
pub mod structure;
mod tensor;
mod text;
mod upscale;

pub use cutout::{CutOut, cut_out, estimate_foreground, refine_alpha};
pub use faces::{FaceNetworks, restore_faces};
pub use network::{FaceStages, Network};
pub use saliency::{Framing, OutputScale, SaliencySpec, SampleScale, saliency};
pub use tensor::{ShapeError, Tensor};
pub use text::{TextNetworks, TextOptions, TextRegion, detect_text, select_text, text_mask};
pub use upscale::{MAX_SCALE as MAX_UPSCALE, UpscaleOptions, upscale, upscale_alpha, upscaled_size};

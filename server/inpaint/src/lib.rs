//! The inpainting pipeline: strategies for large images, crop regions, padding, composition, and the
//! [`Inpainter`] trait of models. Independent of libtorch and HTTP.
//!
//! Results equal those of `IOPaint` 1.6.0 (Apache-2.0) for the same model file. The algorithms and constants
//! follow it; the code is independent.

mod auto;
mod bicubic_f64;
mod bicubic_u8;
mod components;
mod compose;
mod contours;
mod crop;
mod detail;
mod disjoint_sets;
mod downsampling;
mod feather;
mod filled_area;
mod forward;
pub mod harmonic_fill;
mod model;
mod monitor;
mod options;
mod outcome;
mod pad;
mod pipeline;
mod scaling;
mod seam_blending;

pub use auto::{CONTEXT as AUTO_CONTEXT_PX, MAX_SINGLE_REGION_SIDE as AUTO_MAX_SINGLE_REGION_SIDE_PX};
pub use detail::Detail;
pub use downsampling::{downsampled_hole, downsampled_rgb, pooled};
pub use iopaint_imaging::Rect;
pub use model::{Context, ForwardError, Inpainter, Padding, Window};
pub use monitor::{Monitor, Stop, Unmonitored};
pub use options::{
    Cv2Algorithm, Cv2Options, HdStrategy, InpaintOptions, LdmOptions, LdmSampler, ZitsOptions,
};
pub use outcome::{InpaintError, InpaintOutput, InpaintRun};
pub use pipeline::{inpaint, inpaint_in_place};

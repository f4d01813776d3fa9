//! Fills that need no weights: algorithms that are models to the pipeline, as networks are. Knows neither libtorch
//! nor HTTP.

mod by_depth;
mod cv2;
mod patchmatch;
mod plain;

pub use by_depth::ByDepth;
pub use cv2::Cv2;
pub use patchmatch::PatchMatch;

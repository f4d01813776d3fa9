//! Fills that need no weights: algorithms that are models to the pipeline, as networks are. Knows neither libtorch
//! nor HTTP.

mod cv2;
mod hybrid;
mod patchmatch;
mod plain;

pub use cv2::Cv2;
pub use hybrid::HybridInpainter;
pub use patchmatch::PatchMatch;

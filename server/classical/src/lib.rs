//! Fills that need no weights: algorithms that are models to the pipeline, as networks are. Knows neither libtorch
//! nor HTTP.

mod patchmatch;

pub use patchmatch::PatchMatch;

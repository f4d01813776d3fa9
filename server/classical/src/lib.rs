//! Inpainting without network weights: `OpenCV`'s algorithms, patch-based completion and planar fits, as
//! implementations of [`iopaint_inpaint::Inpainter`]. This crate depends neither on libtorch nor on HTTP.

mod cv2;
mod hybrid;
mod patchmatch;
mod planar_fill;

pub use cv2::Cv2;
pub use hybrid::HybridInpainter;
pub use patchmatch::PatchMatch;

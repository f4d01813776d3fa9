//! Text: regions by a detection network with differentiable binarization (`PP-OCR`'s detectors), and the mask
//! of the letters in them.

mod area;
mod colours;
mod detect;
mod evidence;
mod extend;
mod geometry;
mod input;
mod lines;
mod mask;
mod networks;
mod pass;
mod patch;
mod reduction;
mod regions;
mod samples;
mod segment;
mod select;
mod strokes;
mod types;

pub use detect::detect_text;
pub use mask::text_mask;
pub use networks::TextNetworks;
pub use select::select_text;
pub use types::{TextOptions, TextRegion};

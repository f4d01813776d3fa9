//! The structure of images, as the input of inpainting networks that continue it (Dong et al. 2022,
//! "Incremental Transformer Structure Enhanced Image Inpainting with Masking Positional Encoding"): edges,
//! straight lines, and the position of pixels inside the hole.

mod canny;
mod line_map;
mod position;

pub use canny::canny;
pub use line_map::{Line, line_map};
pub use position::PositionEncoding;

#[cfg(test)]
mod tests;

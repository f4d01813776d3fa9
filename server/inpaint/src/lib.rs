//! The pipeline on pixels: strategies, crop boxes, padding, composition, and the [`Inpainter`] trait that a model
//! implements. Knows neither libtorch nor HTTP.
//!
//! The numbers follow `IOPaint` 1.6.0 (Apache-2.0), whose results the same model file gives here too; the code is
//! this project's own.

mod auto;
mod compose;
mod contours;
mod crop;
mod cubic;
mod detail;
mod forest;
mod forward;
mod halving;
mod job;
mod membrane;
mod model;
mod options;
mod pad;
mod pipeline;
mod rect;
mod resample;
mod scaling;
mod seam;

pub use detail::Detail;
pub use halving::{halved_hole, halved_rgb};
pub use job::{InpaintError, InpaintOutput, Monitor, Stop, Unmonitored};
pub use model::{Context, ForwardError, Inpainter, Padding, Window};
pub use options::{Cv2Algorithm, Cv2Options, HdStrategy, Options};
pub use pipeline::inpaint;
pub use rect::{Rect, changed_box};

//! Jobs on one image in memory: check the sizes, admit, reserve memory, decode, run, encode. The HTTP routes
//! and the MCP tools share them; each adds its own input, output and error format.

mod caller;
mod fill_job;
mod plugin_job;

pub use caller::Caller;
pub use fill_job::{FillMask, FillRequest, run_fill};
pub use plugin_job::{EncodedImage, run_plugin};

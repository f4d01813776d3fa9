//! Plugins: features beside inpainting that run a network of their own. The routes, the command line and MCP
//! share them.

mod admission;
mod enabled;
mod half_progress;
mod model;
mod output;
mod run;
mod task;

pub use admission::AdmittedTask;
pub use enabled::{PluginChoices, PluginStatus, Plugins};
pub use model::PluginModel;
pub use output::{gray_png, image_png, mask, overlay_png};
pub use run::{PluginError, PluginInput, PluginOutput, PluginValue, run};
pub use task::PluginTask;

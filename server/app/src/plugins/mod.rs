//! Plugins: features beside inpainting that run a network of their own. The routes, the command line and MCP
//! share them.

mod enabled;
mod output;
mod run;

pub use enabled::{PluginChoices, PluginModel, PluginStatus, Plugins};
pub use output::{gray_png, image_png, mask, overlay_png};
pub use run::{PluginError, PluginInput, PluginOutput, PluginTask, PluginValue, run};

//! Flags of `iopaint mcp`.

use clap::Args;

use super::PluginArgs;
use super::shared_args::{FolderArgs, ImageArgs, ModelArgs};

/// Flags of `iopaint mcp`. Each one is also read from `IOPAINT_<FLAG>`.
#[derive(Args, Clone, Debug)]
#[command(args_override_self = true)]
pub struct McpArgs {
    /// Flags of the model and its device.
    #[command(flatten)]
    pub models: ModelArgs,
    /// Flags of input images and results.
    #[command(flatten)]
    pub images: ImageArgs,
    /// Folders that clients may use.
    #[command(flatten)]
    pub folders: FolderArgs,
    /// Flags of the plugins.
    #[command(flatten)]
    pub plugins: PluginArgs,
}

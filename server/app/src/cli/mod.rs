//! The command line: names and defaults of IOPaint 1.6.0, and the flags of this server.

mod ignored_args;
mod limit_args;
mod mcp_args;
mod parse;
mod plugin_args;
mod plugin_run_args;
mod run_args;
mod shard;
mod shared_args;
mod start_args;

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};

pub use ignored_args::IgnoredArgs;
pub use limit_args::{LIMITS, LimitArgs};
pub use mcp_args::McpArgs;
pub use parse::parse;
pub use plugin_args::PluginArgs;
pub use plugin_run_args::{CutoutArgs, PluginRunArgs, UpscaleArgs};
pub use run_args::{AutoMask, MaskArg, RunArgs};
pub use shard::Shard;
pub use shared_args::{FolderArgs, ImageArgs, ModelArgs};
pub use start_args::{LogFormat, StartArgs};

use shared_args::parse_switch;

/// Inpainting server that removes objects from images, on your own machine.
#[derive(Debug, Parser)]
#[command(name = "iopaint", version, args_override_self = true)]
pub struct Cli {
    /// Subcommand to run.
    #[command(subcommand)]
    pub command: Command,
}

/// Subcommands of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts the server and its web page.
    Start(Box<StartArgs>),
    /// Fills an image or a folder of images, without a server.
    #[command(after_help = run_args::EXIT_CODES)]
    Run(Box<RunArgs>),
    /// Removes the background of an image or a folder of images, without a server.
    #[command(after_help = run_args::EXIT_CODES)]
    Cutout(Box<CutoutArgs>),
    /// Enlarges an image or a folder of images, without a server.
    #[command(after_help = run_args::EXIT_CODES)]
    Upscale(Box<UpscaleArgs>),
    /// Serves tools for language models on stdin and stdout, over the Model Context Protocol (MCP).
    Mcp(Box<McpArgs>),
    /// Downloads a model to the folder that `start` and `run` read.
    Download(DownloadArgs),
    /// Lists the models that need no download, one per line.
    List(ListArgs),
    /// Checks a running server; exits with 0 if it is ready. Use it for container health checks.
    Health(HealthArgs),
    /// Prints shell completions.
    Completions(CompletionsArgs),
    /// Prints the man page, or writes the man pages of all subcommands to a folder.
    Man(ManArgs),
    /// Accepted for IOPaint's scripts; prints a notice.
    #[command(hide = true)]
    StartWebConfig(StartWebConfigArgs),
    /// Accepted for IOPaint's scripts; prints a notice.
    #[command(hide = true)]
    InstallPluginsPackages,
}

/// Flags of `iopaint download`.
#[derive(Args, Clone, Debug)]
pub struct DownloadArgs {
    /// Model to download. An unknown name prints the list of models.
    #[arg(long)]
    pub model: String,
    /// Folder of model files. Default: `$XDG_CACHE_HOME` or `~/.cache`.
    #[arg(long, env = "IOPAINT_MODEL_DIR")]
    pub model_dir: Option<PathBuf>,
}

/// Flags of `iopaint list`.
#[derive(Args, Clone, Debug)]
pub struct ListArgs {
    /// Lists all models, also those of plugins and those not on disk, with task, size, state and licence.
    #[arg(long)]
    pub all: bool,
    /// Folder of model files. Default: `$XDG_CACHE_HOME` or `~/.cache`.
    #[arg(long, env = "IOPAINT_MODEL_DIR")]
    pub model_dir: Option<PathBuf>,
}

/// Flags of `iopaint completions`.
#[derive(Args, Clone, Debug)]
pub struct CompletionsArgs {
    /// Shell to generate completions for.
    pub shell: clap_complete::Shell,
}

/// Flags of `iopaint man`.
#[derive(Args, Clone, Debug)]
pub struct ManArgs {
    /// Folder to write the man pages of all subcommands to.
    #[arg(long)]
    pub output: Option<PathBuf>,
}

/// Flags of `iopaint start-web-config`.
#[derive(Args, Clone, Debug)]
pub struct StartWebConfigArgs {
    /// Ignored.
    #[arg(long, default_value = "config.json")]
    pub config_file: PathBuf,
}

/// Flags of `iopaint health`.
#[derive(Args, Clone, Debug)]
pub struct HealthArgs {
    /// Listen address of the server.
    #[arg(long, env = "IOPAINT_HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// Listen port of the server.
    #[arg(long, env = "IOPAINT_PORT", default_value = "8080")]
    pub port: u16,
    /// Maximum time to wait for the response, in seconds.
    #[arg(long, default_value = "5")]
    pub timeout: u64,
}

/// Returns the clap command that parses the command line; completions and man pages are generated from it
/// too.
#[must_use]
pub fn command() -> clap::Command {
    let model_help = |name: &'static str| {
        move |subcommand: clap::Command| subcommand.mut_arg("model", |model| model.help(name).long_help(name))
    };
    Cli::command()
        .mut_subcommand(
            "cutout",
            model_help("Model to use. Default: `u2netp`, which is built in"),
        )
        .mut_subcommand(
            "upscale",
            model_help("Model to use. Default: `realesr-animevideov3`, which is built in"),
        )
        .mut_subcommands(|subcommand| subcommand.mut_args(with_optional_value))
}

/// Lets a switch take a value (`--low-mem=false`), as environment variables and configuration files provide
/// it.
fn with_optional_value(argument: clap::Arg) -> clap::Arg {
    if !matches!(argument.get_action(), ArgAction::SetTrue) {
        return argument;
    }
    argument
        .action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_value("false")
        .hide_default_value(true)
        .default_missing_value("true")
        .value_parser(parse_switch)
}

//! The command line: the names and defaults of IOPaint's, and what is new here.

mod ignored;
mod limits;
mod run;
mod start;

use std::path::PathBuf;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};

pub use ignored::IgnoredFlags;
pub use limits::{LIMITS, LimitFlags};
pub use run::Run;
pub use start::Start;

/// The inpainting server: removes things from pictures, on your own machine.
#[derive(Debug, Parser)]
#[command(name = "iopaint", version, args_override_self = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts the server and its web page.
    Start(Box<Start>),
    /// Fills a picture or a folder of pictures, without a server.
    #[command(after_help = run::EXIT_CODES)]
    Run(Box<Run>),
    /// Downloads a model's file to where `start` and `run` look for it.
    Download(Download),
    /// Lists the models that can be used without a download, one a line.
    List(List),
    /// Asks a running server whether it can serve; exits 0 if so. Meant for containers' health checks.
    Health(Health),
    /// Prints a shell's completions of this command line.
    Completions(Completions),
    /// Prints the man page, or writes all of them into a folder.
    Man(Man),
    /// Of IOPaint's; there is no such page here, and it says so.
    #[command(hide = true)]
    StartWebConfig(StartWebConfig),
    /// Of IOPaint's; there is nothing to install, and it says so.
    #[command(hide = true)]
    InstallPluginsPackages,
}

/// Flags of `iopaint download`.
#[derive(Args, Clone, Debug)]
pub struct Download {
    /// The model. A name that isn't known is answered with those that are.
    #[arg(long)]
    pub model: String,
    /// Folder of the models' files; `$XDG_CACHE_HOME` or `~/.cache` where it isn't named.
    #[arg(long, env = "IOPAINT_MODEL_DIR")]
    pub model_dir: Option<PathBuf>,
}

/// Flags of `iopaint list`.
#[derive(Args, Clone, Debug)]
pub struct List {
    /// Folder of the models' files; `$XDG_CACHE_HOME` or `~/.cache` where it isn't named.
    #[arg(long, env = "IOPAINT_MODEL_DIR")]
    pub model_dir: Option<PathBuf>,
}

/// Flags of `iopaint completions`.
#[derive(Args, Clone, Debug)]
pub struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}

/// Flags of `iopaint man`.
#[derive(Args, Clone, Debug)]
pub struct Man {
    /// A folder to write the pages of all subcommands into.
    #[arg(long)]
    pub output: Option<PathBuf>,
}

/// Flags of `iopaint start-web-config`.
#[derive(Args, Clone, Debug)]
pub struct StartWebConfig {
    /// Accepted, without effect.
    #[arg(long, default_value = "config.json")]
    pub config_file: PathBuf,
}

/// Flags of `iopaint health`.
#[derive(Args, Clone, Debug)]
pub struct Health {
    /// The address that the server listens on.
    #[arg(long, env = "IOPAINT_HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// The port that the server listens on.
    #[arg(long, env = "IOPAINT_PORT", default_value = "8080")]
    pub port: u16,
    /// How long to wait for an answer, in seconds.
    #[arg(long, default_value = "5")]
    pub timeout: u64,
}

/// Which model runs, and where: flags of `start` and `run`.
#[derive(Args, Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "flags are independent switches")]
pub struct ModelFlags {
    /// Model that fills. Not named: `lama`, downloaded if need be; until then, or where that fails, the built-in one.
    #[arg(long, env = "IOPAINT_MODEL", default_value = "")]
    pub model: String,
    /// Folder of the models' files; `$XDG_CACHE_HOME` or `~/.cache` where it isn't named.
    #[arg(long, env = "IOPAINT_MODEL_DIR")]
    pub model_dir: Option<PathBuf>,
    /// Where models run: cpu, cuda or cuda:N. Without a usable GPU the processor is used, with a warning.
    #[arg(long, env = "IOPAINT_DEVICE", default_value = "cpu")]
    pub device: String,
    /// Spends less memory: smaller forwards, one model at a time.
    #[arg(long, env = "IOPAINT_LOW_MEM")]
    pub low_mem: bool,
    /// Rewrites a model's graph so that it runs faster on the processor; `--no-optimize-graph` runs it as it is.
    #[arg(
        long,
        env = "IOPAINT_OPTIMIZE_GRAPH",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value = "true",
        default_missing_value = "true",
        value_parser = switch
    )]
    pub optimize_graph: bool,
    /// Lets a GPU round what it multiplies to 10 bits (TF32); `--no-tf32` is slower and more exact.
    #[arg(
        long,
        env = "IOPAINT_TF32",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value = "true",
        default_missing_value = "true",
        value_parser = switch
    )]
    pub tf32: bool,
    /// Largest share of a GPU's memory that is taken, 0.05 to 1; the rest is for other programs.
    #[arg(long, env = "IOPAINT_GPU_MEMORY", default_value = "1", value_parser = share, help_heading = LIMITS)]
    pub gpu_memory: f64,
    /// Never downloads anything.
    #[arg(long, env = "IOPAINT_LOCAL_FILES_ONLY")]
    pub local_files_only: bool,
    /// Loads only models whose file has the known hash.
    #[arg(long, env = "IOPAINT_STRICT_MODELS")]
    pub strict_models: bool,
    /// Threads of one forward; the processors that this process may use where it isn't named.
    #[arg(long, env = "IOPAINT_THREADS")]
    pub threads: Option<usize>,
    /// Largest forward in pixels; a larger one runs scaled down. A pixel takes up to 1.7 kB of memory.
    #[arg(
        long,
        env = "IOPAINT_MAX_FORWARD_PIXELS",
        default_value = "4194304",
        help_heading = LIMITS
    )]
    pub max_forward_pixels: u64,
}

/// Which pictures are taken, and how results are written: flags of `start` and `run`.
#[derive(Args, Clone, Debug)]
pub struct PictureFlags {
    /// Largest image in pixels.
    #[arg(long, env = "IOPAINT_MAX_PIXELS", default_value = "100000000", help_heading = LIMITS)]
    pub max_pixels: u64,
    /// Longest side of an image in pixels.
    #[arg(long, env = "IOPAINT_MAX_SIDE", default_value = "32768", help_heading = LIMITS)]
    pub max_side: u32,
    /// Writes results without the input's metadata (but with its colour profile).
    #[arg(long, env = "IOPAINT_STRIP_METADATA")]
    pub strip_metadata: bool,
}

/// The command line as clap knows it, ready to be parsed or described.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command().mut_subcommands(|subcommand| subcommand.mut_args(with_value))
}

/// Lets a switch take a value (`--low-mem=false`), as its environment variable and a configuration file give it.
fn with_value(argument: clap::Arg) -> clap::Arg {
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
        .value_parser(switch)
}

/// A share of a GPU's memory. With less than a twentieth even CUDA's own libraries may not load.
fn share(text: &str) -> Result<f64, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|share| (0.05..=1.0).contains(share))
        .ok_or_else(|| "say a number from 0.05 to 1".to_owned())
}

/// A switch's value, as the environment writes it.
fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        _ => Err("say true or false".to_owned()),
    }
}

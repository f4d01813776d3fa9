//! The command line: the names and defaults of IOPaint's, and what is new here.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::root_path::RootPath;
use crate::settings::LogFormat;

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
    /// Asks a running server whether it can serve; exits 0 if so. Meant for containers' health checks.
    Health(Health),
}

/// Flags of `iopaint start`. Each is also read from `IOPAINT_<FLAG>`; a switch takes `--no-...` too.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of a command line that exists"
)]
#[derive(Args, Clone, Debug)]
#[command(args_override_self = true)]
pub struct Start {
    /// Address to listen on; 0.0.0.0 for all.
    #[arg(long, env = "IOPAINT_HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on; 0 for any that is free.
    #[arg(long, env = "IOPAINT_PORT", default_value = "8080")]
    pub port: u16,
    /// Opens the page in a browser; accepted, without effect on a server.
    #[arg(long, env = "IOPAINT_INBROWSER", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub inbrowser: bool,
    /// Model that answers. Not named: `lama` if it is on disk, else the built-in one while `lama` is downloaded.
    #[arg(long, env = "IOPAINT_MODEL", default_value = "")]
    pub model: String,
    /// Folder of the models' files; `$XDG_CACHE_HOME` or `~/.cache` where it isn't named.
    #[arg(long, env = "IOPAINT_MODEL_DIR")]
    pub model_dir: Option<PathBuf>,
    /// Spends less memory: smaller forwards, one model at a time.
    #[arg(long, env = "IOPAINT_LOW_MEM", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set)]
    pub low_mem: bool,
    /// Accepted; everything runs in single precision.
    #[arg(long, env = "IOPAINT_NO_HALF", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub no_half: bool,
    /// Accepted, without effect: of diffusion models.
    #[arg(long, env = "IOPAINT_CPU_OFFLOAD", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub cpu_offload: bool,
    /// Accepted, without effect: of diffusion models.
    #[arg(long, env = "IOPAINT_DISABLE_NSFW_CHECKER", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub disable_nsfw_checker: bool,
    /// Never downloads anything.
    #[arg(long, env = "IOPAINT_LOCAL_FILES_ONLY", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set)]
    pub local_files_only: bool,
    /// Accepted, without effect: of diffusion models.
    #[arg(long, env = "IOPAINT_CPU_TEXTENCODER", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub cpu_textencoder: bool,
    /// Where models run: cpu, cuda or cuda:N. Without a usable GPU the processor is used, with a warning.
    #[arg(long, env = "IOPAINT_DEVICE", default_value = "cpu")]
    pub device: String,
    /// An image to open in the page, or a folder of images to choose from.
    #[arg(long, env = "IOPAINT_INPUT")]
    pub input: Option<PathBuf>,
    /// A folder of masks to offer in the page.
    #[arg(long, env = "IOPAINT_MASK_DIR")]
    pub mask_dir: Option<PathBuf>,
    /// A folder to save results to; made if it isn't there.
    #[arg(long, env = "IOPAINT_OUTPUT_DIR")]
    pub output_dir: Option<PathBuf>,
    /// A saved result takes the place of one of the same name; otherwise it gets a number.
    #[arg(long, env = "IOPAINT_ALLOW_OVERWRITE", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set)]
    pub allow_overwrite: bool,
    /// Quality of JPEG results, 1 to 100.
    #[arg(long, env = "IOPAINT_QUALITY", default_value = "100", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: u8,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_ENABLE_INTERACTIVE_SEG", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub enable_interactive_seg: bool,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(
        long,
        env = "IOPAINT_INTERACTIVE_SEG_MODEL",
        default_value = "sam2_1_tiny",
        hide = true
    )]
    pub interactive_seg_model: String,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(
        long,
        env = "IOPAINT_INTERACTIVE_SEG_DEVICE",
        default_value = "cpu",
        hide = true
    )]
    pub interactive_seg_device: String,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_ENABLE_REMOVE_BG", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub enable_remove_bg: bool,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(
        long,
        env = "IOPAINT_REMOVE_BG_MODEL",
        default_value = "briaai/RMBG-1.4",
        hide = true
    )]
    pub remove_bg_model: String,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_REMOVE_BG_DEVICE", default_value = "cpu", hide = true)]
    pub remove_bg_device: String,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_ENABLE_ANIME_SEG", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub enable_anime_seg: bool,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_ENABLE_REALESRGAN", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub enable_realesrgan: bool,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(
        long,
        env = "IOPAINT_REALESRGAN_MODEL",
        default_value = "realesr-general-x4v3",
        hide = true
    )]
    pub realesrgan_model: String,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_REALESRGAN_DEVICE", default_value = "cpu", hide = true)]
    pub realesrgan_device: String,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_ENABLE_GFPGAN", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub enable_gfpgan: bool,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_GFPGAN_DEVICE", default_value = "cpu", hide = true)]
    pub gfpgan_device: String,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(long, env = "IOPAINT_ENABLE_RESTOREFORMER", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set, hide = true)]
    pub enable_restoreformer: bool,
    /// Accepted, without effect: this plugin is not part of the server.
    #[arg(
        long,
        env = "IOPAINT_RESTOREFORMER_DEVICE",
        default_value = "cpu",
        hide = true
    )]
    pub restoreformer_device: String,
    /// A JSON file with these flags as keys (`{"port": 8081}`); flags and environment win over it.
    #[arg(long, env = "IOPAINT_CONFIG")]
    pub config: Option<PathBuf>,
    /// A further name under which the server answers; `*` for every name. May be repeated.
    #[arg(long, env = "IOPAINT_ALLOWED_HOST", value_delimiter = ',')]
    pub allowed_host: Vec<String>,
    /// Another site whose pages may use the server, such as `https://photos.example`. May be repeated.
    #[arg(long, env = "IOPAINT_CORS_ORIGIN", value_delimiter = ',')]
    pub cors_origin: Vec<String>,
    /// Sub-path under which a reverse proxy shows the server, such as `/photos`.
    #[arg(long, env = "IOPAINT_ROOT_PATH", default_value = "")]
    pub root_path: RootPath,
    /// Keeps the model that the server starts with: no client may switch, name or download another one.
    #[arg(long, env = "IOPAINT_DISABLE_MODEL_SWITCH", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set)]
    pub disable_model_switch: bool,
    /// Loads only models whose file has the known hash.
    #[arg(long, env = "IOPAINT_STRICT_MODELS", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set)]
    pub strict_models: bool,
    /// Writes results without the input's metadata (but with its colour profile).
    #[arg(long, env = "IOPAINT_STRIP_METADATA", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = switch, action = ArgAction::Set)]
    pub strip_metadata: bool,
    /// Threads of one forward; the processors that this process may use where it isn't named.
    #[arg(long, env = "IOPAINT_THREADS")]
    pub threads: Option<usize>,
    /// Pictures that may be inside at a time, waiting ones included; more are sent away with 429.
    #[arg(long, env = "IOPAINT_MAX_QUEUE", default_value = "32")]
    pub max_queue: usize,
    /// Models kept loaded.
    #[arg(long, env = "IOPAINT_MAX_MODELS", default_value = "2")]
    pub max_models: usize,
    /// Longest request in MiB.
    #[arg(long, env = "IOPAINT_MAX_BODY_MIB", default_value = "128")]
    pub max_body_mib: usize,
    /// Largest image in pixels.
    #[arg(long, env = "IOPAINT_MAX_PIXELS", default_value = "100000000")]
    pub max_pixels: u64,
    /// Longest side of an image in pixels.
    #[arg(long, env = "IOPAINT_MAX_SIDE", default_value = "32768")]
    pub max_side: u32,
    /// Largest forward in pixels; a larger one runs scaled down. A pixel takes up to 1.7 kB of memory.
    #[arg(long, env = "IOPAINT_MAX_FORWARD_PIXELS", default_value = "4194304")]
    pub max_forward_pixels: u64,
    /// Longest time a request may take, in seconds.
    #[arg(long, env = "IOPAINT_REQUEST_TIMEOUT", default_value = "600")]
    pub request_timeout: u64,
    /// Longest time to finish what runs when the server is told to stop, in seconds.
    #[arg(long, env = "IOPAINT_DRAIN_TIMEOUT", default_value = "8")]
    pub drain_timeout: u64,
    /// How log lines are written.
    #[arg(long, env = "IOPAINT_LOG_FORMAT", default_value = "text", value_enum)]
    pub log_format: LogFormat,
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

/// A switch's value, as the environment writes it.
fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" | "" => Ok(false),
        _ => Err("say true or false".to_owned()),
    }
}

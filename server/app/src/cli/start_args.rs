//! Flags of `iopaint start`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared_args::{FolderArgs, ImageArgs, ModelArgs};
use super::{IgnoredArgs, LIMITS, LimitArgs, PluginArgs};
use crate::auth::SecretText;
use crate::middleware::client_id::ProxyNetwork;
use crate::middleware::root_path::RootPath;

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line per event.
    #[default]
    Text,
    /// Several lines per event, one per field.
    Pretty,
    /// One JSON object per line, for log collectors.
    Json,
}

/// Flags of `iopaint start`. Each one is also read from `IOPAINT_<FLAG>`; a switch has a negation,
/// `--no-...`.
#[derive(Args, Clone, Debug)]
#[command(args_override_self = true)]
pub struct StartArgs {
    /// Listen address; use 0.0.0.0 for all interfaces. Set an API key too if others can reach this machine.
    #[arg(long, env = "IOPAINT_HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// Listen port; 0 selects a free port, which the first line of output contains.
    #[arg(long, env = "IOPAINT_PORT", default_value = "8080")]
    pub port: u16,
    /// Opens the page in the browser of this machine.
    #[arg(long, env = "IOPAINT_INBROWSER")]
    pub inbrowser: bool,
    /// Flags of the model and its device.
    #[command(flatten)]
    pub models: ModelArgs,
    /// Flags of input images and results.
    #[command(flatten)]
    pub images: ImageArgs,
    /// Folders that clients may use.
    #[command(flatten)]
    pub folders: FolderArgs,
    /// Quality of JPEG results, 1 to 100; lower values give smaller files with more artefacts. By default a
    /// JPEG keeps its quality: only blocks of pixels with painted parts are encoded again.
    #[arg(long, env = "IOPAINT_QUALITY", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: Option<u8>,
    /// JSON file with flags as keys, for example `{"port": 8081}`. Flags and environment variables override
    /// it.
    #[arg(long, env = "IOPAINT_CONFIG")]
    pub config: Option<PathBuf>,
    /// Additional host name of the server, for example behind a reverse proxy; `*` accepts any. Requests for
    /// other names get 421. Repeatable.
    #[arg(long, env = "IOPAINT_ALLOWED_HOST", value_delimiter = ',')]
    pub allowed_host: Vec<String>,
    /// Origin of another site whose pages may use the server, for example `https://photos.example`.
    /// Repeatable.
    #[arg(long, env = "IOPAINT_CORS_ORIGIN", value_delimiter = ',')]
    pub cors_origin: Vec<String>,
    /// Address or network of a reverse proxy (`10.0.0.0/8`). Its `X-Forwarded-For` header then identifies
    /// clients; without it, all clients of the proxy count as one. Repeatable.
    #[arg(long, env = "IOPAINT_TRUSTED_PROXY", value_delimiter = ',')]
    pub trusted_proxy: Vec<ProxyNetwork>,
    /// API key that requests must carry; without any key, access is open. Other users of this machine can
    /// read command lines: prefer `IOPAINT_API_KEY` or --api-key-file. Repeatable.
    #[arg(
        long,
        env = "IOPAINT_API_KEY",
        value_delimiter = ',',
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub api_key: Vec<SecretText>,
    /// File with API keys, one per line; lines that start with `#` are comments.
    #[arg(long, env = "IOPAINT_API_KEY_FILE", value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Serves tools for language models at `/mcp`, over the Model Context Protocol (MCP).
    #[arg(long, env = "IOPAINT_MCP")]
    pub mcp: bool,
    /// Path under which a reverse proxy serves the server, for example `/photos`.
    #[arg(long, env = "IOPAINT_ROOT_PATH", default_value = "")]
    pub root_path: RootPath,
    /// Keeps the model that the server starts with: clients can't switch, select or download models.
    #[arg(long, env = "IOPAINT_DISABLE_MODEL_SWITCH")]
    pub disable_model_switch: bool,
    /// Maximum number of images in progress, including queued ones; further requests get 429 with
    /// `Retry-After`. Lower it to reject early instead of queueing.
    #[arg(long, env = "IOPAINT_MAX_QUEUE", default_value = "32", help_heading = LIMITS)]
    pub max_queue: usize,
    /// Number of images that models fill at the same time on each device, on one copy of the weights.
    /// Default: on a GPU --batch-size; on the CPU one per 8 CPUs, if each has memory for the largest forward
    /// pass. Unless --threads is set, they share the CPUs.
    #[arg(long, env = "IOPAINT_WORKERS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
    /// Maximum number of images in one forward pass: crops of one size that wait for the same model run
    /// together. Default: 4 on a GPU, 1 on the CPU, where batches are no faster.
    #[arg(long, env = "IOPAINT_BATCH_SIZE", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub batch_size: Option<u16>,
    /// Maximum time in milliseconds to wait for further images of a batch while other images are in progress.
    /// Higher values fill batches better, but delay each image.
    #[arg(long, env = "IOPAINT_BATCH_WAIT_MS", default_value = "2", value_parser = clap::value_parser!(u16).range(0..=100))]
    pub batch_wait_ms: u16,
    /// Maximum number of loaded models; the least recently used one is unloaded. More models switch faster,
    /// but take memory.
    #[arg(long, env = "IOPAINT_MAX_MODELS", default_value = "2", help_heading = LIMITS)]
    pub max_models: usize,
    /// Seconds after which an unused model is unloaded; 0 disables it. The current model stays loaded, except
    /// with
    /// --low-mem.
    #[arg(long, env = "IOPAINT_MODEL_IDLE_TIMEOUT", default_value = "600")]
    pub model_idle_timeout: u64,
    /// Memory in MiB for the bodies, decoded images and responses of all requests; further requests wait.
    /// Memory of models is not included.
    #[arg(
        long,
        env = "IOPAINT_MAX_IN_FLIGHT_MIB",
        default_value = "2048",
        help_heading = LIMITS
    )]
    pub max_in_flight_mib: u64,
    /// Maximum duration of a request in seconds, including its time in the queue; longer ones get 504.
    /// Clients can shorten it with `X-Request-Timeout-Ms`.
    #[arg(long, env = "IOPAINT_REQUEST_TIMEOUT", default_value = "600", help_heading = LIMITS)]
    pub request_timeout: u64,
    /// Maximum time in seconds for running requests to finish at shutdown. Keep it below the grace period of
    /// your service manager.
    #[arg(long, env = "IOPAINT_DRAIN_TIMEOUT", default_value = "8")]
    pub drain_timeout: u64,
    /// Format of log lines on stderr.
    #[arg(long, env = "IOPAINT_LOG_FORMAT", default_value = "text", value_enum)]
    pub log_format: LogFormat,
    /// Flags of the plugins.
    #[command(flatten)]
    pub plugins: PluginArgs,
    /// Flags of IOPaint without effect.
    #[command(flatten)]
    pub ignored: IgnoredArgs,
    /// Bounds on requests. Last, because later flags would inherit their help heading.
    #[command(flatten)]
    pub limits: LimitArgs,
}

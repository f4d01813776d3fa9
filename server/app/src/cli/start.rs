//! Flags of `iopaint start`.

use std::path::PathBuf;

use clap::Args;

use super::{IgnoredFlags, LIMITS, LimitFlags, ModelFlags, PictureFlags};
use crate::auth::SecretText;
use crate::client::ProxyNetwork;
use crate::root_path::RootPath;
use crate::settings::LogFormat;

/// Flags of `iopaint start`. Each is also read from `IOPAINT_<FLAG>`; a switch takes `--no-...` too.
#[derive(Args, Clone, Debug)]
#[command(args_override_self = true)]
pub struct Start {
    /// Address to listen on; 0.0.0.0 for all.
    #[arg(long, env = "IOPAINT_HOST", default_value = "127.0.0.1")]
    pub host: String,
    /// Port to listen on; 0 for any that is free.
    #[arg(long, env = "IOPAINT_PORT", default_value = "8080")]
    pub port: u16,
    /// Opens the page in this machine's browser.
    #[arg(long, env = "IOPAINT_INBROWSER")]
    pub inbrowser: bool,
    /// Which model runs, and where.
    #[command(flatten)]
    pub models: ModelFlags,
    /// Which pictures are taken, and how results are written.
    #[command(flatten)]
    pub pictures: PictureFlags,
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
    #[arg(long, env = "IOPAINT_ALLOW_OVERWRITE")]
    pub allow_overwrite: bool,
    /// Quality of JPEG results, 1 to 100.
    #[arg(long, env = "IOPAINT_QUALITY", default_value = "100", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub quality: u8,
    /// A JSON file with these flags as keys (`{"port": 8081}`); flags and environment win over it.
    #[arg(long, env = "IOPAINT_CONFIG")]
    pub config: Option<PathBuf>,
    /// A further name under which the server answers; `*` for every name. May be repeated.
    #[arg(long, env = "IOPAINT_ALLOWED_HOST", value_delimiter = ',')]
    pub allowed_host: Vec<String>,
    /// Another site whose pages may use the server, such as `https://photos.example`. May be repeated.
    #[arg(long, env = "IOPAINT_CORS_ORIGIN", value_delimiter = ',')]
    pub cors_origin: Vec<String>,
    /// A reverse proxy, by its address or network (`10.0.0.0/8`), whose `X-Forwarded-For` names the clients. May be
    /// repeated.
    #[arg(long, env = "IOPAINT_TRUSTED_PROXY", value_delimiter = ',')]
    pub trusted_proxy: Vec<ProxyNetwork>,
    /// A key that lets clients in; without any, everybody may use the server. May be repeated. Other users of this
    /// machine can see the command line: better in the environment or in a file.
    #[arg(
        long,
        env = "IOPAINT_API_KEY",
        value_delimiter = ',',
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub api_key: Vec<SecretText>,
    /// A file of such keys, one a line; lines after `#` are notes.
    #[arg(long, env = "IOPAINT_API_KEY_FILE", value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Sub-path under which a reverse proxy shows the server, such as `/photos`.
    #[arg(long, env = "IOPAINT_ROOT_PATH", default_value = "")]
    pub root_path: RootPath,
    /// Keeps the model that the server starts with: no client may switch, name or download another one.
    #[arg(long, env = "IOPAINT_DISABLE_MODEL_SWITCH")]
    pub disable_model_switch: bool,
    /// Pictures that may be inside at a time, waiting ones included; more are sent away with 429.
    #[arg(long, env = "IOPAINT_MAX_QUEUE", default_value = "32", help_heading = LIMITS)]
    pub max_queue: usize,
    /// Models kept loaded.
    #[arg(long, env = "IOPAINT_MAX_MODELS", default_value = "2", help_heading = LIMITS)]
    pub max_models: usize,
    /// Seconds after which a model that nobody asks for is unloaded; the current one stays, unless with --low-mem. 0:
    /// never.
    #[arg(long, env = "IOPAINT_MODEL_IDLE_TIMEOUT", default_value = "600")]
    pub model_idle_timeout: u64,
    /// MiB that requests may hold at a time as bodies, decoded pictures and answers; more wait.
    #[arg(
        long,
        env = "IOPAINT_MAX_IN_FLIGHT_MIB",
        default_value = "2048",
        help_heading = LIMITS
    )]
    pub max_in_flight_mib: u64,
    /// Longest time a request may take, in seconds; clients shorten it with `X-Request-Timeout-Ms`.
    #[arg(long, env = "IOPAINT_REQUEST_TIMEOUT", default_value = "600", help_heading = LIMITS)]
    pub request_timeout: u64,
    /// Longest time to finish what runs when the server is told to stop, in seconds.
    #[arg(long, env = "IOPAINT_DRAIN_TIMEOUT", default_value = "8")]
    pub drain_timeout: u64,
    /// How log lines are written.
    #[arg(long, env = "IOPAINT_LOG_FORMAT", default_value = "text", value_enum)]
    pub log_format: LogFormat,
    /// Flags that mean nothing here.
    #[command(flatten)]
    pub ignored: IgnoredFlags,
    /// How much clients may send, and how slowly. The last, as what follows would get their heading.
    #[command(flatten)]
    pub limits: LimitFlags,
}

//! Flags of `iopaint start` that bound requests.

use clap::Args;

/// Heading of these flags in `--help`. A test compares the flags under it with docs/limits.md.
pub const LIMITS: &str = "Limits";

/// Bounds on connections, request bodies and their content.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = LIMITS)]
pub struct LimitArgs {
    /// Maximum number of open connections; further ones wait until one closes.
    #[arg(long, env = "IOPAINT_MAX_CONNECTIONS", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// Maximum number of requests per client and minute; more get 429 with `Retry-After`. 0 disables the
    /// limit. A client is identified by its API key, or else by its IP address.
    #[arg(long, env = "IOPAINT_RATE_LIMIT", default_value = "0")]
    pub rate_limit: u32,
    /// Seconds until the headers of a request must be complete; idle connections are closed after this time
    /// too.
    #[arg(long, env = "IOPAINT_HEADER_TIMEOUT", default_value = "30", value_parser = clap::value_parser!(u64).range(1..))]
    pub header_timeout: u64,
    /// Maximum size of a request body in MiB; larger ones get 413. Images in JSON are base64, a third larger
    /// than their files.
    #[arg(long, env = "IOPAINT_MAX_BODY_MIB", default_value = "128")]
    pub max_body_mib: usize,
    /// Minimum upload rate of a request body in bytes per second, measured over 10 seconds; slower ones get
    /// 408. 0 disables the check. Lower it for clients on slow networks.
    #[arg(long, env = "IOPAINT_MIN_BODY_RATE", default_value = "4096")]
    pub min_body_rate: u64,
    /// Maximum nesting depth of objects and arrays in JSON; deeper bodies get 400.
    #[arg(long, env = "IOPAINT_MAX_JSON_DEPTH", default_value = "16", value_parser = clap::value_parser!(u8).range(1..=127))]
    pub max_json_depth: u8,
    /// Maximum number of parts in a multipart form; more get 413.
    #[arg(long, env = "IOPAINT_MAX_FORM_PARTS", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_form_parts: u32,
    /// Maximum number of clicks in a plugin request; more get 422.
    #[arg(long, env = "IOPAINT_MAX_CLICKS", default_value = "256")]
    pub max_clicks: u32,
    /// Maximum number of pixels by which `adjust_mask` grows or shrinks a mask; larger values are reduced to
    /// it.
    #[arg(long, env = "IOPAINT_MAX_KERNEL_SIZE", default_value = "254", value_parser = clap::value_parser!(u8).range(0..=254))]
    pub max_kernel_size: u8,
    /// Maximum side length of a thumbnail in pixels; larger requested sizes are reduced to it.
    #[arg(long, env = "IOPAINT_MAX_THUMBNAIL_SIDE", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_thumbnail_side: u32,
    /// Memory for cached thumbnails in MiB. Raise it for large folders.
    #[arg(long, env = "IOPAINT_THUMBNAIL_CACHE_MIB", default_value = "64")]
    pub thumbnail_cache_mib: u32,
    /// Maximum number of event connections (Socket.IO); more get 429. Each open page takes one.
    #[arg(long, env = "IOPAINT_MAX_SOCKETS", default_value = "1024")]
    pub max_sockets: u32,
}

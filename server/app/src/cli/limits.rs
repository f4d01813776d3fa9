//! Flags of `iopaint start` that say how much clients may ask for.

use clap::Args;

/// The heading of these flags in `--help`, by which docs/limits.md is held to them.
pub const LIMITS: &str = "Limits";

/// How much clients may send, and how slowly.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = LIMITS)]
pub struct LimitFlags {
    /// Connections at a time; more wait until one ends.
    #[arg(long, env = "IOPAINT_MAX_CONNECTIONS", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// Requests that one client, known by its key or else its address, may send in a minute; 0 for any number.
    #[arg(long, env = "IOPAINT_RATE_LIMIT", default_value = "0")]
    pub rate_limit: u32,
    /// Longest time until the head of a request is there, in seconds; idle connections end after it too.
    #[arg(long, env = "IOPAINT_HEADER_TIMEOUT", default_value = "30", value_parser = clap::value_parser!(u64).range(1..))]
    pub header_timeout: u64,
    /// Longest body of a request in MiB.
    #[arg(long, env = "IOPAINT_MAX_BODY_MIB", default_value = "128")]
    pub max_body_mib: usize,
    /// Least speed of a body in bytes a second, counted over 10 seconds; 0 for any.
    #[arg(long, env = "IOPAINT_MIN_BODY_RATE", default_value = "4096")]
    pub min_body_rate: u64,
    /// Objects and lists within each other in JSON.
    #[arg(long, env = "IOPAINT_MAX_JSON_DEPTH", default_value = "16", value_parser = clap::value_parser!(u8).range(1..=127))]
    pub max_json_depth: u8,
    /// Parts of a multipart form.
    #[arg(long, env = "IOPAINT_MAX_FORM_PARTS", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_form_parts: u32,
    /// Places that a plugin's request may say were clicked on.
    #[arg(long, env = "IOPAINT_MAX_CLICKS", default_value = "256")]
    pub max_clicks: u32,
    /// By how many pixels a mask grows or shrinks; more counts as so many.
    #[arg(long, env = "IOPAINT_MAX_KERNEL_SIZE", default_value = "254", value_parser = clap::value_parser!(u8).range(0..=254))]
    pub max_kernel_size: u8,
    /// Longest side of a thumbnail in pixels; larger ones come as large as that.
    #[arg(long, env = "IOPAINT_MAX_THUMBNAIL_SIDE", default_value = "1024", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_thumbnail_side: u32,
    /// Memory for thumbnails that were made already, in MiB.
    #[arg(long, env = "IOPAINT_THUMBNAIL_CACHE_MIB", default_value = "64")]
    pub thumbnail_cache_mib: u32,
    /// Pages and programs that listen to events at a time.
    #[arg(long, env = "IOPAINT_MAX_SOCKETS", default_value = "1024")]
    pub max_sockets: u32,
}

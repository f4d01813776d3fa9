//! Settings of the server that apply to all requests, one struct per concern.

use std::time::Duration;

use iopaint_imaging::{DecodeLimits, EncodeOptions};

use crate::auth::ApiKeys;
use crate::middleware::client_id::TrustedProxies;
use crate::middleware::host_guard::AllowedHosts;
use crate::middleware::min_body_rate::MinBodyRate;
use crate::middleware::origin_guard::AllowedOrigins;
use crate::middleware::rate_limit::RateLimit;
use crate::middleware::root_path::RootPath;
use crate::plugins::PluginChoices;
use crate::request::RequestLimits;

/// All settings of the server.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Access control.
    pub access: AccessSettings,
    /// Bounds of request bodies.
    pub bodies: BodySettings,
    /// Input images and results.
    pub images: ImageSettings,
    /// Memory for bodies, decoded images and responses of all requests, in bytes.
    pub max_in_flight_bytes: u64,
    /// Maximum duration of a request, from its arrival.
    pub request_timeout: Duration,
    /// Maximum number of Socket.IO connections.
    pub max_sockets: usize,
    /// Path under which a reverse proxy serves the server.
    pub root_path: RootPath,
    /// Enabled plugins and their first models.
    pub plugins: PluginChoices,
    /// True if clients can't switch, select or download models.
    pub fixed_model: bool,
    /// True if the tools of the Model Context Protocol are served.
    pub mcp: bool,
}

/// Clients and sites that may send requests.
#[derive(Clone, Debug)]
pub struct AccessSettings {
    /// Host names of the server.
    pub hosts: AllowedHosts,
    /// Origins of other sites whose pages may send requests.
    pub origins: AllowedOrigins,
    /// Reverse proxies whose `X-Forwarded-For` header identifies clients.
    pub trusted_proxies: TrustedProxies,
    /// API keys; if empty, access is open.
    pub keys: ApiKeys,
    /// Maximum request rate of a client.
    pub rate: RateLimit,
}

/// Bounds of request bodies.
#[derive(Clone, Debug)]
pub struct BodySettings {
    /// Maximum size in bytes.
    pub max_bytes: usize,
    /// Minimum upload rate.
    pub min_rate: MinBodyRate,
    /// Bounds of the content.
    pub content: RequestLimits,
}

/// Settings of input images and results.
#[derive(Clone, Debug)]
pub struct ImageSettings {
    /// Limits of input images.
    pub limits: DecodeLimits,
    /// Maximum number of pixels per forward pass.
    pub max_forward_pixels: u64,
    /// Options for encoding results.
    pub encode: EncodeOptions,
    /// Maximum side length of a thumbnail in pixels.
    pub max_thumbnail_side: u32,
}

//! `iopaint mcp`: MCP on stdin and stdout, for programs that start the server themselves.

use std::time::Duration;

use anyhow::Context;
use iopaint_engine::{Engine, EngineOptions};
use iopaint_imaging::EncodeOptions;
use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::stdio_pipes;

use super::server::McpServer;
use crate::auth::ApiKeys;
use crate::cli::McpArgs;
use crate::codec::CodecPool;
use crate::devices::devices;
use crate::files::Files;
use crate::metrics::Metrics;
use crate::middleware::client_id::TrustedProxies;
use crate::middleware::host_guard::AllowedHosts;
use crate::middleware::min_body_rate::MinBodyRate;
use crate::middleware::origin_guard::AllowedOrigins;
use crate::middleware::rate_limit::RateLimit;
use crate::middleware::root_path::RootPath;
use crate::parallelism::{self, Parallelism};
use crate::request::RequestLimits;
use crate::settings::{AccessSettings, BodySettings, ImageSettings, ServerSettings};
use crate::startup;
use crate::state::AppState;

/// Maximum length of a message in bytes: the default of `--max-body-mib`.
const MAX_MESSAGE_BYTES: usize = 128 << 20;
/// Memory of calls in progress in bytes: the default of `--max-in-flight-mib`.
const MAX_IN_FLIGHT_BYTES: u64 = 2048 << 20;
/// Maximum duration of a call: the default of `--request-timeout`.
const CALL_TIMEOUT: Duration = Duration::from_mins(10);
/// Time after which an unused model is unloaded: the default of `--model-idle-timeout`.
const MODEL_IDLE_TIMEOUT: Duration = Duration::from_mins(10);

/// Serves until the client closes stdin. Nothing but the protocol is written to stdout.
///
/// # Errors
/// Returns an error if the server can't start (invalid folders or model), or if the first message is not one
/// of the protocol.
pub async fn serve(args: McpArgs) -> anyhow::Result<()> {
    let threads = parallelism::threads(&args.models).get();
    let file_settings = args.folders.settings(0);
    let files = tokio::task::spawn_blocking(move || Files::open(&file_settings)).await??;
    let metrics = Metrics::default();
    let settings = settings(&args);
    let engine_metrics = metrics.clone();
    let engine = tokio::task::spawn_blocking(move || start_engine(&args, engine_metrics)).await??;
    let state = AppState::new(engine, CodecPool::new(threads), files, metrics, settings);
    let (stdin, stdout) = stdio_pipes();
    let transport = AsyncRwTransport::new_server(stdin, stdout).with_max_line_length(MAX_MESSAGE_BYTES);
    match McpServer::new(state).serve(transport).await {
        Ok(session) => {
            session.waiting().await?;
            Ok(())
        }
        // Closed before the first message.
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(error).context("the client did not start an MCP session"),
    }
}

fn start_engine(args: &McpArgs, metrics: Metrics) -> anyhow::Result<Engine> {
    let options = EngineOptions {
        idle_unload: startup::idle_unload(&args.models, Some(MODEL_IDLE_TIMEOUT)),
        ..EngineOptions::default()
    };
    let devices = devices(&args.models.device).context("--device")?;
    let parallelism = Parallelism::single(&args.models, &devices);
    startup::engine(
        &args.models,
        &args.plugins,
        &devices,
        parallelism,
        metrics,
        options,
    )
}

/// Returns the settings of the server. Those of HTTP have no effect.
fn settings(args: &McpArgs) -> ServerSettings {
    ServerSettings {
        access: AccessSettings {
            hosts: AllowedHosts::new("", &[]),
            origins: AllowedOrigins::new(&[]),
            trusted_proxies: TrustedProxies::default(),
            keys: ApiKeys::default(),
            rate: RateLimit::default(),
        },
        bodies: BodySettings {
            max_bytes: MAX_MESSAGE_BYTES,
            min_rate: MinBodyRate {
                bytes_per_second: 0,
                window: CALL_TIMEOUT,
            },
            content: RequestLimits::default(),
        },
        images: ImageSettings {
            limits: startup::image_limits(&args.images),
            max_forward_pixels: startup::max_forward_pixels(&args.models),
            encode: EncodeOptions {
                strip_metadata: args.images.strip_metadata,
                threads: parallelism::threads(&args.models),
                ..EncodeOptions::default()
            },
            max_thumbnail_side: 0,
        },
        max_in_flight_bytes: startup::max_in_flight_bytes(&args.models, MAX_IN_FLIGHT_BYTES),
        request_timeout: CALL_TIMEOUT,
        max_sockets: 0,
        root_path: RootPath::default(),
        plugins: args.plugins.choices(),
        fixed_model: false,
        mcp: true,
    }
}

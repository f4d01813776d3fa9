//! `iopaint start`: converts the flags into settings, serves until shutdown.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use iopaint_engine::{BatchOptions, Engine, EngineOptions};
use iopaint_imaging::EncodeOptions;
use tokio::net::TcpListener;

use crate::auth::ApiKeys;
use crate::cli::{LimitArgs, StartArgs};
use crate::codec::CodecPool;
use crate::connections::{self, ConnectionLimits};
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
use crate::router::router;
use crate::settings::{AccessSettings, BodySettings, ImageSettings, ServerSettings};
use crate::state::AppState;
use crate::{shutdown, startup};

/// Bytes per MiB, the unit of sizes on the command line.
const MIB: u64 = 1 << 20;
/// Window over which the upload rate of a body is measured.
const BODY_RATE_WINDOW: Duration = Duration::from_secs(10);

/// Runs the server until SIGINT or SIGTERM.
///
/// # Errors
/// Returns an error if the server can't start: port in use, invalid keys, folders or model.
pub async fn start(args: StartArgs) -> anyhow::Result<()> {
    let threads = parallelism::threads(&args.models).get();
    let keys = ApiKeys::load(&args.api_key, args.api_key_file.as_deref())?;
    let address = format!("{}:{}", bracketed(&args.host), args.port);
    // Bound first, so that a port in use is reported before a long download.
    let listener = TcpListener::bind(&address).await.with_context(|| {
        format!("cannot listen on {address}; if another server uses the port, choose one with --port")
    })?;
    let file_settings = args
        .folders
        .settings(u64::from(args.limits.thumbnail_cache_mib) * MIB);
    let files = tokio::task::spawn_blocking(move || Files::open(&file_settings)).await??;
    let metrics = Metrics::default();
    let (engine_args, engine_metrics) = (args.clone(), metrics.clone());
    let engine = tokio::task::spawn_blocking(move || start_engine(&engine_args, engine_metrics)).await??;
    let codecs = CodecPool::new(threads);
    let settings = server_settings(&args, keys);
    let state = AppState::new(engine.clone(), codecs, files, metrics, settings);
    let events = state.events.clone();
    let address = listener.local_addr()?;
    let shutdown_signal = shutdown::shutdown_signal();
    if state.settings.access.keys.is_empty() && !address.ip().is_loopback() {
        warn_about_open_access(&address);
    }
    let page = page_url(address, &args.root_path);
    print_address(address, &page)?;
    if args.inbrowser {
        open_page(&page);
    }
    let drain_timeout = Duration::from_secs(args.drain_timeout);
    let draining_engine = engine.clone();
    let (drain_started, mut drain_start) = tokio::sync::watch::channel(false);
    let server = connections::serve(
        listener,
        router(state),
        connection_limits(&args.limits),
        async move {
            shutdown_signal.await;
            tracing::info!("Shutdown started; running requests finish, new ones are rejected");
            draining_engine.drain();
            // An open socket would keep its connection, and so the server, alive until the drain timeout.
            events.close().await;
            drain_started.send_replace(true);
        },
    );
    tokio::select! {
        () = server => {}
        () = async {
            // An error means that the sender was dropped, which happens only after it has sent.
            let _ = drain_start.wait_for(|started| *started).await;
            tokio::select! {
                () = tokio::time::sleep(drain_timeout) => {}
                // A second signal ends the drain.
                () = shutdown::shutdown_signal() => {}
            }
        } => tracing::warn!(
            drain_timeout_s = drain_timeout.as_secs(),
            "Running requests aborted after the drain timeout or a second signal"
        ),
    }
    Ok(())
}

fn start_engine(args: &StartArgs, metrics: Metrics) -> anyhow::Result<Engine> {
    let idle_timeout = Some(args.model_idle_timeout)
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs);
    let devices = devices(&args.models.device).context("--device")?;
    let max_batch = parallelism::max_batch(&args.models, &devices, args.batch_size.map(usize::from));
    let options = EngineOptions {
        max_queue: args.max_queue,
        batches: BatchOptions {
            max_images: max_batch,
            max_wait: Duration::from_millis(args.batch_wait_ms.into()),
        },
        max_models: args.max_models,
        idle_unload: startup::idle_unload(&args.models, idle_timeout),
        ..EngineOptions::default()
    };
    let workers = args.workers.map(usize::from);
    let max_forward_pixels = startup::max_forward_pixels(&args.models);
    let parallelism = Parallelism::of(&args.models, &devices, workers, max_batch, max_forward_pixels);
    tracing::debug!(?parallelism, "Model threads");
    startup::engine(
        &args.models,
        &args.plugins,
        &devices,
        parallelism,
        metrics,
        options,
    )
}

fn server_settings(args: &StartArgs, keys: ApiKeys) -> ServerSettings {
    ServerSettings {
        access: access_settings(args, keys),
        bodies: body_settings(&args.limits),
        images: image_settings(args),
        max_in_flight_bytes: startup::max_in_flight_bytes(
            &args.models,
            args.max_in_flight_mib.saturating_mul(MIB),
        ),
        request_timeout: Duration::from_secs(args.request_timeout),
        max_sockets: args.limits.max_sockets as usize,
        root_path: args.root_path.clone(),
        plugins: args.plugins.choices(),
        fixed_model: args.disable_model_switch,
        mcp: args.mcp,
    }
}

fn access_settings(args: &StartArgs, keys: ApiKeys) -> AccessSettings {
    AccessSettings {
        hosts: AllowedHosts::new(&args.host, &args.allowed_host),
        origins: AllowedOrigins::new(&args.cors_origin),
        trusted_proxies: TrustedProxies::new(&args.trusted_proxy),
        keys,
        rate: RateLimit::per_minute(args.limits.rate_limit),
    }
}

fn body_settings(limits: &LimitArgs) -> BodySettings {
    BodySettings {
        max_bytes: max_body_bytes(limits),
        min_rate: MinBodyRate {
            bytes_per_second: limits.min_body_rate,
            window: BODY_RATE_WINDOW,
        },
        content: RequestLimits {
            max_json_depth: limits.max_json_depth.into(),
            max_form_parts: limits.max_form_parts as usize,
            max_clicks: limits.max_clicks as usize,
            max_kernel_size: limits.max_kernel_size,
        },
    }
}

fn image_settings(args: &StartArgs) -> ImageSettings {
    ImageSettings {
        limits: startup::image_limits(&args.images),
        max_forward_pixels: startup::max_forward_pixels(&args.models),
        encode: EncodeOptions {
            quality: args.quality,
            strip_metadata: args.images.strip_metadata,
            threads: parallelism::threads(&args.models),
        },
        max_thumbnail_side: args.limits.max_thumbnail_side,
    }
}

fn connection_limits(limits: &LimitArgs) -> ConnectionLimits {
    ConnectionLimits {
        max_connections: limits.max_connections as usize,
        header_timeout: Duration::from_secs(limits.header_timeout),
        max_body_bytes: max_body_bytes(limits),
    }
}

fn max_body_bytes(limits: &LimitArgs) -> usize {
    limits.max_body_mib.saturating_mul(MIB as usize)
}

fn warn_about_open_access(address: &SocketAddr) {
    tracing::warn!(
        %address,
        "NO KEY IS NEEDED: everyone who can connect may use this server, its folders and its models. \
         Set --api-key or IOPAINT_API_KEY, or listen on 127.0.0.1 behind a proxy that authenticates; \
         see docs/security.md"
    );
}

/// Prints the address on a line of its own, which scripts read, then the next steps for users. A single
/// write, so that a script may close the pipe after the first line.
fn print_address(address: SocketAddr, page: &str) -> std::io::Result<()> {
    let text = format!(
        "Listening on http://{address}\n\
         Open {page} in a browser, drop an image on the page and paint over an object to remove it.\n\
         The API is documented at {page}docs. Ctrl+C stops the server.\n"
    );
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Returns the URL of the page on this machine, with a trailing slash.
fn page_url(mut address: SocketAddr, root_path: &RootPath) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}{root_path}/")
}

/// Opens the page in the browser of this machine. A failure is logged; the server runs on.
fn open_page(url: &str) {
    if let Err(error) = open::that_detached(url) {
        tracing::warn!(url, %error, "Browser not opened");
    }
}

/// Puts an IPv6 address into brackets, as in front of a port.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

//! `iopaint start`: from flags to a server that listens, and its end.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use iopaint_engine::{DefaultModel, DownloadOptions, Engine, EngineOptions};
use iopaint_imaging::EncodeOptions;
use tokio::net::TcpListener;

use crate::auth::{ApiKeys, RateLimit};
use crate::cli::Start;
use crate::client::TrustedProxies;
use crate::codec::CodecPool;
use crate::connections::{self, ConnectionLimits};
use crate::download_report::StderrReporter;
use crate::files::{FileSettings, Files};
use crate::guard::{AllowedHosts, AllowedOrigins};
use crate::metrics::Metrics;
use crate::request::{MinBodyRate, RequestLimits};
use crate::root_path::RootPath;
use crate::router::router;
use crate::state::{AppState, ServerLimits};
use crate::{error_advice, shutdown, startup};

/// With `--low-mem`: the memory that requests may hold at a time, in MiB.
const LOW_MEMORY_IN_FLIGHT_MIB: u64 = 512;
/// With `--low-mem`: the longest time that an idle model stays loaded.
const LOW_MEMORY_IDLE: Duration = Duration::from_mins(1);
/// The time over which the speed of a body is counted.
const BODY_WINDOW: Duration = Duration::from_secs(10);

/// Runs the server until it is told to stop.
///
/// # Errors
/// What keeps it from starting: the port, the model that was named.
pub async fn start(flags: Start) -> anyhow::Result<()> {
    let threads = startup::threads(&flags.models).get();
    let keys = ApiKeys::load(&flags.api_key, flags.api_key_file.as_deref())?;
    let address = format!("{}:{}", bracketed(&flags.host), flags.port);
    // Bound first: a port that is taken should be told before gigabytes are downloaded.
    let listener = TcpListener::bind(&address).await.with_context(|| {
        format!("can't listen on {address}; is another server running there? --port takes another")
    })?;
    let settings = FileSettings {
        input: flags.input.clone(),
        mask_dir: flags.mask_dir.clone(),
        output_dir: flags.output_dir.clone(),
        allow_overwrite: flags.allow_overwrite,
        thumbnail_cache_bytes: u64::from(flags.limits.thumbnail_cache_mib) << 20,
    };
    let files = tokio::task::spawn_blocking(move || Files::open(&settings)).await??;
    let metrics = Metrics::default();
    let (own_flags, meter) = (flags.clone(), metrics.clone());
    let engine = tokio::task::spawn_blocking(move || start_engine(&own_flags, meter)).await??;
    let codecs = CodecPool::new(threads);
    let state = AppState::new(engine.clone(), codecs, files, metrics, limits(&flags, keys));
    let events = state.events.clone();
    let address = listener.local_addr()?;
    let open_to_others = state.limits.keys.is_empty() && !address.ip().is_loopback();
    let told_to_stop = shutdown::signal();
    if open_to_others {
        warn_of_others(&address);
    }
    let page = page_url(address, &flags.root_path);
    announce(address, &page)?;
    if flags.inbrowser {
        open_page(&page);
    }
    let drain_timeout = Duration::from_secs(flags.drain_timeout);
    let stopping = engine.clone();
    let (stopped, mut has_stopped) = tokio::sync::watch::channel(false);
    let connection_limits = ConnectionLimits {
        max_connections: flags.limits.max_connections as usize,
        header_timeout: Duration::from_secs(flags.limits.header_timeout),
        max_body_bytes: flags.limits.max_body_mib.saturating_mul(1 << 20),
    };
    let server = connections::serve(listener, router(state), connection_limits, async move {
        told_to_stop.await;
        tracing::info!("stopping: what runs is finished, nothing new is taken");
        stopping.drain();
        // A socket would keep its connection, and with it the server, until the drain timeout.
        events.close().await;
        stopped.send_replace(true);
    });
    tokio::select! {
        () = server => {}
        () = async {
            // An error means that the sender is gone, and it goes only after it has sent.
            let _ = has_stopped.wait_for(|stopped| *stopped).await;
            tokio::select! {
                () = tokio::time::sleep(drain_timeout) => {}
                // Told a second time.
                () = shutdown::signal() => {}
            }
        } => tracing::warn!("what still runs is given up: --drain-timeout has passed, or there was a second signal"),
    }
    Ok(())
}

fn start_engine(flags: &Start, metrics: Metrics) -> anyhow::Result<Engine> {
    let models = &flags.models;
    let (registry, store) = startup::models(models.model_dir.as_deref())?;
    metrics.expect_models(registry.iter().map(|spec| spec.name.as_str()));
    let options = EngineOptions {
        model: Some(models.model.clone()),
        default_model: DefaultModel::DownloadInBackground,
        max_queue: flags.max_queue,
        max_models: if models.low_mem { 1 } else { flags.max_models },
        local_files_only: models.local_files_only,
        download: DownloadOptions::default(),
        download_reporter: Arc::new(StderrReporter),
        idle_unload: idle_unload(flags),
        unload_current: models.low_mem,
        metrics: Arc::new(metrics),
        ..EngineOptions::default()
    };
    iopaint_engine::init_torch(startup::torch_settings(models));
    let loader = startup::loader(models)?;
    Engine::start(registry, store, Arc::new(loader), &options).map_err(error_advice::start_error)
}

/// After which time an idle model is unloaded.
fn idle_unload(flags: &Start) -> Option<Duration> {
    let asked = Some(flags.model_idle_timeout)
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs);
    if flags.models.low_mem {
        Some(asked.unwrap_or(LOW_MEMORY_IDLE).min(LOW_MEMORY_IDLE))
    } else {
        asked
    }
}

fn limits(flags: &Start, keys: ApiKeys) -> ServerLimits {
    let sent = &flags.limits;
    ServerLimits {
        max_body_bytes: sent.max_body_mib.saturating_mul(1 << 20),
        min_body_rate: MinBodyRate {
            bytes_per_second: sent.min_body_rate,
            window: BODY_WINDOW,
        },
        request: RequestLimits {
            max_json_depth: sent.max_json_depth.into(),
            max_form_parts: sent.max_form_parts as usize,
            max_clicks: sent.max_clicks as usize,
            max_kernel_size: sent.max_kernel_size,
        },
        max_in_flight_bytes: max_in_flight_bytes(flags),
        max_thumbnail_side: sent.max_thumbnail_side,
        image: startup::image_limits(&flags.pictures),
        max_sockets: sent.max_sockets as usize,
        max_forward_pixels: startup::max_forward_pixels(&flags.models),
        request_timeout: Duration::from_secs(flags.request_timeout),
        encode: EncodeOptions {
            quality: flags.quality,
            strip_metadata: flags.pictures.strip_metadata,
            threads: startup::threads(&flags.models),
        },
        hosts: AllowedHosts::new(&flags.host, &flags.allowed_host),
        origins: AllowedOrigins::new(&flags.cors_origin),
        trusted_proxies: TrustedProxies::new(&flags.trusted_proxy),
        keys,
        rate: RateLimit::per_minute(sent.rate_limit),
        root_path: flags.root_path.clone(),
        fixed_model: flags.disable_model_switch,
    }
}

/// The memory that requests may hold at a time.
fn max_in_flight_bytes(flags: &Start) -> u64 {
    let most = if flags.models.low_mem {
        LOW_MEMORY_IN_FLIGHT_MIB
    } else {
        u64::MAX
    };
    flags.max_in_flight_mib.min(most).saturating_mul(1 << 20)
}

/// Says that nothing keeps strangers out.
fn warn_of_others(address: &SocketAddr) {
    tracing::warn!(
        "NO KEY IS NEEDED: everybody who reaches {address} can use this server, its folders and its models. \
         Set --api-key or IOPAINT_API_KEY, or listen on 127.0.0.1 behind a proxy that asks who comes; \
         docs/security.md says more"
    );
}

/// Prints the address on stdout, on a line of its own for scripts, and the next steps for users. One write, so
/// that a script may close the pipe after the first line.
fn announce(address: SocketAddr, page: &str) -> std::io::Result<()> {
    let text = format!(
        "Listening on http://{address}\n\
         Open {page} in a browser, drop a picture on the page and paint over an object to remove it.\n\
         The API is described at {page}docs. Ctrl+C stops the server.\n"
    );
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Returns the page's URL on this machine, with a final slash.
fn page_url(mut address: SocketAddr, root_path: &RootPath) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}{root_path}/")
}

/// Opens the page in this machine's browser. The server goes on without one.
fn open_page(url: &str) {
    if let Err(error) = open::that_detached(url) {
        tracing::warn!("no browser could be opened: {error}");
    }
}

/// An IPv6 address needs brackets before a port.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

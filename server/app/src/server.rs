//! `iopaint start`: from flags to a server that listens, and its end.

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use iopaint_engine::{
    Device, DownloadOptions, Engine, EngineOptions, ModelStore, Registry, TorchLoader, cuda_device_count,
};
use iopaint_imaging::{EncodeOptions, Limits};
use tokio::net::TcpListener;

use crate::cli::Start;
use crate::codec::CodecPool;
use crate::files::{FileSettings, Files};
use crate::guard::{AllowedHosts, AllowedOrigins};
use crate::router::router;
use crate::settings::default_threads;
use crate::state::{AppState, ServerLimits};

/// With `--low-mem`: the largest forward in pixels.
const LOW_MEMORY_FORWARD: u64 = 1 << 20;

/// How many pages and programs may listen to events at a time; each costs a few kilobytes.
const MAX_SOCKETS: usize = 1024;

/// Runs the server until it is told to stop.
///
/// # Errors
/// What keeps it from starting: the port, the model that was named.
pub async fn start(flags: Start) -> anyhow::Result<()> {
    let threads = flags.threads.unwrap_or_else(default_threads).max(1);
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
    };
    let files = tokio::task::spawn_blocking(move || Files::open(&settings)).await??;
    let own_flags = flags.clone();
    let engine = tokio::task::spawn_blocking(move || start_engine(&own_flags, threads)).await??;
    let state = AppState::new(engine.clone(), CodecPool::new(threads), files, limits(&flags));
    let events = state.events.clone();
    announce(&listener.local_addr()?)?;
    let drain_timeout = Duration::from_secs(flags.drain_timeout);
    let stopping = engine.clone();
    let (stopped, mut has_stopped) = tokio::sync::watch::channel(false);
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        signal().await;
        tracing::info!("stopping: what runs is finished, nothing new is taken");
        stopping.drain();
        // A socket would keep its connection, and with it the server, until the drain timeout.
        events.close().await;
        stopped.send_replace(true);
    });
    tokio::select! {
        result = server => result.context("the server ended")?,
        () = async {
            // An error means that the sender is gone, and it goes only after it has sent.
            let _ = has_stopped.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(drain_timeout).await;
        } => tracing::warn!("--drain-timeout has passed; what still runs is given up"),
    }
    Ok(())
}

fn start_engine(flags: &Start, threads: usize) -> anyhow::Result<Engine> {
    let env = |name: &str| -> Option<OsString> { std::env::var_os(name) };
    let store = ModelStore::from_env(flags.model_dir.as_deref(), env)?;
    let (registry, refused) = Registry::load(&store, env)?;
    for error in refused {
        tracing::warn!("{error}");
    }
    iopaint_engine::init_torch(threads);
    let loader = TorchLoader {
        device: device(&flags.device)?,
        strict: flags.strict_models,
    };
    let options = EngineOptions {
        model: Some(flags.model.clone()),
        max_queue: flags.max_queue,
        max_models: if flags.low_mem { 1 } else { flags.max_models },
        local_files_only: flags.local_files_only,
        download: DownloadOptions::default(),
    };
    Ok(Engine::start(registry, store, Arc::new(loader), &options)?)
}

/// The device that was named, or the processor where it isn't there.
fn device(name: &str) -> anyhow::Result<Device> {
    if name == "mps" {
        tracing::warn!("this build has no mps; the processor is used");
        return Ok(Device::Cpu);
    }
    let device: Device = name.parse()?;
    match device {
        Device::Cuda(index) if index >= cuda_device_count() => {
            tracing::warn!("there is no usable CUDA device {index} on this machine; the processor is used");
            Ok(Device::Cpu)
        }
        device => Ok(device),
    }
}

fn limits(flags: &Start) -> ServerLimits {
    let forward = if flags.low_mem {
        LOW_MEMORY_FORWARD
    } else {
        u64::MAX
    };
    ServerLimits {
        max_body_bytes: flags.max_body_mib.saturating_mul(1 << 20),
        image: Limits {
            max_pixels: flags.max_pixels,
            max_side: flags.max_side,
        },
        max_sockets: MAX_SOCKETS,
        max_forward_pixels: flags.max_forward_pixels.min(forward),
        request_timeout: Duration::from_secs(flags.request_timeout),
        encode: EncodeOptions {
            quality: flags.quality,
            strip_metadata: flags.strip_metadata,
        },
        hosts: AllowedHosts::new(&flags.host, &flags.allowed_host),
        origins: AllowedOrigins::new(&flags.cors_origin),
        root_path: flags.root_path.clone(),
        fixed_model: flags.disable_model_switch,
    }
}

/// Says where the page is, on stdout, where scripts read it.
fn announce(address: &SocketAddr) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "Listening on http://{address}")?;
    stdout.flush()
}

/// An IPv6 address needs brackets before a port.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

/// Waits for Ctrl-C or, from an orchestrator, SIGTERM.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Where no signal can be waited for, the process is ended from outside.
    let _ = tokio::signal::ctrl_c().await;
}

//! Downloads of model files: resumed after interruptions, verified, and moved into place atomically.

mod attempt;
mod error;
mod options;
mod partial_file;
#[cfg(test)]
mod tests;
mod timer;

pub use error::DownloadError;
pub use options::{DownloadOptions, DownloadProgress};

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use reqwest::ClientBuilder;
use tokio::sync::watch;

use self::attempt::{AttemptError, Transfer};
use self::partial_file::PartialFile;
use self::timer::{RuntimeTimer, Timer};
use crate::registry::FileSpec;
use crate::verify::{FileDigest, HashMatch};

/// Bytes that an attempt must add to reset the retry counter, so that large files arrive over bad
/// connections.
const PROGRESS_BYTES: u64 = 1 << 20;
/// Longest pause between two attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// Cancels downloads from another thread. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct CancellationToken(Arc<watch::Sender<bool>>);

impl CancellationToken {
    /// Ends the downloads immediately; their partial files are kept.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Returns true after [`CancellationToken::cancel`].
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    async fn cancelled(&self) {
        // Can't fail, as `self` owns the sender.
        let _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

/// Downloads a model file from `url` to `target`, unless it exists, and returns `target`. Blocks. Uses the
/// proxies of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`).
///
/// Resumes an earlier download if the server confirms that its file has not changed. The target is created
/// only after the whole file was verified against `file` and synced to disk; an existing target is never
/// replaced. Concurrent downloads of one target, in other processes too, take turns, and later ones use the
/// first one's file. `progress` is called for each received chunk.
///
/// # Errors
/// [`DownloadError`].
pub fn download(
    file: &FileSpec,
    url: &str,
    target: &Path,
    options: &DownloadOptions,
    cancel: &CancellationToken,
    progress: &(dyn Fn(DownloadProgress) + Sync),
) -> Result<PathBuf, DownloadError> {
    let environment = Environment {
        client: reqwest::Client::builder(),
        timer: &RuntimeTimer,
    };
    download_in(environment, file, url, target, options, cancel, progress)
}

/// Installs ring as the process's TLS crypto provider, unless one is installed. HTTPS clients can't be built
/// without.
pub fn install_tls_provider() {
    // Fails if another thread has installed the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The network and the time of a download.
struct Environment<'a> {
    client: ClientBuilder,
    timer: &'a dyn Timer,
}

/// [`download`] with the proxies of the environment's client.
fn download_in(
    environment: Environment<'_>,
    file: &FileSpec,
    url: &str,
    target: &Path,
    options: &DownloadOptions,
    cancel: &CancellationToken,
    progress: &(dyn Fn(DownloadProgress) + Sync),
) -> Result<PathBuf, DownloadError> {
    if target.is_file() {
        return Ok(target.to_owned());
    }
    install_tls_provider();
    let run = async {
        let client = environment
            .client
            .user_agent(concat!("iopaint/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.connect_timeout)
            .build()
            .map_err(|error| {
                let cause = error
                    .source()
                    .map_or_else(|| error.to_string(), ToString::to_string);
                DownloadError::Client(cause)
            })?;
        let transfer = Transfer {
            client,
            url,
            host: host(url),
            file,
            options,
            timer: environment.timer,
            progress,
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(DownloadError::Cancelled),
            result = fetch(&transfer, target) => result,
        }
    };
    // On a new thread, because a runtime can't be entered from within another one.
    thread::scope(|scope| {
        scope
            .spawn(|| {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| DownloadError::Client(error.to_string()))?
                    .block_on(run)
            })
            .join()
            .unwrap_or_else(|_| Err(DownloadError::Client("internal error; see the log".into())))
    })?;
    Ok(target.to_owned())
}

/// Downloads the file to `target`.
async fn fetch(transfer: &Transfer<'_>, target: &Path) -> Result<(), DownloadError> {
    let disk = |error| DownloadError::disk(&transfer.file.name, error);
    let mut part = PartialFile::open(target).await.map_err(disk)?;
    if target.is_file() {
        // Another process downloaded it while this one waited for the lock.
        return Ok(());
    }
    let name = &transfer.file.name;
    tracing::info!(file = %name, host = %transfer.host, path = %target.display(), "Downloading a model file");
    retry_until_complete(transfer, &mut part).await?;
    part.publish().map_err(disk)?;
    tracing::info!(file = %name, "Downloaded a model file");
    Ok(())
}

/// Repeats attempts until the file is complete and verified, or the retries are exhausted.
async fn retry_until_complete(transfer: &Transfer<'_>, part: &mut PartialFile) -> Result<(), DownloadError> {
    let (mut failures, mut connected) = (0, false);
    // Only bytes beyond this count as progress, so that a server that restarts each attempt can't keep it
    // alive forever.
    let mut furthest = part.length();
    loop {
        let resumed = part.resumable(transfer.url).is_some();
        let interrupted = match transfer.attempt(part).await {
            Ok(()) => match verify_part(transfer, part, resumed)? {
                HashMatch::Mismatch => "the resumed file has an unexpected hash".into(),
                HashMatch::Match | HashMatch::NotPinned => return Ok(()),
            },
            Err(AttemptError::Fatal(error)) => return Err(error),
            // Retried only if an earlier attempt connected; a machine that is offline gets the error
            // immediately.
            Err(AttemptError::NoConnection(reason)) if !connected => {
                return Err(DownloadError::Unreachable {
                    file: transfer.file.name.clone(),
                    host: transfer.host.clone(),
                    reason,
                });
            }
            Err(AttemptError::NoConnection(reason)) => reason,
            Err(AttemptError::Interrupted(reason)) => {
                connected = true;
                reason
            }
        };
        if part.length() >= furthest + PROGRESS_BYTES {
            failures = 0;
        }
        furthest = furthest.max(part.length());
        if failures == transfer.options.retries {
            return Err(DownloadError::Interrupted {
                file: transfer.file.name.clone(),
                host: transfer.host.clone(),
                reason: interrupted,
            });
        }
        let pause = transfer
            .options
            .backoff
            .saturating_mul(2u32.saturating_pow(failures))
            .min(MAX_BACKOFF);
        tracing::warn!(
            file = %transfer.file.name, received_bytes = part.length(), pause_ms = pause.as_millis() as u64,
            cause = interrupted, "The download was interrupted and will be retried"
        );
        failures += 1;
        transfer.timer.after(pause).await;
    }
}

/// Compares the complete partial file with the pinned hashes, and deletes it if they differ. Returns a
/// mismatch only if the file was resumed, as a download from the start may succeed then.
fn verify_part(
    transfer: &Transfer<'_>,
    part: &mut PartialFile,
    resumed: bool,
) -> Result<HashMatch, DownloadError> {
    let digest =
        FileDigest::of_file(part.path()).map_err(|error| DownloadError::disk(&transfer.file.name, error))?;
    let hash_match = digest.compare(&transfer.file.hashes);
    match hash_match {
        HashMatch::Mismatch => {
            part.discard();
            if !resumed {
                return Err(DownloadError::WrongHash {
                    file: transfer.file.name.clone(),
                    host: transfer.host.clone(),
                    sha256: digest.sha256,
                });
            }
        }
        HashMatch::NotPinned => {
            tracing::warn!(
                file = %transfer.file.name, sha256 = %digest.sha256,
                "Could not verify the downloaded file, as no hash of it is known"
            );
        }
        HashMatch::Match => {
            tracing::info!(file = %transfer.file.name, sha256 = %digest.sha256, "Verified the hash of the downloaded file");
        }
    }
    Ok(hash_match)
}

/// Returns host and port of `url` without parts that may contain secrets.
fn host(url: &str) -> String {
    reqwest::Url::parse(url)
        .ok()
        .and_then(|url| {
            let host = url.host_str()?.to_owned();
            Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
        })
        .unwrap_or_else(|| "the server".into())
}

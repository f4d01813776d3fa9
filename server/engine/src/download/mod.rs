//! Models' files from the network: gone on with after a break, checked, and put in their place at once.

mod attempt;
mod error;
mod part;
mod report;
#[cfg(test)]
mod tests;

pub use error::DownloadError;
pub use report::ProgressReport;

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use reqwest::ClientBuilder;
use tokio::sync::watch;

use self::attempt::{Failure, Transfer};
use self::part::Part;
use crate::registry::FileSpec;
use crate::verify::{Digest, Verdict};

/// A try that brought this many bytes doesn't count as a failed one: on a bad line a large file takes many.
const PROGRESS_BYTES: u64 = 1 << 20;
/// The longest pause between two tries.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// How long a download waits and how often it tries again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadOptions {
    /// For a connection to come about, a proxy's included.
    pub connect_timeout: Duration,
    /// For the next bytes.
    pub stall_timeout: Duration,
    /// How many tries may follow the first without a megabyte of progress.
    pub retries: u32,
    /// The pause before the second try; it doubles from try to try.
    pub backoff: Duration,
}

impl Default for DownloadOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_secs(30),
            retries: 4,
            backoff: Duration::from_secs(1),
        }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownloadProgress {
    /// What has arrived, earlier downloads included, in bytes.
    pub bytes: u64,
    /// The whole file's length in bytes, if it is known.
    pub total: Option<u64>,
}

/// Ends a download from another thread. Clones end the same one.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Cancel {
    /// Ends the download at once; it keeps what has arrived.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether [`Cancel::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    async fn cancelled(&self) {
        // The sender lives as long as `self`, so that waiting ends only by a cancellation.
        let _ = self.0.subscribe().wait_for(|cancelled| *cancelled).await;
    }
}

/// Brings a model's file from `url` to `target`, if it isn't there, and returns `target`. Blocks; meant for a thread
/// of its own. The system's proxy settings (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) are heeded.
///
/// Bytes that an earlier download left are gone on with where the server can tell that they belong to the same
/// file. The target appears only when it is whole, has the length and the hashes of `file` and is safe on the disk;
/// a file that is there is never replaced. Two processes take turns, and the second one takes what the first one
/// brought. `progress` is called for every piece that arrives.
///
/// # Errors
/// [`DownloadError`], with a sentence for the user.
pub fn download(
    file: &FileSpec,
    url: &str,
    target: &Path,
    options: &DownloadOptions,
    cancel: &Cancel,
    progress: &(dyn Fn(DownloadProgress) + Sync),
) -> Result<PathBuf, DownloadError> {
    download_through(
        reqwest::Client::builder(),
        file,
        url,
        target,
        options,
        cancel,
        progress,
    )
}

/// Makes ring the process's provider of TLS cryptography, unless there is one. HTTPS clients fail to build without.
pub fn install_tls_provider() {
    // An error means that another thread was first, with the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// [`download`] with the proxies that `client` knows.
fn download_through(
    client: ClientBuilder,
    file: &FileSpec,
    url: &str,
    target: &Path,
    options: &DownloadOptions,
    cancel: &Cancel,
    progress: &(dyn Fn(DownloadProgress) + Sync),
) -> Result<PathBuf, DownloadError> {
    if target.is_file() {
        return Ok(target.to_owned());
    }
    install_tls_provider();
    let run = async {
        let client = client
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
            progress,
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(DownloadError::Cancelled),
            result = fetch(&transfer, target) => result,
        }
    };
    // A thread of its own, because a runtime can't be entered from within another one.
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
            .unwrap_or_else(|_| {
                Err(DownloadError::Client(
                    "the download ended by a fault of its own".into(),
                ))
            })
    })?;
    Ok(target.to_owned())
}

/// Has the whole file at `target` afterwards.
async fn fetch(transfer: &Transfer<'_>, target: &Path) -> Result<(), DownloadError> {
    let disk = |error| DownloadError::disk(&transfer.file.name, error);
    let mut part = Part::open(target).await.map_err(disk)?;
    if target.is_file() {
        // Another process brought it while this one waited.
        return Ok(());
    }
    let name = &transfer.file.name;
    tracing::info!(file = %name, host = %transfer.host, to = %target.display(), "downloading");
    until_whole(transfer, &mut part).await?;
    part.publish().map_err(disk)?;
    tracing::info!(file = %name, "downloaded");
    Ok(())
}

/// Tries until the file is whole and has the right hashes, or there is no hope.
async fn until_whole(transfer: &Transfer<'_>, part: &mut Part) -> Result<(), DownloadError> {
    let (mut failures, mut heard) = (0, false);
    // Only what goes beyond this is progress: a server that makes each download begin anew must not keep it alive.
    let mut furthest = part.length();
    loop {
        let resumed = part.resumable(transfer.url).is_some();
        let interrupted = match transfer.attempt(part).await {
            Ok(()) => match check(transfer, part, resumed)? {
                Verdict::Different => "the pieces didn't make the expected file".into(),
                Verdict::Same | Verdict::Unknown => return Ok(()),
            },
            Err(Failure::Fatal(error)) => return Err(error),
            // Offline from the start is told at once; a line that breaks down is worth waiting for.
            Err(Failure::NoConnection(reason)) if !heard => {
                return Err(DownloadError::Unreachable {
                    file: transfer.file.name.clone(),
                    host: transfer.host.clone(),
                    reason,
                });
            }
            Err(Failure::NoConnection(reason)) => reason,
            Err(Failure::Interrupted(reason)) => {
                heard = true;
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
            file = %transfer.file.name, bytes = part.length(), pause_ms = pause.as_millis() as u64,
            "the download was interrupted and will be tried again: {interrupted}"
        );
        failures += 1;
        tokio::time::sleep(pause).await;
    }
}

/// Compares the whole part with what is expected and throws it away if it differs. `Different` only where another
/// try from the beginning may help, since the part was put together from several answers.
fn check(transfer: &Transfer<'_>, part: &mut Part, resumed: bool) -> Result<Verdict, DownloadError> {
    let digest =
        Digest::of_file(part.path()).map_err(|error| DownloadError::disk(&transfer.file.name, error))?;
    let verdict = digest.compare(&transfer.file.hashes);
    match verdict {
        Verdict::Different => {
            part.discard();
            if !resumed {
                return Err(DownloadError::WrongHash {
                    file: transfer.file.name.clone(),
                    host: transfer.host.clone(),
                    sha256: digest.sha256,
                });
            }
        }
        Verdict::Unknown => {
            tracing::warn!(
                file = %transfer.file.name, sha256 = %digest.sha256,
                "no hash of this file is known, so that what was downloaded could not be checked"
            );
        }
        Verdict::Same => {
            tracing::info!(file = %transfer.file.name, sha256 = %digest.sha256, "the hash is right");
        }
    }
    Ok(verdict)
}

/// The server's name and port, without anything in an address that could be a secret.
fn host(url: &str) -> String {
    reqwest::Url::parse(url)
        .ok()
        .and_then(|url| {
            let host = url.host_str()?.to_owned();
            Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
        })
        .unwrap_or_else(|| "the server".into())
}

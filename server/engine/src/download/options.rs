//! Options and progress of a download.

use std::time::Duration;

/// Timeouts and retries of a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadOptions {
    /// Timeout for establishing a connection, including that of a proxy.
    pub connect_timeout: Duration,
    /// Timeout for the next bytes.
    pub stall_timeout: Duration,
    /// Maximum number of consecutive retries without a megabyte of progress.
    pub retries: u32,
    /// Pause before the first retry; doubles with each retry.
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

/// Progress of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownloadProgress {
    /// Bytes downloaded so far, earlier attempts included.
    pub bytes: u64,
    /// Size of the file in bytes; `None` if unknown.
    pub total: Option<u64>,
}

//! Errors of downloads, with messages for users.

use std::io;

/// Error of a download. The messages contain no paths, and of URLs only host and port.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// No connection: offline, a DNS, proxy or certificate error, or a firewall.
    #[error(
        "{file} can't be downloaded: {host} can't be reached ({reason}). Check the network or the proxy settings \
         (HTTPS_PROXY), or copy the file into the model folder by hand"
    )]
    Unreachable {
        /// File name.
        file: String,
        /// Host and port of the server.
        host: String,
        /// The innermost error.
        reason: String,
    },
    /// The server responded with an error status.
    #[error("{file} can't be downloaded: {host} responded with status {status}")]
    Refused {
        /// File name.
        file: String,
        /// Host and port of the server.
        host: String,
        /// HTTP status code.
        status: u16,
    },
    /// The server sent a web page, such as the login page of a captive portal.
    #[error(
        "{file} can't be downloaded: {host} sent a web page instead of the file. Check whether this network requires a \
         login or a proxy"
    )]
    WebPage {
        /// File name.
        file: String,
        /// Host and port of the server.
        host: String,
    },
    /// The file does not have the expected size.
    #[error("{file} can't be downloaded: {host} offers {offered} bytes, expected {expected}")]
    WrongLength {
        /// File name.
        file: String,
        /// Host and port of the server.
        host: String,
        /// Size in the response's headers, in bytes.
        offered: u64,
        /// Expected or maximum size in bytes.
        expected: u64,
    },
    /// The downloaded file does not have the expected hash; it was deleted.
    #[error(
        "{file} was downloaded from {host}, but is not the expected file (its SHA-256 is {sha256}); it was deleted"
    )]
    WrongHash {
        /// File name.
        file: String,
        /// Host and port of the server.
        host: String,
        /// SHA-256 of the downloaded file.
        sha256: String,
    },
    /// All attempts were interrupted. The partial file is kept for the next download to resume.
    #[error(
        "the download of {file} from {host} was interrupted ({reason}); the partial file is kept and the next \
         download resumes from there"
    )]
    Interrupted {
        /// File name.
        file: String,
        /// Host and port of the server.
        host: String,
        /// Cause of the last interruption.
        reason: String,
    },
    /// The disk is full; the partial file was deleted.
    #[error("{file} does not fit on the disk; free some space, or use another model folder")]
    DiskFull {
        /// File name.
        file: String,
    },
    /// The model folder can't be written to.
    #[error("{file} can't be written to the model folder: {source}")]
    Disk {
        /// File name.
        file: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// The HTTP client could not be created, for example because the machine has no root certificates.
    #[error("downloads don't work on this machine: {0}")]
    Client(String),
    /// The download was cancelled. The partial file is kept.
    #[error("the download was cancelled")]
    Cancelled,
}

impl DownloadError {
    /// Returns a short cause for a log field, without advice and file name.
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            Self::Unreachable { host, .. } => format!("{host} can't be reached"),
            Self::Refused { host, status, .. } => format!("{host} responded with status {status}"),
            Self::WebPage { host, .. } => format!("{host} sent a web page"),
            Self::WrongLength { .. } => "the file has an unexpected size".into(),
            Self::WrongHash { .. } => "the file has an unexpected hash".into(),
            Self::Interrupted { host, .. } => format!("the connection to {host} was interrupted"),
            Self::DiskFull { .. } => "the disk is full".into(),
            Self::Disk { source, .. } => format!("the model folder can't be written to: {source}"),
            Self::Client(reason) => reason.clone(),
            Self::Cancelled => "cancelled".into(),
        }
    }

    /// Converts an error of a file operation on `file`.
    pub(super) fn disk(file: &str, source: io::Error) -> Self {
        let file = file.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull { file }
            }
            _ => Self::Disk { file, source },
        }
    }
}

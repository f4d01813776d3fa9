//! Why a model's file could not be downloaded, in sentences for the person who waits for it.

use std::io;

/// Why a download failed. The sentences hold no paths and no addresses beyond the server's name.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// No connection: offline, a name that doesn't resolve, a firewall, a proxy, a certificate.
    #[error(
        "{file} can't be downloaded: {host} can't be reached ({reason}). Check the network or the proxy settings \
         (HTTPS_PROXY), or put the file into the model folder by hand"
    )]
    Unreachable {
        /// The file's name.
        file: String,
        /// The server's name.
        host: String,
        /// What the network says.
        reason: String,
    },
    /// The server answers, but not with the file.
    #[error("{file} can't be downloaded: {host} answers with status {status}")]
    Refused {
        /// The file's name.
        file: String,
        /// The server's name.
        host: String,
        /// The HTTP status.
        status: u16,
    },
    /// A web page came in place of the file, as login pages of hotels and companies do.
    #[error(
        "{file} can't be downloaded: a web page came in place of the file. Does this network ask for a login, or a \
         proxy stand between here and {host}?"
    )]
    WebPage {
        /// The file's name.
        file: String,
        /// The server's name.
        host: String,
    },
    /// The file has another length than the known one.
    #[error("{file} can't be downloaded: {host} offers {offered} bytes where {expected} were expected")]
    WrongLength {
        /// The file's name.
        file: String,
        /// The server's name.
        host: String,
        /// The length that the server tells, in bytes.
        offered: u64,
        /// The known length, or the largest that is taken, in bytes.
        expected: u64,
    },
    /// The file that arrived is not the known one; it has been thrown away.
    #[error(
        "{file} was downloaded from {host} but is not the expected file (its SHA-256 is {sha256}); it has been thrown \
         away"
    )]
    WrongHash {
        /// The file's name.
        file: String,
        /// The server's name.
        host: String,
        /// What arrived hashes to.
        sha256: String,
    },
    /// All tries ended early. What has arrived is kept, the next download goes on from there.
    #[error(
        "the download of {file} from {host} broke off ({reason}); what has arrived is kept, and the next try goes on \
         from there"
    )]
    Interrupted {
        /// The file's name.
        file: String,
        /// The server's name.
        host: String,
        /// What happened at the last try.
        reason: String,
    },
    /// The disk has no room; what had arrived has been thrown away.
    #[error("{file} doesn't fit on the disk; make room, or name another folder with --model-dir")]
    DiskFull {
        /// The file's name.
        file: String,
    },
    /// The model folder can't be written to.
    #[error("{file} can't be written to the model folder: {source}")]
    Disk {
        /// The file's name.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The HTTP client can't be set up, as where there are no certificates on this machine.
    #[error("nothing can be downloaded on this machine: {0}")]
    Client(String),
    /// The caller gave up. What has arrived is kept.
    #[error("the download was cancelled")]
    Cancelled,
}

impl DownloadError {
    /// Short cause for a log field, without advice and without the file's name.
    #[must_use]
    pub fn cause(&self) -> String {
        match self {
            Self::Unreachable { host, .. } => format!("{host} can't be reached"),
            Self::Refused { host, status, .. } => format!("{host} answers with status {status}"),
            Self::WebPage { host, .. } => format!("{host} sent a web page"),
            Self::WrongLength { .. } => "the file has another length".into(),
            Self::WrongHash { .. } => "the file has another SHA-256".into(),
            Self::Interrupted { host, .. } => format!("the connection to {host} was interrupted"),
            Self::DiskFull { .. } => "the disk is full".into(),
            Self::Disk { source, .. } => format!("the model folder can't be written to: {source}"),
            Self::Client(reason) => reason.clone(),
            Self::Cancelled => "cancelled".into(),
        }
    }

    /// The failure of a file operation on the file called `file`.
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

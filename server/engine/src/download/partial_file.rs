//! The partial file of a download, which later downloads resume, and the lock that serialises concurrent
//! downloads.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Interval at which a lock that another process holds is polled.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// Origin of a partial file's bytes; stored beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PartialFileSource {
    /// The requested URL.
    pub url: String,
    /// Value for `If-Range`: the response's strong `ETag`, or its `Last-Modified`.
    pub validator: String,
    /// Size of the file in bytes; `None` if the response had no length.
    pub total: Option<u64>,
}

/// The partial file `<target>.part`, with `<target>.part.meta` and `<target>.lock` beside it.
#[derive(Debug)]
pub(super) struct PartialFile {
    target: PathBuf,
    path: PathBuf,
    source: Option<PartialFileSource>,
    length: u64,
    file: Option<File>,
    /// Held until this is dropped; `None` on file systems without locks.
    _lock: Option<File>,
}

impl PartialFile {
    /// Opens the partial file of `target` once no other download holds its lock. Creates the folder.
    pub async fn open(target: &Path) -> io::Result<Self> {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let lock = lock(&beside(target, "lock")).await?;
        // Without locks each process uses its own file, which can't be resumed by others.
        let suffix = if lock.is_some() {
            "part".to_owned()
        } else {
            format!("{}.part", std::process::id())
        };
        let path = beside(target, &suffix);
        let length = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let source = fs::read_to_string(beside(&path, "meta"))
            .ok()
            .and_then(|text| toml::from_str::<PartialFileSource>(&text).ok())
            .filter(|source| length > 0 && !source.validator.is_empty());
        Ok(Self {
            target: target.to_owned(),
            path,
            source,
            length,
            file: None,
            _lock: lock,
        })
    }

    /// Returns the path of the partial file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the number of downloaded bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Returns the origin of the bytes if a download from `url` can resume them.
    pub fn resumable(&self, url: &str) -> Option<&PartialFileSource> {
        self.source.as_ref().filter(|source| source.url == url)
    }

    /// Truncates the file for a download from `source`. It can be resumed later if `source` has a validator.
    pub fn start(&mut self, source: PartialFileSource) -> io::Result<()> {
        self.file = None;
        let meta = toml::to_string(&source).map_err(io::Error::other)?;
        // Truncated before the metadata is written, so that bytes never lie beside the metadata of another
        // file.
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&self.path)?;
        self.length = 0;
        fs::write(beside(&self.path, "meta"), meta)?;
        self.file = Some(file);
        self.source = Some(source).filter(|source| !source.validator.is_empty());
        Ok(())
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().append(true).open(&self.path)?),
        };
        file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Deletes the partial file.
    pub fn discard(&mut self) {
        self.file = None;
        self.source = None;
        self.length = 0;
        // A file that can't be deleted is truncated by the next `start`.
        let _ = fs::remove_file(beside(&self.path, "meta"));
        let _ = fs::remove_file(&self.path);
    }

    /// Syncs the file and moves it to the target atomically. A target that was created meanwhile is kept.
    pub fn publish(mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().append(true).open(&self.path)?,
        };
        file.sync_all()?;
        drop(file);
        // Unlike a rename, a hard link never replaces a file; some file systems don't support it.
        match fs::hard_link(&self.path, &self.target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !self.target.is_file() => {
                return Err(error);
            }
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                fs::rename(&self.path, &self.target)?;
            }
            Ok(()) | Err(_) => {}
        }
        if let Some(folder) = self.target.parent().and_then(|folder| File::open(folder).ok()) {
            // Some file systems can't sync a folder; the file's contents are synced already.
            let _ = folder.sync_all();
        }
        self.discard();
        // A process that waits for the deleted lock finds the target afterwards, so a second lock file is
        // harmless.
        let _ = fs::remove_file(beside(&self.target, "lock"));
        Ok(())
    }
}

/// Acquires the lock of a download, polling while another process or thread holds it. Returns `None` if the
/// file system does not support locks.
async fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let mut logged = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => {
                if !logged {
                    tracing::info!(path = %path.display(), "Waiting for another download of the same file");
                    logged = true;
                }
                tokio::time::sleep(LOCK_POLL).await;
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Returns `<path>.<suffix>`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

//! The file that grows while a download runs, kept so that a later one goes on from it, and the lock that keeps two
//! processes from writing to it at once.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often a lock that another process holds is tried again.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// What the bytes of a part belong to; written beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    /// The address that was asked.
    pub url: String,
    /// The server's strong `ETag`, or its `Last-Modified`: what `If-Range` takes.
    pub validator: String,
    /// The whole file's length in bytes, if the server told.
    pub total: Option<u64>,
}

/// A file on its way to `target`: `<target>.part`, with `<target>.part.meta` and `<target>.lock` beside it.
#[derive(Debug)]
pub(super) struct Part {
    target: PathBuf,
    path: PathBuf,
    source: Option<Source>,
    length: u64,
    file: Option<File>,
    /// Held while this exists; `None` on file systems that know no locks.
    _lock: Option<File>,
}

impl Part {
    /// The part of `target`, once no other process works on it. Makes the folder.
    pub async fn open(target: &Path) -> io::Result<Self> {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let lock = lock(&beside(target, "lock")).await?;
        // Without a lock a name of one's own keeps processes apart; nothing can be taken over then.
        let suffix = if lock.is_some() {
            "part".to_owned()
        } else {
            format!("{}.part", std::process::id())
        };
        let path = beside(target, &suffix);
        let length = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let source = fs::read_to_string(beside(&path, "meta"))
            .ok()
            .and_then(|text| toml::from_str::<Source>(&text).ok())
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

    /// Where the bytes are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes have arrived.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What the bytes belong to, if a download from `url` can go on from them.
    pub fn resumable(&self, url: &str) -> Option<&Source> {
        self.source.as_ref().filter(|source| source.url == url)
    }

    /// Throws away what has arrived and begins again; without a validator nothing can go on from here later.
    pub fn start(&mut self, source: Source) -> io::Result<()> {
        self.file = None;
        let meta = toml::to_string(&source).map_err(io::Error::other)?;
        // The bytes go first: a part must never lie beside the description of another one.
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

    /// Removes what has arrived.
    pub fn discard(&mut self) {
        self.file = None;
        self.source = None;
        self.length = 0;
        // A part that can't be removed is truncated by the next start.
        let _ = fs::remove_file(beside(&self.path, "meta"));
        let _ = fs::remove_file(&self.path);
    }

    /// Puts the whole file in its place, durably and at once. A file that somebody else put there meanwhile stays.
    pub fn publish(mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().append(true).open(&self.path)?,
        };
        file.sync_all()?;
        drop(file);
        // Unlike a rename, a hard link never replaces a file; not every file system has them.
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
            // Some file systems can't sync a folder; the file is whole all the same.
            let _ = folder.sync_all();
        }
        self.discard();
        // Who waits for the old lock finds the file in its place, so that a second lock does no harm.
        let _ = fs::remove_file(beside(&self.target, "lock"));
        Ok(())
    }
}

/// Takes the lock of a download; waits while another process or thread has it.
async fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => {
                if !told {
                    tracing::info!("another process downloads this file already; waiting for it");
                    told = true;
                }
                tokio::time::sleep(LOCK_POLL).await;
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// `<path>.<suffix>`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

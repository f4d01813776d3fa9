//! A folder that clients may use. All file access of requests goes through it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use uuid::Uuid;

use super::name::FileName;
#[cfg(target_os = "linux")]
use super::tmpfile;
use crate::normalization::nfc;

/// Highest number tried for a name that exists.
const MAX_NUMBER: u32 = 9999;

/// A folder whose regular files can be listed, read and written. Links are rejected, and names can't contain
/// paths.
///
/// All methods block.
#[derive(Clone, Debug)]
pub struct Folder(Arc<Dir>);

/// Handling of an existing file with the name of a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistingFile {
    /// Keep it; the new file gets a number.
    Keep,
    /// Replace it atomically.
    Replace,
}

impl Folder {
    /// Opens a folder from the command line.
    ///
    /// # Errors
    /// Returns an error if the folder does not exist or can't be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Dir::open_ambient_dir(path, ambient_authority()).map(|dir| Self(Arc::new(dir)))
    }

    /// Opens a folder for writing, and creates it if it does not exist.
    ///
    /// # Errors
    /// Returns an error if the folder can't be created or written to.
    pub fn create(path: &Path) -> io::Result<Self> {
        Dir::create_ambient_dir_all(path, ambient_authority())?;
        let folder = Self::open(path)?;
        // Reports a read-only folder at start instead of at the first save.
        let probe = temporary_name();
        folder.0.create(&probe)?;
        folder.0.remove_file(&probe)?;
        Ok(folder)
    }

    /// Returns the sorted names of its regular files that are valid as [`FileName`].
    ///
    /// # Errors
    /// Returns an error if the folder can't be read.
    pub fn names(&self) -> io::Result<Vec<FileName>> {
        let mut names: Vec<FileName> = self
            .0
            .entries()?
            // An unreadable entry does not hide the others.
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| FileName::parse(entry.file_name().to_str()?).ok())
            .collect();
        names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        Ok(names)
    }

    /// Opens a file for reading. A name that is not found is looked up again without regard to Unicode
    /// normalisation.
    ///
    /// # Errors
    /// Returns an error if the file does not exist, is not a regular file, or can't be read.
    pub fn read(&self, name: &FileName) -> io::Result<File> {
        match self.read_exact(name) {
            Err(error) if error.kind() == ErrorKind::NotFound => match self.equivalent(name)? {
                Some(stored) => self.read_exact(&stored),
                None => Err(error),
            },
            result => result,
        }
    }

    fn read_exact(&self, name: &FileName) -> io::Result<File> {
        let mut options = OpenOptions::new();
        // Without O_NONBLOCK, opening a pipe blocks until it has a writer.
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let file = self.0.open_with(name.as_str(), &options)?.into_std();
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(ErrorKind::NotFound.into())
        }
    }

    /// Returns the stored name that differs from `name` in Unicode normalisation only, if there is one.
    fn equivalent(&self, name: &FileName) -> io::Result<Option<FileName>> {
        if name.as_str().is_ascii() {
            return Ok(None);
        }
        let is_equivalent = |stored: &FileName| nfc(stored.as_str()) == nfc(name.as_str());
        Ok(self.names()?.into_iter().find(is_equivalent))
    }

    /// Writes a file atomically and returns its final name. Names that differ only in Unicode normalisation
    /// are equal.
    ///
    /// # Errors
    /// Returns an error if the disk is full, the name is too long for the file system
    /// ([`ErrorKind::InvalidFilename`]), or the folder is not writable. No partial file remains.
    pub fn write(&self, name: &FileName, bytes: &[u8], existing: ExistingFile) -> io::Result<FileName> {
        let stored = match existing {
            ExistingFile::Replace if self.0.symlink_metadata(name.as_str()).is_err() => {
                self.equivalent(name)?
            }
            _ => None,
        };
        let name = stored.as_ref().unwrap_or(name);
        let final_name = match self.write_tmpfile(name, bytes, existing) {
            Some(result) => result?,
            None => self.write_temporary(name, bytes, existing)?,
        };
        // Makes the name durable. Some file systems can't synchronise a folder.
        if let Ok(folder) = self.0.try_clone() {
            let _ = folder.into_std_file().sync_all();
        }
        Ok(final_name)
    }

    /// Writes a file without a name and links it when it is complete, so that a killed process leaves
    /// nothing. Returns `None` if the file system does not support it.
    #[cfg(target_os = "linux")]
    fn write_tmpfile(
        &self,
        name: &FileName,
        bytes: &[u8],
        existing: ExistingFile,
    ) -> Option<io::Result<FileName>> {
        // `write_temporary` reports why a folder is not writable.
        let mut file = tmpfile::create(&self.0).ok()?;
        if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
            return Some(Err(error));
        }
        let linked = match existing {
            ExistingFile::Keep => {
                self.first_free(name, |name| tmpfile::link_as(&file, &self.0, name.as_str()))
            }
            ExistingFile::Replace => {
                let temporary = temporary_name();
                tmpfile::link_as(&file, &self.0, &temporary).and_then(|()| {
                    self.replace(&temporary, name).inspect_err(|_| {
                        // The first error is returned.
                        let _ = self.0.remove_file(&temporary);
                    })
                })
            }
        };
        match linked {
            // Sandboxes without /proc can't link an open file.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            linked => Some(linked),
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_self, reason = "same signature as on Linux")]
    fn write_tmpfile(&self, _: &FileName, _: &[u8], _: ExistingFile) -> Option<io::Result<FileName>> {
        None
    }

    /// Writes a hidden temporary file and renames or links it.
    fn write_temporary(&self, name: &FileName, bytes: &[u8], existing: ExistingFile) -> io::Result<FileName> {
        let temporary = temporary_name();
        let written = self.write_new(&temporary, bytes).and_then(|()| match existing {
            ExistingFile::Replace => self.replace(&temporary, name),
            ExistingFile::Keep => self.first_free(name, |name| self.rename_if_free(&temporary, name)),
        });
        if written.is_err() {
            // The file may not exist; the first error is returned.
            let _ = self.0.remove_file(&temporary);
        }
        written
    }

    fn write_new(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let mut file = self.0.open_with(name, &options)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn replace(&self, temporary: &str, name: &FileName) -> io::Result<FileName> {
        self.0.rename(temporary, &self.0, name.as_str())?;
        Ok(name.clone())
    }

    /// Renames a file by a hard link, which fails if the name exists, unlike a rename.
    fn rename_if_free(&self, temporary: &str, name: &FileName) -> io::Result<()> {
        match self.0.hard_link(temporary, &self.0, name.as_str()) {
            Ok(()) => self.0.remove_file(temporary),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
            // FAT and some network file systems have no hard links.
            Err(_) => self.reserve_and_rename(temporary, name),
        }
    }

    /// Reserves a name with an empty file and replaces it.
    fn reserve_and_rename(&self, temporary: &str, name: &FileName) -> io::Result<()> {
        self.write_new(name.as_str(), &[])?;
        self.0.rename(temporary, &self.0, name.as_str())
    }

    /// Calls `link` with `photo.png`, `photo-1.png`, ... until it succeeds, and returns that name. Skips
    /// names that exist in another Unicode normalisation.
    fn first_free(
        &self,
        name: &FileName,
        link: impl Fn(&FileName) -> io::Result<()>,
    ) -> io::Result<FileName> {
        let mut taken = HashSet::new();
        if !name.as_str().is_ascii() {
            taken.extend(
                self.names()?
                    .iter()
                    .map(|stored| nfc(stored.as_str()).into_owned()),
            );
        }
        let numbered = (1..=MAX_NUMBER).map(|number| name.numbered(number));
        for name in std::iter::once(name.clone()).chain(numbered) {
            if taken.contains(&*nfc(name.as_str())) {
                continue;
            }
            match link(&name) {
                Ok(()) => return Ok(name),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }
}

/// Returns a unique hidden name; hidden files are neither listed nor served.
fn temporary_name() -> String {
    format!(".{}.part", Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests;

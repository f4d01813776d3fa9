//! A folder that clients may reach into: the one way from a request to the disk.

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
use super::unnamed;
use crate::normalization::nfc;

/// How many numbers are tried before a name counts as used up.
const MAX_NUMBER: u32 = 9999;

/// A folder whose files, and nothing else, can be listed, read and written. Links are refused; a name is no path.
///
/// Every call blocks.
#[derive(Clone, Debug)]
pub struct Folder(Arc<Dir>);

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays; the new one gets a number.
    Keep,
    /// The new one takes its place, in one step.
    Replace,
}

impl Folder {
    /// Opens a folder that the operator named.
    ///
    /// # Errors
    /// The folder isn't there or can't be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Dir::open_ambient_dir(path, ambient_authority()).map(|dir| Self(Arc::new(dir)))
    }

    /// Opens a folder to write to; it is made if it isn't there.
    ///
    /// # Errors
    /// It can't be made, or not be written to.
    pub fn create(path: &Path) -> io::Result<Self> {
        Dir::create_ambient_dir_all(path, ambient_authority())?;
        let folder = Self::open(path)?;
        // Better told at the start than at the first save.
        let trial = temporary_name();
        folder.0.create(&trial)?;
        folder.0.remove_file(&trial)?;
        Ok(folder)
    }

    /// The names of its files, sorted; what is no regular file or has no name that [`FileName`] takes is left out.
    ///
    /// # Errors
    /// The folder can't be read any more.
    pub fn names(&self) -> io::Result<Vec<FileName>> {
        let mut names: Vec<FileName> = self
            .0
            .entries()?
            // One entry that can't be read hides no other.
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| FileName::parse(entry.file_name().to_str()?).ok())
            .collect();
        names.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        Ok(names)
    }

    /// Opens a file to read it. A name that is not in the folder is looked up again without regard to Unicode
    /// normalisation.
    ///
    /// # Errors
    /// It isn't there, is a link or no regular file, or can't be read.
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
        // Opening a pipe would wait for a writer.
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
        let same = |stored: &FileName| nfc(stored.as_str()) == nfc(name.as_str());
        Ok(self.names()?.into_iter().find(same))
    }

    /// Writes a file and returns the name that it got. Readers see the whole file or none of it, also after a
    /// crash. Names that differ in Unicode normalisation only count as the same.
    ///
    /// # Errors
    /// The disk is full, the name too long for it ([`ErrorKind::InvalidFilename`]), the folder gone or not to
    /// be written to; nothing is left behind then.
    pub fn write(&self, name: &FileName, bytes: &[u8], existing: Existing) -> io::Result<FileName> {
        let stored = match existing {
            Existing::Replace if self.0.symlink_metadata(name.as_str()).is_err() => self.equivalent(name)?,
            _ => None,
        };
        let name = stored.as_ref().unwrap_or(name);
        let given = match self.write_unnamed(name, bytes, existing) {
            Some(given) => given?,
            None => self.write_under_another_name(name, bytes, existing)?,
        };
        // The name is on the disk when the folder is. Some file systems can't be asked for that.
        if let Ok(folder) = self.0.try_clone() {
            let _ = folder.into_std_file().sync_all();
        }
        Ok(given)
    }

    /// The way on which a process that is killed leaves nothing behind: the file gets a name when it is whole. `None`
    /// where the file system has no files without a name.
    #[cfg(target_os = "linux")]
    fn write_unnamed(
        &self,
        name: &FileName,
        bytes: &[u8],
        existing: Existing,
    ) -> Option<io::Result<FileName>> {
        // Why a folder can't be written to, the other way tells as well.
        let mut file = unnamed::create(&self.0).ok()?;
        if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
            return Some(Err(error));
        }
        let given = match existing {
            Existing::Keep => self.first_free(name, |name| unnamed::give_name(&file, &self.0, name.as_str())),
            Existing::Replace => {
                let temporary = temporary_name();
                unnamed::give_name(&file, &self.0, &temporary).and_then(|()| {
                    self.replace(&temporary, name).inspect_err(|_| {
                        // The error that is returned is the first one.
                        let _ = self.0.remove_file(&temporary);
                    })
                })
            }
        };
        match given {
            // The system doesn't tell where open files are: there is no /proc in a sandbox.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            given => Some(given),
        }
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unused_self, reason = "the same call as on Linux")]
    fn write_unnamed(&self, _: &FileName, _: &[u8], _: Existing) -> Option<io::Result<FileName>> {
        None
    }

    fn write_under_another_name(
        &self,
        name: &FileName,
        bytes: &[u8],
        existing: Existing,
    ) -> io::Result<FileName> {
        let temporary = temporary_name();
        let written = self.write_new(&temporary, bytes).and_then(|()| match existing {
            Existing::Replace => self.replace(&temporary, name),
            Existing::Keep => self.first_free(name, |name| self.give_name_if_free(&temporary, name)),
        });
        if written.is_err() {
            // It may never have come to be; the error that is told is the first one.
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

    /// A second name for a file fails where there is one already, unlike a rename.
    fn give_name_if_free(&self, temporary: &str, name: &FileName) -> io::Result<()> {
        match self.0.hard_link(temporary, &self.0, name.as_str()) {
            Ok(()) => self.0.remove_file(temporary),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
            // Memory cards and some network shares know no second names.
            Err(_) => self.reserve_and_rename(temporary, name),
        }
    }

    /// An empty file holds the name until the whole one takes its place.
    fn reserve_and_rename(&self, temporary: &str, name: &FileName) -> io::Result<()> {
        self.write_new(name.as_str(), &[])?;
        self.0.rename(temporary, &self.0, name.as_str())
    }

    /// Returns the first of `photo.png`, `photo-1.png`, ... that `give` can give and that no other file has
    /// in another Unicode normalisation.
    fn first_free(
        &self,
        name: &FileName,
        give: impl Fn(&FileName) -> io::Result<()>,
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
            match give(&name) {
                Ok(()) => return Ok(name),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }
}

/// Hidden, and so neither listed nor served.
fn temporary_name() -> String {
    format!(".{}.part", Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests;

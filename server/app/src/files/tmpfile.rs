//! Files without a name (`O_TMPFILE`, Linux): a killed writer leaves nothing in the folder.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

/// Creates a file without a name in a folder.
///
/// # Errors
/// Returns an error if the file system does not support `O_TMPFILE` or the folder is not writable.
pub fn create(folder: &Dir) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(folder, ".", flags, Mode::from_raw_mode(0o666))?;
    Ok(file.into())
}

/// Links a file into the folder under `name`.
///
/// # Errors
/// Returns [`io::ErrorKind::AlreadyExists`] if the name exists, or another error of the file system.
pub fn link_as(file: &File, folder: &Dir, name: &str) -> io::Result<()> {
    let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, descriptor, folder, name, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

//! Files without a name, on Linux: one whose writer is killed leaves nothing in the folder.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};

/// Begins a file in a folder. Some file systems have none without a name.
///
/// # Errors
/// It can't be begun here, for that or for any other reason.
pub fn create(folder: &Dir) -> io::Result<File> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = openat(folder, ".", flags, Mode::from_raw_mode(0o666))?;
    Ok(file.into())
}

/// Gives a file its name, unless there is one of that name.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`], or whatever the file system has against it.
pub fn give_name(file: &File, folder: &Dir, name: &str) -> io::Result<()> {
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    linkat(CWD, own, folder, name, AtFlags::SYMLINK_FOLLOW)?;
    Ok(())
}

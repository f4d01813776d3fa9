//! Images in a folder: lists of them, and one at a time.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::time::{SystemTime, UNIX_EPOCH};

use iopaint_imaging::{DecodeError, ImageFormat};
use serde::Serialize;
use utoipa::ToSchema;

use super::folder::Folder;
use super::header::read_header;
use super::name::FileName;

/// Endings of the files that are listed, as IOPaint lists them.
const LISTED: [&str; 3] = ["jpg", "jpeg", "png"];

/// An image in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MediaInfo {
    /// The file's name.
    pub name: String,
    /// Height in pixels, upright.
    pub height: u32,
    /// Width in pixels, upright.
    pub width: u32,
    /// When the file was made or its properties changed, in seconds since 1970.
    pub ctime: f64,
    /// When the file was written, in seconds since 1970.
    pub mtime: f64,
}

/// An image's file, open to be sent.
#[derive(Debug)]
pub struct MediaFile {
    /// The file, at its beginning.
    pub file: File,
    /// What its first bytes say that it is.
    pub format: ImageFormat,
    /// Its length in bytes.
    pub length: u64,
    /// When it was written.
    pub modified: SystemTime,
}

/// The images of a folder by name; files that can't be read as an image are left out. Blocks.
///
/// # Errors
/// The folder itself can't be read.
pub fn list(folder: &Folder) -> io::Result<Vec<MediaInfo>> {
    let names = folder.names()?;
    Ok(names
        .into_iter()
        .filter(|name| name.ends_in(&LISTED))
        .filter_map(|name| {
            let mut file = folder.read(&name).ok()?;
            let metadata = file.metadata().ok()?;
            let (width, height) = read_header(&mut file)?.upright_size();
            Some(MediaInfo {
                name: name.as_str().to_owned(),
                height,
                width,
                ctime: changed(&metadata),
                mtime: seconds(metadata.modified().ok()?),
            })
        })
        .collect())
}

/// Opens an image of a folder. Blocks.
///
/// # Errors
/// The outer one: no such file, or it can't be read. The inner one: it is no image.
pub fn open_media(folder: &Folder, name: &FileName) -> io::Result<Result<MediaFile, DecodeError>> {
    open_image(folder.read(name)?)
}

/// Looks at what a file is. Blocks.
///
/// # Errors
/// As [`open_media`].
pub fn open_image(mut file: File) -> io::Result<Result<MediaFile, DecodeError>> {
    let metadata = file.metadata()?;
    let mut start = Vec::with_capacity(64);
    file.by_ref().take(64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    Ok(ImageFormat::sniff(&start)
        .map(|format| MediaFile {
            file,
            format,
            length: metadata.len(),
            modified,
        })
        .ok_or(DecodeError::NotAnImage))
}

impl MediaFile {
    /// The file's bytes. Blocks.
    ///
    /// # Errors
    /// [`ErrorKind::FileTooLarge`] for more than `limit` bytes, or the file can't be read.
    pub fn bytes(self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> f64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime() as f64 + metadata.ctime_nsec() as f64 / 1e9
}

#[cfg(not(unix))]
fn changed(metadata: &Metadata) -> f64 {
    metadata.created().map_or(0.0, seconds)
}

//! Images of a folder: listing and opening.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::time::{SystemTime, UNIX_EPOCH};

use iopaint_imaging::{DecodeError, ImageFormat};
use serde::Serialize;
use utoipa::ToSchema;

use super::folder::Folder;
use super::header::read_header;
use super::name::FileName;

/// Extensions of listed files, as in IOPaint.
const LISTED: [&str; 3] = ["jpg", "jpeg", "png"];

/// A listed image.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MediaInfo {
    /// File name.
    pub name: String,
    /// Height of the upright image in pixels.
    pub height: u32,
    /// Width of the upright image in pixels.
    pub width: u32,
    /// Time of creation or of the last metadata change, in seconds since 1970.
    pub ctime: f64,
    /// Time of the last write, in seconds since 1970.
    pub mtime: f64,
}

/// An open image file.
#[derive(Debug)]
pub struct MediaFile {
    /// File, positioned at its start.
    pub file: File,
    /// Format according to its first bytes.
    pub format: ImageFormat,
    /// Length in bytes.
    pub length: u64,
    /// Time of the last write.
    pub modified: SystemTime,
}

/// Returns the images of a folder, sorted by name, without unreadable files. Blocks.
///
/// # Errors
/// Returns an error if the folder can't be read.
pub fn list(folder: &Folder) -> io::Result<Vec<MediaInfo>> {
    let names = folder.names()?;
    Ok(names
        .into_iter()
        .filter(|name| name.has_extension(&LISTED))
        .filter_map(|name| {
            let mut file = folder.read(&name).ok()?;
            let metadata = file.metadata().ok()?;
            let (width, height) = read_header(&mut file)?.upright_size();
            Some(MediaInfo {
                name: name.as_str().to_owned(),
                height,
                width,
                ctime: change_time(&metadata),
                mtime: seconds(metadata.modified().ok()?),
            })
        })
        .collect())
}

/// Opens an image of a folder. Blocks.
///
/// # Errors
/// Returns an outer error if the file does not exist or can't be read, and an inner error if it is not an
/// image.
pub fn open_media(folder: &Folder, name: &FileName) -> io::Result<Result<MediaFile, DecodeError>> {
    open_image(folder.read(name)?)
}

/// Detects the format of an open file. Blocks.
///
/// # Errors
/// See [`open_media`].
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
    /// Returns the content of the file. Blocks.
    ///
    /// # Errors
    /// Returns [`ErrorKind::FileTooLarge`] for more than `limit` bytes, or an error if the file can't be
    /// read.
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
        .map_or(0.0, |duration| duration.as_secs_f64())
}

#[cfg(unix)]
fn change_time(metadata: &Metadata) -> f64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime() as f64 + metadata.ctime_nsec() as f64 / 1e9
}

#[cfg(not(unix))]
fn change_time(metadata: &Metadata) -> f64 {
    metadata.created().map_or(0.0, seconds)
}

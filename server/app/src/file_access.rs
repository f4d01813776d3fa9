//! Reading and saving images in the server's folders, with the errors of the API. The HTTP routes and the MCP
//! tools share it.

use std::io::ErrorKind;

use bytes::Bytes;
use iopaint_imaging::{DecodeError, ImageFormat};

use crate::blocking::off_thread;
use crate::error::{ApiError, ErrorCode};
use crate::files::{FileName, Files, MediaFile, NameError, Tab, open_media};

/// Opens an image of a folder. `field` is the name of the field with the file's name.
///
/// # Errors
/// Returns [`ErrorCode::NotOffered`] without the folder, [`ErrorCode::InvalidField`] for an invalid name,
/// [`ErrorCode::UnknownFile`], and [`ErrorCode::NotAnImage`].
pub async fn open_image(
    files: &Files,
    tab: Tab,
    field: &str,
    name: &str,
) -> Result<(FileName, MediaFile), ApiError> {
    let folder = files.folder(tab)?.clone();
    let name = FileName::parse(name).map_err(|error| ApiError::field(field, error))?;
    let lookup = name.clone();
    let media: Result<MediaFile, DecodeError> = off_thread(move || open_media(&folder, &lookup))
        .await?
        .map_err(|error| {
            tracing::debug!(%error, "Image not opened");
            ApiError::new(ErrorCode::UnknownFile, "the folder has no image with this name")
        })?;
    Ok((name, media.map_err(|error| ApiError::image(field, &error))?))
}

/// Returns the content of an image file of at most `max_bytes` bytes. Blocks.
///
/// # Errors
/// Returns [`ErrorCode::ImageTooLarge`] and [`ErrorCode::Storage`].
pub fn read_image(media: MediaFile, max_bytes: usize) -> Result<Vec<u8>, ApiError> {
    media.bytes(max_bytes as u64).map_err(|error| {
        if error.kind() == ErrorKind::FileTooLarge {
            ApiError::new(
                ErrorCode::ImageTooLarge,
                "the image file is too large; the limit is --max-body-mib",
            )
        } else {
            ApiError::storage(&error)
        }
    })
}

/// Saves an image in the output folder and returns its final name: `name` with the extension of `format`
/// unless it has one, and with a number if the file exists and isn't replaced. `field` is the name of the
/// field with the file's name.
///
/// # Errors
/// Returns [`ErrorCode::NotOffered`] without the folder, [`ErrorCode::InvalidField`] for a name that is too
/// long for the file system, and [`ErrorCode::Storage`].
pub async fn save_image(
    files: &Files,
    field: &str,
    name: FileName,
    format: ImageFormat,
    bytes: Bytes,
    replace: bool,
) -> Result<FileName, ApiError> {
    let folder = files.output()?.clone();
    let existing = files.existing(replace);
    let name = name.for_image(format);
    off_thread(move || folder.write(&name, &bytes, existing))
        .await?
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidFilename => ApiError::field(field, NameError::TooManyBytes),
            _ => ApiError::storage(&error),
        })
}

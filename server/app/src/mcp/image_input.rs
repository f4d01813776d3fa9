//! The image and the mask of a tool call: base64, or files of the server's folders.

use bytes::Bytes;
use iopaint_engine::Reservation;

use super::arguments::ImageArguments;
use super::call::ToolCall;
use crate::blocking::off_thread;
use crate::error::ApiError;
use crate::file_access::{open_image, read_image};
use crate::files::{MediaFile, Tab};
use crate::request::base64_image;

/// The encoded image and mask of a tool call.
#[derive(Debug)]
pub struct ImageInput {
    /// The encoded image.
    pub image: Bytes,
    /// The encoded mask, if the call has one.
    pub mask: Option<Bytes>,
    /// Memory of both.
    pub memory: Reservation,
}

/// An image of an argument.
#[derive(Debug)]
pub enum ImageSource {
    /// Base64 in the field.
    Base64(&'static str, String),
    /// Name of a file of a folder in the field.
    File(&'static str, Tab, String),
}

/// An image whose content is in memory or in an open file.
enum OpenImage {
    Bytes(Vec<u8>),
    File(MediaFile),
}

impl ImageSource {
    /// Returns the image of the fields `image` and `file`.
    ///
    /// # Errors
    /// Returns [`ErrorCode::InvalidField`](crate::error::ErrorCode::InvalidField) unless exactly one is set.
    pub fn image(arguments: &mut ImageArguments) -> Result<Self, ApiError> {
        match (arguments.image.take(), arguments.file.take()) {
            (Some(text), None) => Ok(Self::Base64("image", text)),
            (None, Some(name)) => Ok(Self::File(
                "file",
                arguments.folder.unwrap_or_default().tab(),
                name,
            )),
            (None, None) => Err(ApiError::field("image", "is missing; set `image` or `file`")),
            (Some(_), Some(_)) => Err(ApiError::field("file", "must not be set together with `image`")),
        }
    }

    async fn open(self, call: &ToolCall<'_>) -> Result<OpenImage, ApiError> {
        match self {
            Self::Base64(field, text) => base64_image::decode(field, &text).map(OpenImage::Bytes),
            Self::File(field, tab, name) => {
                let (_, file) = open_image(&call.state.files, tab, field, &name).await?;
                Ok(OpenImage::File(file))
            }
        }
    }
}

impl OpenImage {
    /// Returns the length of the content in bytes.
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(file) => file.length,
        }
    }

    async fn read(self, max_bytes: usize) -> Result<Bytes, ApiError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.into()),
            Self::File(file) => off_thread(move || read_image(file, max_bytes))
                .await?
                .map(Bytes::from),
        }
    }
}

/// Reads the image and the mask of a call, and reserves memory for them.
///
/// # Errors
/// Those of base64, of the folders and of the files.
pub async fn read_input(
    call: &ToolCall<'_>,
    image: ImageSource,
    mask: Option<ImageSource>,
) -> Result<ImageInput, ApiError> {
    let max_bytes = call.state.settings.bodies.max_bytes;
    let image = image.open(call).await?;
    let mask = match mask {
        Some(mask) => Some(mask.open(call).await?),
        None => None,
    };
    let length = |image: &OpenImage| image.length().min(max_bytes as u64);
    let needed = length(&image) + mask.as_ref().map_or(0, length);
    let in_memory = |image: &OpenImage| matches!(image, OpenImage::Bytes(_));
    let memory = match call.memory.take() {
        Some(mut body) if in_memory(&image) && mask.as_ref().is_none_or(in_memory) => {
            body.shrink_to(needed);
            body
        }
        body => {
            // Released first: a call that waits for memory while it holds some could deadlock with another.
            drop(body);
            let bodies = &call.state.in_flight.bodies;
            bodies.reserve(&call.caller.client, needed).await
        }
    };
    Ok(ImageInput {
        image: image.read(max_bytes).await?,
        mask: match mask {
            Some(mask) => Some(mask.read(max_bytes).await?),
            None => None,
        },
        memory,
    })
}

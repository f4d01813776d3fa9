//! Errors of decoding and encoding. Their messages are shown to users.

use std::fmt::Display;

use crate::ImageFormat;

/// The failure to decode a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes don't begin with the signature of a known image format.
    #[error("This is not an image file. Supported formats: PNG, JPEG, WebP, TIFF, BMP and GIF.")]
    NotAnImage,
    /// An image in an unsupported format or of an unsupported kind, which the text names.
    #[error("{0} is not supported. Convert the image to PNG, JPEG, WebP or TIFF.")]
    Unsupported(String),
    /// The size in the header exceeds a limit. No pixels were decoded.
    #[error(
        "The image is {width} x {height} pixels; the limits are {max_pixels} pixels in total and {max_side} pixels \
         per side. Scale the image down."
    )]
    TooLarge {
        /// Width in pixels, from the header.
        width: u64,
        /// Height in pixels, from the header.
        height: u64,
        /// The limit on width x height.
        max_pixels: u64,
        /// The limit on either side, in pixels.
        max_side: u32,
    },
    /// The file is truncated or inconsistent.
    #[error("The {format} file is damaged or incomplete ({reason}). Export the image again.")]
    Damaged {
        /// The format, by signature.
        format: ImageFormat,
        /// The decoder's message.
        reason: String,
    },
}

impl DecodeError {
    pub(crate) fn damaged(format: ImageFormat, reason: impl Display) -> Self {
        Self::Damaged {
            format,
            reason: short(&reason),
        }
    }

    pub(crate) fn unsupported(kind: impl Display) -> Self {
        Self::Unsupported(short(&kind))
    }
}

/// Returns a codec's message as part of a sentence: one line, at most 120 characters, without a full stop.
fn short(message: &dyn Display) -> String {
    let mut message = message.to_string().replace(['\n', '\r'], " ");
    if let Some((end, _)) = message.char_indices().nth(120) {
        message.truncate(end);
        message.push('…');
    }
    message.trim_end_matches(['.', ' ']).to_owned()
}

/// The failure to encode a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The result or the mask differs in size from the picture.
    #[error(
        "The result has {}x{} pixels; {}x{} were expected.",
        found.0, found.1, expected.0, expected.1
    )]
    SizeMismatch {
        /// Width and height of the picture.
        expected: (u32, u32),
        /// Width and height of the argument.
        found: (u32, u32),
    },
    /// The rectangle of a patch is empty or extends beyond the picture.
    #[error("The patch rectangle is empty or extends beyond the image.")]
    OutsidePicture,
    /// The encoder failed.
    #[error("The result can't be encoded as {format}: {reason}.")]
    Codec {
        /// The output format.
        format: ImageFormat,
        /// The encoder's message.
        reason: String,
    },
}

impl EncodeError {
    pub(crate) fn codec(format: ImageFormat, reason: impl Display) -> Self {
        Self::Codec {
            format,
            reason: short(&reason),
        }
    }
}

/// The failure to edit a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The file can't be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The patch doesn't fit the picture, or the result can't be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

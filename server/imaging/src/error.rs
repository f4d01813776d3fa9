//! What can go wrong with a file, in sentences for the person who sent it.

use std::fmt::Display;

use crate::ImageFormat;

/// Why bytes could not become a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes carry no known image signature.
    #[error("This is not an image. Send a PNG, JPEG, WebP, TIFF, BMP or GIF file.")]
    NotAnImage,
    /// An image, but of a kind that is not read; the text names the kind.
    #[error("{0} can't be read. Save the picture as PNG, JPEG, WebP or TIFF and send that.")]
    Unsupported(String),
    /// The header announces more pixels than the limits allow. Nothing was decoded.
    #[error(
        "The image is {width} x {height} pixels; at most {max_pixels} pixels and {max_side} on a side are \
         accepted. Scale it down and send it again."
    )]
    TooLarge {
        /// Width in pixels, as the header says.
        width: u64,
        /// Height in pixels, as the header says.
        height: u64,
        /// The limit on width x height.
        max_pixels: u64,
        /// The limit on either side, in pixels.
        max_side: u32,
    },
    /// The file is cut off or its contents contradict each other; the text says what the decoder met.
    #[error("The {format} file is damaged or cut off ({reason}). Save it anew and send it again.")]
    Damaged {
        /// The format that the signature announces.
        format: ImageFormat,
        /// What the decoder met.
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

    pub(crate) fn unsupported(what: impl Display) -> Self {
        Self::Unsupported(short(&what))
    }
}

/// A codec's words as a part of one sentence.
fn short(words: &dyn Display) -> String {
    let mut words = words.to_string().replace(['\n', '\r'], " ");
    if let Some((end, _)) = words.char_indices().nth(120) {
        words.truncate(end);
        words.push('…');
    }
    words.trim_end_matches(['.', ' ']).to_owned()
}

/// Why a result could not become a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The result, the hole and the picture must have the same size.
    #[error("The result is {found:?} pixels where the picture is {expected:?}.")]
    SizeMismatch {
        /// Width and height of the picture.
        expected: (u32, u32),
        /// Width and height of what was passed.
        found: (u32, u32),
    },
    /// The rectangle of a patch reaches outside the picture or is empty.
    #[error("The patch's rectangle is not inside the picture.")]
    OutsidePicture,
    /// The codec refused; the text says why.
    #[error("The result can't be written as {format}: {reason}")]
    Codec {
        /// The format being written.
        format: ImageFormat,
        /// What the encoder said.
        reason: String,
    },
}

impl EncodeError {
    pub(crate) fn codec(format: ImageFormat, reason: impl Display) -> Self {
        Self::Codec {
            format,
            reason: reason.to_string(),
        }
    }
}

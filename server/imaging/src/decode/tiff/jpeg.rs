//! JPEG streams in strips and tiles (TIFF Technical Note 2).

use super::error::unsupported;
use crate::{
    DecodeError, ImageFormat,
    decode::jpeg::{self, InterleavedSamples},
};

/// The expected dimensions of a stream.
#[derive(Clone, Copy)]
pub(super) struct ExpectedDimensions {
    pub components: usize,
    /// Width and height of the strip or tile, in pixels.
    pub full: (usize, usize),
    /// Width and height of its part inside the picture.
    pub visible: (usize, usize),
    /// The largest number of pixels of a stream.
    pub max_pixels: usize,
}

impl ExpectedDimensions {
    fn check(&self, frame: &InterleavedSamples) -> Result<(), DecodeError> {
        if frame.channels != self.components {
            return Err(damaged("a JPEG stream has other components than the tags"));
        }
        if frame.width * frame.height > self.max_pixels {
            return Err(unsupported(format_args!(
                "JPEG data of more than {} pixels in a strip or tile",
                self.max_pixels
            )));
        }
        // The last strip may be coded in full, and sides may be rounded up to MCUs of up to 32 pixels.
        let fits =
            |found: usize, visible: usize, full: usize| found >= visible && found <= full.saturating_add(31);
        if fits(frame.width, self.visible.0, self.full.0) && fits(frame.height, self.visible.1, self.full.1) {
            Ok(())
        } else {
            Err(damaged("a JPEG stream has another size than its strip or tile"))
        }
    }
}

fn damaged(reason: impl std::fmt::Display) -> DecodeError {
    DecodeError::damaged(ImageFormat::Tiff, reason)
}

/// Decodes an abbreviated or complete stream without colour conversion: TIFF tags define the colour space,
/// and application segments don't apply.
pub(super) fn decode(
    tables: &[u8],
    stored: &[u8],
    expected: ExpectedDimensions,
) -> Result<InterleavedSamples, DecodeError> {
    // The decoder ignores an end marker that is followed by a start marker, as after the tables.
    let stream = [tables, stored].concat();
    let frame = jpeg::decode_unconverted(&stream, |frame| expected.check(frame));
    frame.map_err(|error| match error {
        DecodeError::Damaged {
            format: ImageFormat::Jpeg,
            reason,
        } => damaged(format_args!("a JPEG stream: {reason}")),
        DecodeError::Unsupported(kind) if !kind.starts_with("A TIFF") => {
            unsupported(format_args!("JPEG data of an unsupported kind ({kind})"))
        }
        other => other,
    })
}

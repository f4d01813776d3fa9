//! JPEG streams within strips and tiles (TIFF Technical Note 2).

use super::unsupported;
use crate::{
    DecodeError, ImageFormat,
    decode::jpeg::{self, Components},
};

/// Expected dimensions of a stream.
#[derive(Clone, Copy)]
pub(super) struct Expected {
    pub components: usize,
    /// Pixels of the strip or tile.
    pub full: (usize, usize),
    /// Pixels of it within the picture.
    pub visible: (usize, usize),
    /// The most pixels of a stream.
    pub max_pixels: usize,
}

impl Expected {
    fn check(&self, frame: &Components) -> Result<(), DecodeError> {
        if frame.channels != self.components {
            return Err(damaged("a JPEG stream has other components than the tags"));
        }
        if frame.width * frame.height > self.max_pixels {
            return Err(unsupported(format_args!(
                "JPEG data of more than {} pixels in a strip or tile",
                self.max_pixels
            )));
        }
        // The last strip may be coded whole, and sides may be rounded up to coding units of up to 32 pixels.
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

/// Decodes an abbreviated or complete stream to interleaved components, not converted: in TIFF the tags
/// define the colours, and application segments do not apply.
pub(super) fn decode(tables: &[u8], stored: &[u8], expected: Expected) -> Result<Components, DecodeError> {
    // An end marker in front of another start, as here behind the tables, is no end.
    let stream = [tables, stored].concat();
    let frame = jpeg::components(&stream, |frame| expected.check(frame));
    frame.map_err(|error| match error {
        DecodeError::Damaged {
            format: ImageFormat::Jpeg,
            reason,
        } => damaged(format_args!("a JPEG stream: {reason}")),
        DecodeError::Unsupported(kind) if !kind.starts_with("A TIFF") => {
            unsupported(format_args!("JPEG data of a kind that is not read ({kind})"))
        }
        other => other,
    })
}

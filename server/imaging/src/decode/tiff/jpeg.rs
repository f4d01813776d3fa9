//! JPEG streams within strips and tiles (TIFF Technical Note 2).

use zune_jpeg::{
    JpegDecoder,
    errors::DecodeErrors,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::unsupported;
use crate::{DecodeError, Format};

/// Interleaved components, not converted.
pub(super) struct Components {
    pub samples: Vec<u8>,
    pub width: usize,
}

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

fn damaged(reason: impl std::fmt::Display) -> DecodeError {
    DecodeError::damaged(Format::Tiff, reason)
}

/// Decodes an abbreviated or complete stream.
pub(super) fn decode(tables: &[u8], stored: &[u8], expected: Expected) -> Result<Components, DecodeError> {
    let mut stream = vec![0xff, 0xd8];
    copy_segments(tables, &mut stream);
    let scans = copy_segments(stored, &mut stream).ok_or_else(|| damaged("a JPEG stream has no scan"))?;
    let frame = Frame::find(&stream).ok_or_else(|| damaged("a JPEG stream has no frame header"))?;
    frame.check(expected)?;
    let markers = |marker| scans.windows(2).filter(|pair| pair == &[0xff, marker]).count();
    if frame.marker != 0xc2 && markers(0xda) > 1 {
        return Err(unsupported("JPEG data in several scans"));
    }
    if markers(0xd9) == 0 {
        return Err(damaged("a JPEG stream ends early"));
    }
    stream.extend_from_slice(scans);
    let options = DecoderOptions::default()
        .set_max_width(frame.width)
        .set_max_height(frame.height);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(stream.as_slice()), options);
    decoder.decode_headers().map_err(error)?;
    // Output equal to input: the tags, not the stream, define the colours.
    let space = decoder.input_colorspace().unwrap_or(ColorSpace::Luma);
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let samples = decoder.decode().map_err(error)?;
    if samples.len() != frame.width * frame.height * expected.components {
        return Err(damaged("a JPEG stream has other components than the tags"));
    }
    Ok(Components {
        samples,
        width: frame.width,
    })
}

/// Copies the tables and the frame header of a stream, without application segments: their colour transforms do not
/// apply in TIFF. Returns the rest from the first scan header on.
fn copy_segments<'a>(stream: &'a [u8], to: &mut Vec<u8>) -> Option<&'a [u8]> {
    let mut at = 0;
    loop {
        let marker = *stream.get(at + 1)?;
        if *stream.get(at)? != 0xff || matches!(marker, 0 | 0xff) {
            at += 1;
            continue;
        }
        match marker {
            0xd8 | 0x01 | 0xd0..=0xd7 => at += 2,
            0xd9 => return None,
            0xda => return stream.get(at..),
            _ => {
                let length = u16::from_be_bytes([*stream.get(at + 2)?, *stream.get(at + 3)?]);
                let segment = stream.get(at..at + 2 + usize::from(length))?;
                if matches!(marker, 0xc0..=0xcf | 0xdb | 0xdd) {
                    to.extend_from_slice(segment);
                }
                at += segment.len();
            }
        }
    }
}

/// A frame header (ITU-T T.81, B.2.2).
struct Frame {
    marker: u8,
    precision: u8,
    height: usize,
    width: usize,
    components: usize,
}

impl Frame {
    fn find(segments: &[u8]) -> Option<Self> {
        let mut rest = segments.get(2..)?;
        loop {
            let [_, marker, high, low, ..] = *rest else {
                return None;
            };
            if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
                let number =
                    |at: usize| Some(usize::from(*rest.get(at)?) << 8 | usize::from(*rest.get(at + 1)?));
                return Some(Self {
                    marker,
                    precision: *rest.get(4)?,
                    height: number(5)?,
                    width: number(7)?,
                    components: usize::from(*rest.get(9)?),
                });
            }
            rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?;
        }
    }

    fn check(&self, expected: Expected) -> Result<(), DecodeError> {
        match self.marker {
            0xc0..=0xc2 => {}
            0xc3 => return Err(unsupported("lossless JPEG data")),
            0xc9..=0xcb => return Err(unsupported("arithmetic-coded JPEG data")),
            _ => return Err(unsupported("hierarchical JPEG data")),
        }
        if self.precision != 8 {
            return Err(unsupported(format_args!(
                "JPEG data of {} bits per sample",
                self.precision
            )));
        }
        if self.components != expected.components {
            return Err(damaged("a JPEG stream has other components than the tags"));
        }
        if self.components > 4 {
            return Err(unsupported("JPEG data of more than four components"));
        }
        if self.width * self.height > expected.max_pixels {
            return Err(unsupported(format_args!(
                "JPEG data of more than {} pixels in a strip or tile",
                expected.max_pixels
            )));
        }
        // The last strip may be coded whole, and sides may be rounded up to coding units of up to 32 pixels.
        let fits =
            |found: usize, visible: usize, full: usize| found >= visible && found <= full.saturating_add(31);
        if fits(self.width, expected.visible.0, expected.full.0)
            && fits(self.height, expected.visible.1, expected.full.1)
        {
            Ok(())
        } else {
            Err(damaged("a JPEG stream has another size than its strip or tile"))
        }
    }
}

fn error(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::Unsupported(what) => unsupported(format_args!("JPEG data of this kind ({what:?})")),
        other => damaged(other),
    }
}

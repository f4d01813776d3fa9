//! The frame header and the colour space (ITU-T T.81, B.2.2; T.871; libjpeg's defaults).

use super::segments::segments;
use crate::{DecodeError, ImageFormat};

/// A component as declared in the frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameComponent {
    pub id: u8,
    /// Horizontal sampling factor, 1..=4.
    pub horizontal: usize,
    /// Vertical sampling factor, 1..=4.
    pub vertical: usize,
    /// Destination of the quantization table, 0..=3.
    pub table: usize,
}

/// The header of a frame of one, three or four components with 8 bits per sample.
#[derive(Debug, Clone)]
pub(crate) struct FrameHeader {
    pub progressive: bool,
    /// In pixels, at least 1.
    pub width: usize,
    /// In pixels, at least 1.
    pub height: usize,
    pub components: Vec<FrameComponent>,
}

/// The colour space of the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colour {
    Gray,
    Rgb,
    YCbCr,
    Cmyk,
    Ycck,
}

/// Returns width and height from the frame header.
///
/// # Errors
/// [`DecodeError::Unsupported`] for unsupported coding processes, [`DecodeError::Damaged`] without a valid
/// frame header before the first scan.
pub(crate) fn size(bytes: &[u8]) -> Result<(u64, u64), DecodeError> {
    for (marker, payload) in segments(bytes) {
        if let Some(frame) = FrameHeader::parse(marker, payload)? {
            return Ok((frame.width as u64, frame.height as u64));
        }
    }
    Err(DecodeError::damaged(
        ImageFormat::Jpeg,
        "there is no frame header before the pixels",
    ))
}

/// Returns the name of the unsupported coding process of a frame marker.
fn unsupported_process(marker: u8) -> Option<&'static str> {
    match marker {
        0xc3 => Some("A lossless JPEG"),
        0xc5..=0xc7 | 0xde => Some("A hierarchical JPEG"),
        0xc9..=0xcb => Some("An arithmetic-coded JPEG"),
        0xcd..=0xcf => Some("A hierarchical arithmetic-coded JPEG"),
        0xf7 => Some("JPEG-LS"),
        _ => None,
    }
}

impl FrameHeader {
    /// Parses the payload of a frame header. Returns `None` for other segments.
    ///
    /// # Errors
    /// Like [`size`].
    pub fn parse(marker: u8, payload: &[u8]) -> Result<Option<Self>, DecodeError> {
        if let Some(process) = unsupported_process(marker) {
            return Err(DecodeError::unsupported(process));
        }
        if !matches!(marker, 0xc0..=0xc2) {
            return Ok(None);
        }
        let damaged = || DecodeError::damaged(ImageFormat::Jpeg, "its frame header is invalid");
        let [precision, h1, h0, w1, w0, count, components @ ..] = payload else {
            return Err(damaged());
        };
        if *precision != 8 {
            return Err(DecodeError::unsupported(format!(
                "A JPEG with {precision} bits per sample"
            )));
        }
        let (width, height) = (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]));
        if height == 0 {
            return Err(DecodeError::unsupported(
                "A JPEG that defines its height after the first scan (DNL)",
            ));
        }
        let (components, []) = components.as_chunks::<3>() else {
            return Err(damaged());
        };
        if width == 0 || components.len() != usize::from(*count) {
            return Err(damaged());
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(DecodeError::unsupported(format!(
                "A JPEG with {count} components"
            )));
        }
        let components = components
            .iter()
            .copied()
            .map(component)
            .collect::<Option<Vec<_>>>();
        let mut frame = Self {
            progressive: marker == 0xc2,
            width: usize::from(width),
            height: usize::from(height),
            components: components.ok_or_else(damaged)?,
        };
        if let [only] = frame.components.as_mut_slice() {
            // Sampling factors have no effect on a single component, which is never interleaved.
            (only.horizontal, only.vertical) = (1, 1);
        }
        let (h_max, v_max) = frame.sampling();
        let whole = |component: &FrameComponent| {
            h_max.is_multiple_of(component.horizontal) && v_max.is_multiple_of(component.vertical)
        };
        if !frame.components.iter().all(whole) {
            return Err(DecodeError::unsupported(
                "A JPEG with fractional sampling ratios (3:2, 4:3)",
            ));
        }
        Ok(Some(frame))
    }

    /// Returns the largest horizontal and vertical sampling factors.
    pub fn sampling(&self) -> (usize, usize) {
        self.components.iter().fold((1, 1), |(h, v), component| {
            (h.max(component.horizontal), v.max(component.vertical))
        })
    }

    /// Returns the number of MCUs of an interleaved scan, horizontally and vertically.
    pub fn mcus(&self) -> (usize, usize) {
        let (h_max, v_max) = self.sampling();
        (self.width.div_ceil(8 * h_max), self.height.div_ceil(8 * v_max))
    }

    /// Returns a component's width and height in samples.
    pub fn samples(&self, component: &FrameComponent) -> (usize, usize) {
        let (h_max, v_max) = self.sampling();
        (
            (self.width * component.horizontal).div_ceil(h_max),
            (self.height * component.vertical).div_ceil(v_max),
        )
    }

    /// Returns the colour space by the rules of libjpeg's `default_decompress_parms`: JFIF takes precedence
    /// over Adobe's `transform`, and that over the component ids.
    pub fn colour(&self, jfif: bool, transform: Option<u8>) -> Colour {
        match (self.components.as_slice(), transform) {
            ([_], _) => Colour::Gray,
            ([_, _, _, _], None | Some(0)) => Colour::Cmyk,
            ([_, _, _, _], _) => Colour::Ycck,
            (_, Some(0)) if !jfif => Colour::Rgb,
            ([r, g, b], None) if !jfif && [r.id, g.id, b.id] == *b"RGB" => Colour::Rgb,
            _ => Colour::YCbCr,
        }
    }
}

fn component([id, factors, table]: [u8; 3]) -> Option<FrameComponent> {
    let (horizontal, vertical) = (usize::from(factors >> 4), usize::from(factors & 15));
    let valid = (1..=4).contains(&horizontal) && (1..=4).contains(&vertical) && table < 4;
    valid.then_some(FrameComponent {
        id,
        horizontal,
        vertical,
        table: usize::from(table),
    })
}

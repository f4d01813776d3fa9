//! The scans of a JPEG file and their tables (ITU-T T.81, B.2.3 and B.2.4).

use std::sync::Arc;

use super::{
    frame::{Colour, FrameHeader},
    huffman::HuffmanTable,
    segments::{EOI, SOI, SOS, entropy_coded, is_standalone, next_marker, payload},
};
use crate::{DecodeError, ImageFormat};

/// The most scans in a file. Decoding time grows with scans x pixels, while a scan can have a few bytes only.
/// libjpeg's default progression has 10 scans.
const MAX_SCANS: usize = 100;

/// The number of coefficients, in zigzag order, that must be complete in a progressive file. If they aren't,
/// libjpeg estimates them (`smoothing_ok` in jdcoefct.c).
const ESSENTIAL: usize = 10;

/// A parsed JPEG file whose entropy-coded data is not decoded yet.
#[derive(Debug)]
pub(crate) struct JpegStream<'a> {
    pub frame: FrameHeader,
    pub colour: Colour,
    /// True for a file with a JFIF header.
    pub jfif: bool,
    pub scans: Vec<Scan<'a>>,
    /// Quantization tables in zigzag order, by component.
    pub quantization: Vec<[u16; 64]>,
}

/// A scan with its tables.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    pub components: Vec<ScanComponent>,
    /// First and last coefficient, in zigzag order.
    pub band: (usize, usize),
    /// Bit positions of the successive approximation: of the previous scan of the band (0: none), and of this
    /// one.
    pub high: u8,
    pub low: u8,
    /// MCUs between restart markers; 0 without.
    pub restart_interval: usize,
    /// Entropy-coded data with stuffing and restart markers.
    pub data: &'a [u8],
}

/// A component of a scan, with the Huffman tables that the scan needs.
#[derive(Debug)]
pub(crate) struct ScanComponent {
    /// Index of the component in the frame.
    pub component: usize,
    pub dc: Option<Arc<HuffmanTable>>,
    pub ac: Option<Arc<HuffmanTable>>,
}

/// The tables and parameters at the current position in the file.
#[derive(Default)]
struct DecoderState {
    frame: Option<FrameHeader>,
    jfif: bool,
    transform: Option<u8>,
    restart_interval: usize,
    /// By destination.
    quantization: [Option<[u16; 64]>; 4],
    /// By class (0: DC, 1: AC) and destination.
    huffman: [[Option<Arc<HuffmanTable>>; 4]; 2],
    /// By component: the table at the time of the component's first scan.
    latched: [Option<[u16; 64]>; 4],
    /// By component and coefficient: the bit position of the last scan; `None` before the first.
    progress: Vec<[Option<u8>; 64]>,
}

fn damaged(reason: &str) -> DecodeError {
    DecodeError::damaged(ImageFormat::Jpeg, reason)
}

/// Parses all segments up to the scan that completes the picture.
///
/// # Errors
/// [`DecodeError::Unsupported`] for unsupported coding processes, [`DecodeError::Damaged`] for invalid
/// segments and missing scans.
pub(crate) fn read(bytes: &[u8]) -> Result<JpegStream<'_>, DecodeError> {
    let mut state = DecoderState::default();
    let mut scans = Vec::new();
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut complete = false;
    while let Some((marker, after)) = next_marker(rest) {
        if marker == EOI && !(state.frame.is_none() && after.starts_with(&[0xff, SOI])) {
            if state.frame.is_some() && !state.is_complete(ESSENTIAL) {
                return Err(damaged("scans are missing"));
            }
            complete = true;
            break;
        }
        if is_standalone(marker) {
            rest = after;
            continue;
        }
        let Some((payload, after)) = payload(after) else {
            break;
        };
        rest = after;
        if marker == SOS {
            let (data, after) = entropy_coded(rest);
            rest = after;
            scans.push(state.scan(payload, data)?);
            if state.is_complete(64) {
                complete = true;
                break;
            }
            if scans.len() == MAX_SCANS {
                return Err(DecodeError::unsupported(format!(
                    "A JPEG with more than {MAX_SCANS} scans"
                )));
            }
        } else {
            state.segment(marker, payload)?;
        }
    }
    let frame = state.frame.ok_or_else(|| damaged("there is no frame header"))?;
    if !complete {
        return Err(damaged("its end is missing"));
    }
    let latched = state.latched.into_iter().take(frame.components.len());
    Ok(JpegStream {
        colour: frame.colour(state.jfif, state.transform),
        jfif: state.jfif,
        scans,
        quantization: latched.map(|table| table.unwrap_or([1; 64])).collect(),
        frame,
    })
}

impl DecoderState {
    /// Returns true if the first `count` coefficients of all components have full precision, and every other
    /// coefficient has full precision or wasn't coded.
    fn is_complete(&self, count: usize) -> bool {
        !self.progress.is_empty()
            && self.progress.iter().all(|bits| {
                let (first, others) = bits.split_at(count);
                first.iter().all(|bit| *bit == Some(0))
                    && others.iter().all(|bit| matches!(bit, None | Some(0)))
            })
    }

    fn segment(&mut self, marker: u8, payload: &[u8]) -> Result<(), DecodeError> {
        match marker {
            0xc4 => self
                .huffman_tables(payload)
                .ok_or_else(|| damaged("a Huffman table is invalid")),
            0xdb => self
                .quantization_tables(payload)
                .ok_or_else(|| damaged("a quantization table is invalid")),
            0xdd => {
                let interval = payload.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
                self.restart_interval = interval
                    .map(usize::from)
                    .ok_or_else(|| damaged("its restart interval is invalid"))?;
                Ok(())
            }
            0xe0 if payload.len() >= 14 && payload.starts_with(b"JFIF\0") => {
                self.jfif = true;
                Ok(())
            }
            0xee if payload.len() >= 12 && payload.starts_with(b"Adobe") => {
                self.transform = Some(payload[11]);
                Ok(())
            }
            _ => {
                if let Some(frame) = FrameHeader::parse(marker, payload)? {
                    self.progress = vec![[None; 64]; frame.components.len()];
                    if self.frame.replace(frame).is_some() {
                        return Err(damaged("there is a second frame header"));
                    }
                }
                Ok(())
            }
        }
    }

    fn quantization_tables(&mut self, mut payload: &[u8]) -> Option<()> {
        while let Some((info, rest)) = payload.split_first() {
            let mut table = [0; 64];
            let bytes = if info >> 4 == 0 { 64 } else { 128 };
            let (values, rest) = rest.split_at_checked(bytes)?;
            if bytes == 64 {
                for (value, byte) in table.iter_mut().zip(values) {
                    *value = u16::from(*byte);
                }
            } else {
                for (value, pair) in table.iter_mut().zip(values.as_chunks().0) {
                    *value = u16::from_be_bytes(*pair);
                }
            }
            *self.quantization.get_mut(usize::from(info & 15))? = Some(table);
            payload = rest;
        }
        Some(())
    }

    fn huffman_tables(&mut self, mut payload: &[u8]) -> Option<()> {
        while let Some((info, rest)) = payload.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let total = counts.iter().map(|count| usize::from(*count)).sum();
            let (values, rest) = rest.split_at_checked(total)?;
            let tables = self.huffman.get_mut(usize::from(info >> 4))?;
            *tables.get_mut(usize::from(info & 15))? = Some(Arc::new(HuffmanTable::new(*counts, values)?));
            payload = rest;
        }
        Some(())
    }

    /// Parses a scan header and records the precision that the scan reaches.
    fn scan<'a>(&mut self, header: &[u8], data: &'a [u8]) -> Result<Scan<'a>, DecodeError> {
        let frame = self
            .frame
            .clone()
            .ok_or_else(|| damaged("a scan comes before the frame header"))?;
        let invalid = || damaged("a scan header is invalid");
        let (count, rest) = header.split_first().ok_or_else(invalid)?;
        let (selectors, parameters) = rest
            .split_at_checked(usize::from(*count) * 2)
            .ok_or_else(invalid)?;
        let ([from, to, approximation], 1..=4) = (parameters, *count) else {
            return Err(invalid());
        };
        let (from, to) = (usize::from(*from), usize::from(*to));
        let (high, low) = (approximation >> 4, approximation & 15);
        let mut scan = Scan {
            components: Vec::with_capacity(selectors.len() / 2),
            // Sequential scans always code all coefficients; libjpeg ignores other values.
            band: (0, 63),
            high: 0,
            low: 0,
            restart_interval: self.restart_interval,
            data,
        };
        if frame.progressive {
            let band = if from == 0 {
                to == 0
            } else {
                to >= from && to < 64 && *count == 1
            };
            if !band || low > 13 || (high != 0 && high != low + 1) {
                return Err(invalid());
            }
            (scan.band, scan.high, scan.low) = ((from, to), high, low);
        }
        for [id, tables] in selectors.as_chunks().0 {
            let is_used = |index| scan.components.iter().any(|used| used.component == index);
            let component = (0..frame.components.len())
                .find(|index| frame.components[*index].id == *id && !is_used(*index))
                .ok_or_else(invalid)?;
            let scan_component = ScanComponent {
                component,
                dc: (scan.band.0 == 0 && scan.high == 0)
                    .then(|| self.table(&frame, 0, tables >> 4))
                    .transpose()?,
                ac: (scan.band.1 > 0)
                    .then(|| self.table(&frame, 1, tables & 15))
                    .transpose()?,
            };
            self.begin(&frame, component, &scan)?;
            scan.components.push(scan_component);
        }
        Ok(scan)
    }

    /// Returns a Huffman table. Frames of motion JPEG omit the standard tables.
    fn table(
        &self,
        frame: &FrameHeader,
        class: usize,
        destination: u8,
    ) -> Result<Arc<HuffmanTable>, DecodeError> {
        let destination = usize::from(destination);
        let defined = self.huffman[class].get(destination).cloned().flatten();
        defined
            .or_else(|| {
                let standard = HuffmanTable::standard(class, destination).filter(|_| !frame.progressive);
                standard.map(Arc::new)
            })
            .ok_or_else(|| damaged("a Huffman table is missing"))
    }

    /// Latches the component's quantization table and checks the scan against the component's earlier scans.
    fn begin(&mut self, frame: &FrameHeader, component: usize, scan: &Scan<'_>) -> Result<(), DecodeError> {
        if self.latched[component].is_none() {
            let table = self.quantization[frame.components[component].table];
            self.latched[component] = Some(table.ok_or_else(|| damaged("a quantization table is missing"))?);
        }
        let progress = &mut self.progress[component];
        let expected = (scan.high != 0).then_some(scan.high);
        let bands = &mut progress[scan.band.0..=scan.band.1];
        if bands.iter().any(|bit| *bit != expected) {
            return Err(damaged("its scans are inconsistent"));
        }
        bands.fill(Some(scan.low));
        Ok(())
    }
}

//! Decoding of scans to coefficients: sequential and progressive Huffman decoding (ITU-T T.81, F.2 and G.2).

use std::{mem, slice, sync::mpsc, thread};

use rayon::prelude::*;

use super::{
    frame::{FrameComponent, FrameHeader},
    huffman::{BitReader, HuffmanTable},
    scans::{JpegStream, Scan, ScanComponent},
};
use crate::{DecodeError, ImageFormat};

/// The quantized coefficients of a component, in blocks of 64 in raster order.
#[derive(Debug)]
pub(crate) struct Coefficients {
    /// Blocks per row, up to the last column of MCUs.
    pub stride: usize,
    /// The number of blocks that contain samples of the picture, horizontally and vertically.
    pub columns: usize,
    pub rows: usize,
    pub blocks: Vec<[i16; 64]>,
    /// By block: the result of [`nonzero`].
    pub nonzero: Vec<u64>,
}

/// The raster positions of the coefficients in zigzag order (T.81, figure A.6).
#[rustfmt::skip]
pub(crate) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Decodes all scans and calls `finish` with the index of a row of MCUs and the coefficients from there on:
/// once per row for a single sequential scan, otherwise once for the whole picture. `finish` resets the
/// coefficients to 0 for the next row.
///
/// # Errors
/// [`DecodeError::Damaged`] for invalid codes and missing data.
pub(crate) fn decode(
    stream: &JpegStream<'_>,
    mut finish: impl FnMut(usize, &mut Vec<Coefficients>),
) -> Result<(), DecodeError> {
    let (frame, scans) = (&stream.frame, stream.scans.as_slice());
    let damaged = |reason| DecodeError::damaged(ImageFormat::Jpeg, reason);
    if let ([scan], false) = (scans, frame.progressive) {
        let mut planes = planes(frame, 1);
        let mut decoder = ScanDecoder::new(scan, 0);
        for y in 0..frame.mcus().1 {
            decoder.row(frame, &mut planes, 0).map_err(damaged)?;
            finish(y, &mut planes);
        }
        return Ok(());
    }
    let mut planes = planes(frame, frame.mcus().1);
    decode_scans(frame, scans, 0, &mut planes).map_err(damaged)?;
    finish(0, &mut planes);
    Ok(())
}

/// Like [`decode`], on several threads if possible: for a single sequential scan, `finish` runs on a second
/// thread; of a progressive file, components are decoded in parallel.
///
/// # Errors
/// Like [`decode`].
pub(crate) fn decode_in_parallel(
    stream: &JpegStream<'_>,
    mut finish: impl FnMut(usize, &mut Vec<Coefficients>) + Send,
) -> Result<(), DecodeError> {
    let frame = &stream.frame;
    if !frame.progressive {
        return if stream.scans.len() == 1 {
            decode_pipelined(stream, finish)
        } else {
            decode(stream, finish)
        };
    }
    let damaged = |reason| DecodeError::damaged(ImageFormat::Jpeg, reason);
    let mut planes = planes(frame, frame.mcus().1);
    // Scans code either DC coefficients or AC coefficients of one component (T.81, G.1.1.1.1), which are
    // independent of each other.
    let (dc, ac): (Vec<_>, Vec<_>) = stream.scans.iter().partition(|scan| scan.band.0 == 0);
    decode_scans(frame, dc, 0, &mut planes).map_err(damaged)?;
    let components = planes.par_iter_mut().enumerate();
    components
        .try_for_each(|(component, plane)| {
            let scans = ac.iter().filter(|scan| scan.components[0].component == component);
            decode_scans(frame, scans.copied(), component, slice::from_mut(plane))
        })
        .map_err(damaged)?;
    finish(0, &mut planes);
    Ok(())
}

/// Decodes scans of the components from `first_component` on into `planes`.
fn decode_scans<'a>(
    frame: &FrameHeader,
    scans: impl IntoIterator<Item = &'a Scan<'a>>,
    first_component: usize,
    planes: &mut [Coefficients],
) -> Result<(), &'static str> {
    for scan in scans {
        let mut decoder = ScanDecoder::new(scan, first_component);
        let rows = match scan.components.as_slice() {
            [single] => planes[single.component - first_component].rows,
            _ => frame.mcus().1,
        };
        for y in 0..rows {
            decoder.row(frame, planes, y)?;
        }
    }
    Ok(())
}

/// Like [`decode`], for a single sequential scan, but calls `finish` on a second thread while this one
/// decodes the next rows.
fn decode_pipelined(
    stream: &JpegStream<'_>,
    mut finish: impl FnMut(usize, &mut Vec<Coefficients>) + Send,
) -> Result<(), DecodeError> {
    thread::scope(|scope| {
        let (decoded, rows) = mpsc::sync_channel::<(usize, Vec<Coefficients>)>(4);
        let (finished, spare) = mpsc::channel();
        scope.spawn(move || {
            for (mcu_row, mut coefficients) in rows {
                finish(mcu_row, &mut coefficients);
                // The receiver is gone after the last row.
                let _ = finished.send(coefficients);
            }
        });
        decode(stream, move |mcu_row, coefficients| {
            let buffer = spare.try_recv().unwrap_or_else(|_| planes(&stream.frame, 1));
            // The second thread receives until this sender is dropped.
            let _ = decoded.send((mcu_row, mem::replace(coefficients, buffer)));
        })
    })
}

/// Allocates zeroed coefficients for `mcus` rows of MCUs.
pub(crate) fn planes(frame: &FrameHeader, mcus: usize) -> Vec<Coefficients> {
    let components = frame.components.iter();
    components
        .map(|component| Coefficients::new(frame, component, mcus))
        .collect()
}

impl Coefficients {
    fn new(frame: &FrameHeader, component: &FrameComponent, mcus: usize) -> Self {
        let (width, height) = frame.samples(component);
        let stride = frame.mcus().0 * component.horizontal;
        Self {
            stride,
            columns: width.div_ceil(8),
            rows: height.div_ceil(8),
            blocks: vec![[0; 64]; stride * mcus * component.vertical],
            nonzero: vec![0; stride * mcus * component.vertical],
        }
    }

    /// Sets all coefficients to 0.
    pub fn clear(&mut self) {
        self.blocks.fill([0; 64]);
        self.nonzero.fill(0);
    }
}

/// Returns the coefficients that aren't 0, as a bit per position in zigzag order.
pub(crate) fn nonzero(block: &[i16; 64]) -> u64 {
    let flags = (0..).zip(&ZIGZAG);
    flags.fold(0, |mask, (position, at)| {
        mask | u64::from(block[usize::from(*at)] != 0) << position
    })
}

/// Returns the mask of the coefficients `from..=to`, at most 63, in zigzag order.
pub(crate) fn band(from: usize, to: usize) -> u64 {
    u64::MAX << from & u64::MAX >> (63 - to)
}

/// Iterates over the positions of the one-bits of a mask, ascending.
pub(crate) fn positions(mut mask: u64) -> impl Iterator<Item = usize> + Clone {
    std::iter::from_fn(move || {
        let position = (mask != 0).then(|| mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        position
    })
}

/// A block while it is decoded.
struct BlockDecoding<'a> {
    coefficients: &'a mut [i16; 64],
    /// As in [`Coefficients::nonzero`].
    nonzero: &'a mut u64,
}

impl BlockDecoding<'_> {
    /// Sets the coefficient at a position in zigzag order; `None` beyond the last one.
    #[inline]
    fn set(&mut self, position: usize, value: i16) -> Option<()> {
        self.coefficients[usize::from(*ZIGZAG.get(position)?)] = value;
        *self.nonzero = *self.nonzero & !(1 << position) | u64::from(value != 0) << position;
        Some(())
    }

    /// Returns the coefficient at a position of at most 63.
    #[inline]
    fn get(&self, position: usize) -> i16 {
        self.coefficients[usize::from(ZIGZAG[position & 63])]
    }
}

const INVALID_CODE: &str = "its entropy-coded data is invalid";
const CUT_OFF: &str = "its end is missing";

struct ScanDecoder<'a> {
    scan: &'a Scan<'a>,
    /// The component of the first plane.
    first_component: usize,
    bits: BitReader<'a>,
    /// DC predictions, by component of the scan.
    predictions: [i32; 4],
    /// The number of following blocks without new coefficients (EOBRUN).
    end_of_band_run: u32,
    /// The number of MCUs up to the next restart marker, and the marker's number, 0..=7.
    left: usize,
    number: u8,
}

impl<'a> ScanDecoder<'a> {
    fn new(scan: &'a Scan<'a>, first_component: usize) -> Self {
        Self {
            scan,
            first_component,
            bits: BitReader::new(scan.data),
            predictions: [0; 4],
            end_of_band_run: 0,
            left: scan.restart_interval,
            number: 0,
        }
    }

    /// Decodes a row of MCUs into row `y` of `planes`.
    fn row(
        &mut self,
        frame: &FrameHeader,
        planes: &mut [Coefficients],
        y: usize,
    ) -> Result<(), &'static str> {
        let scan = self.scan;
        let single = scan.components.len() == 1;
        let across = if single {
            planes[scan.components[0].component - self.first_component].columns
        } else {
            frame.mcus().0
        };
        for x in 0..across {
            if scan.restart_interval > 0 {
                if self.left == 0 {
                    self.restart()?;
                }
                self.left -= 1;
            }
            for (index, scan_component) in scan.components.iter().enumerate() {
                let component = frame.components[scan_component.component];
                let plane = &mut planes[scan_component.component - self.first_component];
                let (h, v) = if single {
                    (1, 1)
                } else {
                    (component.horizontal, component.vertical)
                };
                for row in y * v..(y + 1) * v {
                    let first = row * plane.stride + x * h;
                    let blocks = plane.blocks[first..first + h].iter_mut();
                    for (coefficients, nonzero) in blocks.zip(&mut plane.nonzero[first..first + h]) {
                        let block = BlockDecoding {
                            coefficients,
                            nonzero,
                        };
                        if self.block(scan_component, index, block).is_none() {
                            return Err(if self.bits.overread() {
                                CUT_OFF
                            } else {
                                INVALID_CODE
                            });
                        }
                    }
                }
            }
            if self.bits.overread() {
                return Err(CUT_OFF);
            }
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), &'static str> {
        if !self.bits.restart(self.number) {
            return Err("a restart marker is missing");
        }
        self.predictions = [0; 4];
        self.end_of_band_run = 0;
        self.left = self.scan.restart_interval;
        self.number = (self.number + 1) % 8;
        Ok(())
    }

    /// Decodes the coefficients of a block that are in the scan; `None` for invalid codes.
    #[inline]
    fn block(&mut self, component: &ScanComponent, index: usize, mut block: BlockDecoding<'_>) -> Option<()> {
        let scan = self.scan;
        match (
            scan.band,
            scan.high,
            component.dc.as_deref(),
            component.ac.as_deref(),
        ) {
            ((0, 0), 0, Some(dc), _) => self.dc_first(dc, index, &mut block),
            ((0, 0), ..) => {
                let bit = (self.bits.number(1) << scan.low) as i16;
                block.set(0, block.get(0) | bit)
            }
            (_, _, Some(dc), Some(ac)) => {
                self.dc_first(dc, index, &mut block)?;
                self.sequential_ac(ac, &mut block)
            }
            (_, 0, _, Some(ac)) => self.ac_first(ac, &mut block),
            (.., Some(ac)) => self.ac_refine(ac, &mut block),
            _ => None,
        }
    }

    #[inline]
    fn dc_first(&mut self, table: &HuffmanTable, index: usize, block: &mut BlockDecoding<'_>) -> Option<()> {
        let size = self.bits.symbol(table)?;
        if size > 15 {
            return None;
        }
        let prediction = self.predictions[index].wrapping_add(self.bits.signed(size));
        self.predictions[index] = prediction;
        block.set(0, (prediction << self.scan.low) as i16)
    }

    #[inline]
    fn sequential_ac(&mut self, table: &HuffmanTable, block: &mut BlockDecoding<'_>) -> Option<()> {
        let (mut at, mut nonzero) = (1, 0_u64);
        while at < 64 {
            if let Some(short) = self.bits.short(table) {
                at += usize::from(short.run);
                block.coefficients[usize::from(*ZIGZAG.get(at)?)] = short.value;
                nonzero |= 1 << at;
                at += 1;
                continue;
            }
            let symbol = self.bits.symbol(table)?;
            let (run, size) = (usize::from(symbol >> 4), symbol & 15);
            if size == 0 {
                if run < 15 {
                    break;
                }
                at += 16;
                continue;
            }
            at += run;
            let value = self.bits.signed(size);
            block.coefficients[usize::from(*ZIGZAG.get(at)?)] = value as i16;
            nonzero |= 1 << at;
            at += 1;
        }
        // A coded coefficient is never 0 (T.81, F.1.2.2.1).
        *block.nonzero |= nonzero;
        Some(())
    }

    fn ac_first(&mut self, table: &HuffmanTable, block: &mut BlockDecoding<'_>) -> Option<()> {
        if self.end_of_band_run > 0 {
            self.end_of_band_run -= 1;
            return Some(());
        }
        let (mut at, last) = self.scan.band;
        while at <= last {
            if let Some(short) = self.bits.short(table) {
                at += usize::from(short.run);
                block.set(at, short.value << self.scan.low)?;
                at += 1;
                continue;
            }
            let symbol = self.bits.symbol(table)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            if size == 0 {
                if run < 15 {
                    self.end_of_band_run = (1 << run) + self.bits.number(run) as u32 - 1;
                    break;
                }
                at += 16;
                continue;
            }
            at += usize::from(run);
            let value = self.bits.signed(size) << self.scan.low;
            block.set(at, value as i16)?;
            at += 1;
        }
        Some(())
    }

    fn ac_refine(&mut self, table: &HuffmanTable, block: &mut BlockDecoding<'_>) -> Option<()> {
        let bit = 1_i16 << self.scan.low;
        let (mut at, last) = self.scan.band;
        if self.end_of_band_run == 0 {
            while at <= last {
                let symbol = self.bits.symbol(table)?;
                let (mut run, size) = (symbol >> 4, symbol & 15);
                let value = match (size, run) {
                    (0, 15) => 0,
                    (0, _) => {
                        self.end_of_band_run = (1 << run) + self.bits.number(run) as u32;
                        break;
                    }
                    (1, _) if self.bits.number(1) == 1 => bit,
                    (1, _) => -bit,
                    _ => return None,
                };
                // Skips `run` zero coefficients and refines the non-zero ones between them.
                loop {
                    let present = *block.nonzero & band(at, last);
                    let next = if present == 0 {
                        last + 1
                    } else {
                        present.trailing_zeros() as usize
                    };
                    let zeros = next - at;
                    if usize::from(run) < zeros {
                        at += usize::from(run);
                        block.set(at, value)?;
                        break;
                    }
                    if next > last {
                        at = last;
                        break;
                    }
                    run -= zeros as u8;
                    self.refine(block, next, bit);
                    at = next + 1;
                    if at > last {
                        break;
                    }
                }
                at += 1;
            }
        }
        if self.end_of_band_run > 0 {
            if at <= last {
                for at in positions(*block.nonzero & band(at, last)) {
                    self.refine(block, at, bit);
                }
            }
            self.end_of_band_run -= 1;
        }
        Some(())
    }

    #[inline]
    fn refine(&mut self, block: &mut BlockDecoding<'_>, at: usize, bit: i16) {
        let coefficient = block.get(at);
        if self.bits.number(1) == 1 && coefficient & bit == 0 {
            let change = if coefficient > 0 { bit } else { -bit };
            // A position of the band, which is never beyond the last.
            let _ = block.set(at, coefficient.wrapping_add(change));
        }
    }
}

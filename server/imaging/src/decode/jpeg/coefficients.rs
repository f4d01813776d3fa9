//! Decoding of scans to coefficients: sequential and progressive Huffman decoding (ITU-T T.81, F.2 and G.2).

use std::{mem, sync::mpsc, thread};

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
        let mut decoder = ScanDecoder::new(scan);
        for y in 0..frame.mcus().1 {
            decoder.row(frame, &mut planes, 0).map_err(damaged)?;
            finish(y, &mut planes);
        }
        return Ok(());
    }
    let mut planes = planes(frame, frame.mcus().1);
    for scan in scans {
        let mut decoder = ScanDecoder::new(scan);
        let rows = match scan.components.as_slice() {
            [single] => planes[single.component].rows,
            _ => frame.mcus().1,
        };
        for y in 0..rows {
            decoder.row(frame, &mut planes, y).map_err(damaged)?;
        }
    }
    finish(0, &mut planes);
    Ok(())
}

/// Like [`decode`], for a single sequential scan, but calls `finish` on a second thread while this one
/// decodes the next rows.
///
/// # Errors
/// Like [`decode`].
pub(crate) fn decode_pipelined(
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
        }
    }
}

const INVALID_CODE: &str = "its entropy-coded data is invalid";
const CUT_OFF: &str = "its end is missing";

struct ScanDecoder<'a> {
    scan: &'a Scan<'a>,
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
    fn new(scan: &'a Scan<'a>) -> Self {
        Self {
            scan,
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
            planes[scan.components[0].component].columns
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
                let plane = &mut planes[scan_component.component];
                let (h, v) = if single {
                    (1, 1)
                } else {
                    (component.horizontal, component.vertical)
                };
                for row in y * v..(y + 1) * v {
                    let first = row * plane.stride + x * h;
                    for block in &mut plane.blocks[first..first + h] {
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
    fn block(&mut self, component: &ScanComponent, index: usize, block: &mut [i16; 64]) -> Option<()> {
        let scan = self.scan;
        match (
            scan.band,
            scan.high,
            component.dc.as_deref(),
            component.ac.as_deref(),
        ) {
            ((0, 0), 0, Some(dc), _) => self.dc_first(dc, index, block),
            ((0, 0), ..) => {
                block[0] |= (self.bits.number(1) << scan.low) as i16;
                Some(())
            }
            (_, _, Some(dc), Some(ac)) => {
                self.dc_first(dc, index, block)?;
                self.sequential_ac(ac, block)
            }
            (_, 0, _, Some(ac)) => self.ac_first(ac, block),
            (.., Some(ac)) => self.ac_refine(ac, block),
            _ => None,
        }
    }

    #[inline]
    fn dc_first(&mut self, table: &HuffmanTable, index: usize, block: &mut [i16; 64]) -> Option<()> {
        let size = self.bits.symbol(table)?;
        if size > 15 {
            return None;
        }
        let prediction = self.predictions[index].wrapping_add(self.bits.signed(size));
        self.predictions[index] = prediction;
        block[0] = (prediction << self.scan.low) as i16;
        Some(())
    }

    #[inline]
    fn sequential_ac(&mut self, table: &HuffmanTable, block: &mut [i16; 64]) -> Option<()> {
        let mut at = 1;
        while at < 64 {
            if let Some(short) = self.bits.short(table) {
                at += usize::from(short.run);
                block[usize::from(*ZIGZAG.get(at)?)] = short.value;
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
            block[usize::from(*ZIGZAG.get(at)?)] = value as i16;
            at += 1;
        }
        Some(())
    }

    fn ac_first(&mut self, table: &HuffmanTable, block: &mut [i16; 64]) -> Option<()> {
        if self.end_of_band_run > 0 {
            self.end_of_band_run -= 1;
            return Some(());
        }
        let (mut at, last) = self.scan.band;
        while at <= last {
            if let Some(short) = self.bits.short(table) {
                at += usize::from(short.run);
                block[usize::from(*ZIGZAG.get(at)?)] = short.value << self.scan.low;
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
            block[usize::from(*ZIGZAG.get(at)?)] = value as i16;
            at += 1;
        }
        Some(())
    }

    fn ac_refine(&mut self, table: &HuffmanTable, block: &mut [i16; 64]) -> Option<()> {
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
                while at <= last {
                    let coefficient = &mut block[usize::from(ZIGZAG[at])];
                    if *coefficient != 0 {
                        self.refine(coefficient, bit);
                    } else if run == 0 {
                        *coefficient = value;
                        break;
                    } else {
                        run -= 1;
                    }
                    at += 1;
                }
                at += 1;
            }
        }
        if self.end_of_band_run > 0 {
            for at in at..=last {
                let coefficient = &mut block[usize::from(ZIGZAG[at])];
                if *coefficient != 0 {
                    self.refine(coefficient, bit);
                }
            }
            self.end_of_band_run -= 1;
        }
        Some(())
    }

    #[inline]
    fn refine(&mut self, coefficient: &mut i16, bit: i16) {
        if self.bits.number(1) == 1 && *coefficient & bit == 0 {
            let change = if *coefficient > 0 { bit } else { -bit };
            *coefficient = coefficient.wrapping_add(change);
        }
    }
}

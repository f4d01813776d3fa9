//! Encoding of coefficients to scans: sequential and progressive Huffman coding (ITU-T T.81, F.1.2 and
//! G.1.2).

use super::bit_writer::BitWriter;
use super::code_book::{CodeBook, Frequencies};
use crate::decode::jpeg::{
    coefficients::{Coefficients, ZIGZAG, band, positions},
    frame::FrameHeader,
    scans::Scan,
};

/// The number of Huffman tables: two classes with four destinations.
pub(super) const TABLES: usize = 8;
/// The longest run of blocks without new coefficients (T.81, G.1.2.2).
const MAX_END_OF_BAND_RUN: u32 = 0x7fff;
/// Correction bits after which a run of blocks ends, which bounds memory.
const MAX_CORRECTIONS: usize = 1 << 12;

/// The tables of a component of a scan, as class (0: DC, 1: AC) x 4 + destination.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableIndices {
    pub dc: usize,
    pub ac: usize,
}

/// The data of a scan and the symbols in it.
#[derive(Debug)]
pub(super) struct EncodedScan {
    /// Entropy-coded data with stuffing and restart markers. Incomplete if a symbol has no code.
    pub data: Vec<u8>,
    /// By table.
    pub frequencies: Box<[Frequencies; TABLES]>,
    /// True if a symbol has no code.
    pub incomplete: bool,
}

/// A coefficient that no Huffman code can express.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutOfRange;

/// Encodes the rows of a scan.
#[derive(Debug)]
pub(super) struct ScanEncoder<'a> {
    scan: &'a Scan<'a>,
    tables: &'a [TableIndices],
    /// By table.
    books: &'a [Option<CodeBook>; TABLES],
    bits: BitWriter,
    frequencies: Box<[Frequencies; TABLES]>,
    incomplete: bool,
    /// DC predictions, by component of the scan.
    predictions: [i32; 4],
    /// The number of preceding blocks without new coefficients (EOBRUN), and their correction bits.
    end_of_band_run: u32,
    corrections: Vec<bool>,
    /// Correction bits of the current block since its last symbol.
    block_corrections: Vec<bool>,
    /// The longest run that the scan's table can express, so that files without long runs keep their table.
    longest_run: u32,
    /// The number of MCUs up to the next restart marker, and the marker's number, 0..=7.
    left: usize,
    number: u8,
}

impl<'a> ScanEncoder<'a> {
    /// `tables` has an entry per component of the scan.
    pub fn new(
        scan: &'a Scan<'a>,
        tables: &'a [TableIndices],
        books: &'a [Option<CodeBook>; TABLES],
    ) -> Self {
        Self {
            scan,
            tables,
            books,
            bits: BitWriter::default(),
            frequencies: Box::new([[0; 256]; TABLES]),
            incomplete: false,
            predictions: [0; 4],
            end_of_band_run: 0,
            corrections: Vec::new(),
            block_corrections: Vec::new(),
            longest_run: longest_run(tables.first().and_then(|tables| books[tables.ac].as_ref())),
            left: scan.restart_interval,
            number: 0,
        }
    }

    /// Encodes row `y` of MCUs of `planes`.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn row(&mut self, frame: &FrameHeader, planes: &[Coefficients], y: usize) -> Result<(), OutOfRange> {
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
                    self.restart();
                }
                self.left -= 1;
            }
            for (index, scan_component) in scan.components.iter().enumerate() {
                let component = frame.components[scan_component.component];
                let plane = &planes[scan_component.component];
                let (h, v) = if single {
                    (1, 1)
                } else {
                    (component.horizontal, component.vertical)
                };
                for row in y * v..(y + 1) * v {
                    let first = row * plane.stride + x * h;
                    let blocks = plane.blocks[first..first + h].iter();
                    for (block, mask) in blocks.zip(&plane.nonzero[first..first + h]) {
                        self.block(index, block, *mask)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns the scan's data.
    pub fn finish(mut self) -> EncodedScan {
        self.end_run();
        EncodedScan {
            data: self.bits.finish(),
            frequencies: self.frequencies,
            incomplete: self.incomplete,
        }
    }

    fn restart(&mut self) {
        self.end_run();
        self.bits.restart(self.number);
        self.predictions = [0; 4];
        self.left = self.scan.restart_interval;
        self.number = (self.number + 1) % 8;
    }

    /// Encodes the coefficients of a block that are in the scan.
    #[inline]
    fn block(&mut self, index: usize, block: &[i16; 64], nonzero: u64) -> Result<(), OutOfRange> {
        let scan = self.scan;
        match (scan.band, scan.high) {
            ((0, 0), 0) => self.dc(index, block),
            ((0, 0), _) => {
                self.bits.put(u32::from(block[0] >> scan.low & 1 != 0), 1);
                Ok(())
            }
            ((0, _), _) => {
                self.dc(index, block)?;
                self.sequential_ac(self.tables[index].ac, block, nonzero)
            }
            (_, 0) => self.ac_first(block, nonzero),
            _ => {
                self.ac_refine(block, nonzero);
                Ok(())
            }
        }
    }

    #[inline]
    fn dc(&mut self, index: usize, block: &[i16; 64]) -> Result<(), OutOfRange> {
        let value = i32::from(block[0] >> self.scan.low);
        let difference = value - self.predictions[index];
        self.predictions[index] = value;
        self.coefficient(self.tables[index].dc, 0, difference)
    }

    #[inline]
    fn sequential_ac(&mut self, table: usize, block: &[i16; 64], nonzero: u64) -> Result<(), OutOfRange> {
        let mut next = 1;
        for at in positions(nonzero & !1) {
            let mut run = at - next;
            while run > 15 {
                self.symbol(table, 0xf0);
                run -= 16;
            }
            self.coefficient(table, run as u8, i32::from(block[usize::from(ZIGZAG[at])]))?;
            next = at + 1;
        }
        if next < 64 {
            self.symbol(table, 0);
        }
        Ok(())
    }

    fn ac_first(&mut self, block: &[i16; 64], nonzero: u64) -> Result<(), OutOfRange> {
        let (from, to) = self.scan.band;
        let table = self.tables[0].ac;
        let mut next = from;
        for at in positions(nonzero & band(from, to)) {
            let value = shifted(block[usize::from(ZIGZAG[at])], self.scan.low);
            if value == 0 {
                continue;
            }
            self.end_run();
            let mut run = at - next;
            while run > 15 {
                self.symbol(table, 0xf0);
                run -= 16;
            }
            self.coefficient(table, run as u8, value)?;
            next = at + 1;
        }
        if next <= to {
            self.extend_run();
        }
        Ok(())
    }

    fn ac_refine(&mut self, block: &[i16; 64], nonzero: u64) {
        let (from, to) = self.scan.band;
        let (table, low) = (self.tables[0].ac, self.scan.low);
        let value = |at: usize| shifted(block[usize::from(ZIGZAG[at])], low);
        let present = positions(nonzero & band(from, to)).filter(|at| value(*at) != 0);
        // The last coefficient that becomes non-zero in this scan.
        let last_new = present.clone().filter(|at| value(*at).abs() == 1).last();
        // Zero coefficients since the last symbol, and the next position.
        let (mut run, mut next) = (0, from);
        for at in present {
            run += at - next;
            next = at + 1;
            while run > 15 && last_new.is_some_and(|last| at <= last) {
                self.end_run();
                self.symbol(table, 0xf0);
                self.put_block_corrections();
                run -= 16;
            }
            if value(at).abs() > 1 {
                self.block_corrections.push(value(at) & 1 == 1);
                continue;
            }
            self.end_run();
            self.symbol(table, (run << 4) as u8 | 1);
            self.bits.put(u32::from(value(at) > 0), 1);
            self.put_block_corrections();
            run = 0;
        }
        run += to + 1 - next;
        if run > 0 || !self.block_corrections.is_empty() {
            self.corrections.append(&mut self.block_corrections);
            self.extend_run();
        }
    }

    /// Counts a block whose remaining coefficients are not new.
    fn extend_run(&mut self) {
        self.end_of_band_run += 1;
        if self.end_of_band_run == self.longest_run || self.corrections.len() > MAX_CORRECTIONS {
            self.end_run();
        }
    }

    /// Writes the pending run of blocks and their correction bits.
    fn end_run(&mut self) {
        if self.end_of_band_run == 0 {
            return;
        }
        let size = self.end_of_band_run.ilog2();
        self.symbol(self.tables[0].ac, (size << 4) as u8);
        self.bits.put(self.end_of_band_run - (1 << size), size);
        self.end_of_band_run = 0;
        for bit in self.corrections.drain(..) {
            self.bits.put(u32::from(bit), 1);
        }
    }

    fn put_block_corrections(&mut self) {
        for bit in self.block_corrections.drain(..) {
            self.bits.put(u32::from(bit), 1);
        }
    }

    /// Writes a run of zeros, at most 15, and a coefficient after it.
    #[inline]
    fn coefficient(&mut self, table: usize, run: u8, value: i32) -> Result<(), OutOfRange> {
        let size = 32 - value.unsigned_abs().leading_zeros();
        if size > 15 {
            return Err(OutOfRange);
        }
        self.symbol(table, run << 4 | size as u8);
        // The lowest bits of a negative coefficient minus 1 (T.81, F.1.2.1.1).
        let bits = (value - i32::from(value < 0)) as u32 & ((1 << size) - 1);
        self.bits.put(bits, size);
        Ok(())
    }

    #[inline]
    fn symbol(&mut self, table: usize, symbol: u8) {
        self.frequencies[table][usize::from(symbol)] += 1;
        let (code, length) = self.books[table]
            .as_ref()
            .map_or((0, 0), |book| book.code(symbol));
        self.incomplete |= length == 0;
        self.bits.put(u32::from(code), u32::from(length));
    }
}

/// Returns the longest run of blocks that a table has codes for; without any, that of T.81.
fn longest_run(book: Option<&CodeBook>) -> u32 {
    let has_code = |size: &u8| book.is_some_and(|book| book.code(size << 4).1 > 0);
    (0..15)
        .rev()
        .find(has_code)
        .map_or(MAX_END_OF_BAND_RUN, |size| (2 << size) - 1)
}

/// Returns the coefficient divided by 2^`low`, towards 0.
#[inline]
fn shifted(value: i16, low: u8) -> i32 {
    let value = i32::from(value);
    (value.abs() >> low) * value.signum()
}

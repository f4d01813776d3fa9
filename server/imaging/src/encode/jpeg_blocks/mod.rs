//! Results in the file of a JPEG: blocks with changed pixels get new coefficients, all others keep theirs.
//!
//! Decoding to pixels and encoding again would quantize the whole picture a second time. Here the
//! entropy-coded data is decoded to coefficients only; the touched blocks are transformed and quantized with
//! the file's own tables, and all coefficients are encoded again with the file's scans.

mod bit_writer;
mod code_book;
mod colours;
mod container;
mod dct;
mod metadata;
mod quality;
mod replacement;
mod scan_encoder;
mod stored_frame;

use std::cmp::Reverse;
use std::num::NonZeroUsize;

use image::metadata::Orientation;
use rayon::prelude::*;

use self::code_book::{CodeBook, optimal_table};
use self::colours::SampleConverter;
use self::container::ScanContent;
use self::replacement::BlockReplacer;
use self::scan_encoder::{EncodedScan, OutOfRange, ScanEncoder, TABLES, TableIndices};
use self::stored_frame::StoredFrame;
use super::Patch;
use crate::EncodeError;
use crate::decode::jpeg::{
    coefficients::{self, Coefficients, band},
    huffman::HuffmanTable,
    scans::{self, JpegStream, Scan},
    segments::SOS,
};

/// The fewest pixels of a picture that is decoded and encoded on two threads.
const PIPELINED_PIXELS: usize = 1 << 18;

/// The outcome of [`encode`].
pub(super) enum Replacement {
    /// The file with new blocks.
    File(Vec<u8>),
    /// The file's blocks can't be kept. Its quality is estimated, if its tables are readable.
    Impossible(Option<u8>),
}

/// Returns `original` with new blocks where a patch changes pixels.
///
/// `patch` is upright; `original` keeps its stored frame and its `orientation`. Large files use two or more
/// of `threads`.
///
/// # Errors
/// [`EncodeError::Codec`].
pub(super) fn encode(
    original: &[u8],
    patch: &Patch<'_>,
    orientation: Orientation,
    strip_metadata: bool,
    threads: NonZeroUsize,
) -> Result<Replacement, EncodeError> {
    let Ok(stream) = scans::read(original) else {
        return Ok(Replacement::Impossible(None));
    };
    let impossible = || Replacement::Impossible(stream.quantization.first().map(quality::estimated));
    let size = (stream.frame.width as u32, stream.frame.height as u32);
    let frame = StoredFrame::new(patch, size, orientation);
    let metadata = metadata::of_file(original, size, orientation, stream.colour, strip_metadata);
    let converter = SampleConverter::new(stream.colour, metadata.icc.as_deref());
    let Some(converter) = converter else {
        return Ok(impossible());
    };
    let segments = container::segments(original, stream.scans.len());
    let headers = segments.iter().filter(|segment| segment.marker == SOS);
    let tables: Vec<_> = headers
        .map(|header| container::table_indices(header.payload))
        .collect();
    let replacer = BlockReplacer::new(&stream, frame, converter);
    let Some(contents) = scan_contents(&stream, &tables, &replacer, threads) else {
        return Ok(impossible());
    };
    container::write(&segments, &stream, &contents, &metadata).map(Replacement::File)
}

/// Returns the new content of all scans. Returns `None` for files with damaged data or with coefficients that
/// can't be encoded. `tables` has the tables of each scan.
fn scan_contents(
    stream: &JpegStream<'_>,
    tables: &[Vec<TableIndices>],
    replacer: &BlockReplacer<'_>,
    threads: NonZeroUsize,
) -> Option<Vec<ScanContent>> {
    if let ([scan], [tables], false) = (stream.scans.as_slice(), tables, stream.frame.progressive) {
        let content = with_own_tables(scan, tables, |books| {
            row_by_row(stream, tables, replacer, books, threads)
        });
        return Some(vec![content?]);
    }
    let mut contents = None;
    let finish = |_, planes: &mut Vec<Coefficients>| {
        replacer.replace(0, planes);
        contents = scans_of(stream, tables, planes, threads);
    };
    if threads.get() > 1 {
        coefficients::decode_in_parallel(stream, finish)
    } else {
        coefficients::decode(stream, finish)
    }
    .ok()?;
    contents
}

/// Encodes all scans of a file, several at a time.
fn scans_of(
    stream: &JpegStream<'_>,
    tables: &[Vec<TableIndices>],
    planes: &[Coefficients],
    threads: NonZeroUsize,
) -> Option<Vec<ScanContent>> {
    if !all_coded(stream, planes) {
        return None;
    }
    let scans: Vec<_> = stream.scans.iter().zip(tables).collect();
    let encode = |(scan, tables): (&Scan<'_>, &Vec<TableIndices>)| {
        let rows = match scan.components.as_slice() {
            [single] => planes[single.component].rows,
            _ => stream.frame.mcus().1,
        };
        with_own_tables(scan, tables, |books| {
            let mut encoder = ScanEncoder::new(scan, tables, books);
            for y in 0..rows {
                encoder.row(&stream.frame, planes, y)?;
            }
            Ok(encoder.finish())
        })
    };
    if threads.get() == 1 {
        return scans.into_iter().map(encode).collect();
    }
    // The largest scans first, so that no thread begins one when the others are done.
    let mut order: Vec<_> = scans.into_iter().enumerate().collect();
    order.sort_by_key(|(_, (scan, _))| Reverse(scan.data.len()));
    let contents = order.into_par_iter().with_max_len(1);
    let contents = contents.map(|(index, scan)| Some((index, encode(scan)?)));
    let mut contents: Vec<_> = contents.collect::<Option<_>>()?;
    contents.sort_by_key(|(index, _)| *index);
    Some(contents.into_iter().map(|(_, content)| content).collect())
}

/// Returns true if each coefficient that isn't 0 belongs to a scan. In damaged files, decoding writes beyond
/// the band of a scan, as libjpeg does.
fn all_coded(stream: &JpegStream<'_>, planes: &[Coefficients]) -> bool {
    planes.iter().enumerate().all(|(index, plane)| {
        let scans = stream.scans.iter().filter(|scan| {
            let mut components = scan.components.iter();
            components.any(|component| component.component == index)
        });
        let coded = scans.fold(0, |mask, scan| mask | band(scan.band.0, scan.band.1));
        plane.nonzero.iter().all(|mask| mask & !coded == 0)
    })
}

/// Encodes the single scan of a sequential file while it is decoded, a row of MCUs at a time.
fn row_by_row(
    stream: &JpegStream<'_>,
    tables: &[TableIndices],
    replacer: &BlockReplacer<'_>,
    books: &[Option<CodeBook>; TABLES],
    threads: NonZeroUsize,
) -> Result<EncodedScan, OutOfRange> {
    let scan = stream.scans.first().ok_or(OutOfRange)?;
    let mut encoder = ScanEncoder::new(scan, tables, books);
    let mut outcome = Ok(());
    let finish = |mcu_row: usize, planes: &mut Vec<Coefficients>| {
        replacer.replace(mcu_row, planes);
        if outcome.is_ok() {
            outcome = encoder.row(&stream.frame, planes, 0);
        }
        for plane in planes {
            plane.clear();
        }
    };
    if threads.get() > 1 && stream.frame.width * stream.frame.height >= PIPELINED_PIXELS {
        coefficients::decode_in_parallel(stream, finish)
    } else {
        coefficients::decode(stream, finish)
    }
    .map_err(|_| OutOfRange)?;
    outcome?;
    Ok(encoder.finish())
}

/// Encodes a scan with the file's own Huffman tables, or, if they lack the code of a symbol, again with
/// optimal ones.
fn with_own_tables(
    scan: &Scan<'_>,
    tables: &[TableIndices],
    mut encode: impl FnMut(&[Option<CodeBook>; TABLES]) -> Result<EncodedScan, OutOfRange>,
) -> Option<ScanContent> {
    let mut own = [None; TABLES];
    for (component, tables) in scan.components.iter().zip(tables) {
        for (index, table) in [(tables.dc, &component.dc), (tables.ac, &component.ac)] {
            own[index] = table.as_deref().or(own[index]);
        }
    }
    let mut books = own.map(|table| table.map(CodeBook::new));
    let encoded = encode(&books).ok()?;
    if !encoded.incomplete {
        let tables = [const { None::<HuffmanTable> }; TABLES];
        return Some(ScanContent {
            data: encoded.data,
            tables,
        });
    }
    let mut replaced = [const { None::<HuffmanTable> }; TABLES];
    for ((replaced, book), frequencies) in replaced.iter_mut().zip(&mut books).zip(&*encoded.frequencies) {
        let lacks = |symbol: u8| book.as_ref().is_none_or(|book| book.code(symbol).1 == 0);
        if (0..=255).any(|symbol| frequencies[usize::from(symbol)] > 0 && lacks(symbol)) {
            let table = optimal_table(frequencies)?;
            *book = Some(CodeBook::new(&table));
            *replaced = Some(table);
        }
    }
    let encoded = encode(&books).ok()?;
    (!encoded.incomplete).then_some(ScanContent {
        data: encoded.data,
        tables: replaced,
    })
}

#[cfg(test)]
mod tests;

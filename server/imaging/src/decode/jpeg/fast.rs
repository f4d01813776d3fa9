//! The fast decoder for the layouts that cameras write: zune-jpeg on a rewritten stream.
//!
//! zune-jpeg returns wrong pixels without an error for several layouts, for missing data and for some colour
//! spaces. The stream that it receives therefore has a single scan of a verified layout, minimal headers, and
//! data after the scan that no Huffman code matches.

use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{
    frame::{Colour, FrameHeader},
    scans::{JpegStream, Scan},
    segments::{EOI, SOI, SOS},
};

/// One-bits after each interval of entropy-coded data, with stuffed zero bytes. No Huffman code consists of
/// ones only, so a decoder that reads beyond the data fails. 64 bits exceed the 48 bits of a code, a
/// coefficient and another code.
const GUARD: [u8; 16] = [
    0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0,
];

/// Decodes to interleaved samples: gray, RGB, or four channels without conversion. Returns `None` for all
/// errors and for layouts that the general decoder handles.
pub(super) fn decode(stream: &JpegStream<'_>) -> Option<Vec<u8>> {
    let ([scan], true) = (stream.scans.as_slice(), is_verified(&stream.frame)) else {
        return None;
    };
    let tables = scan
        .components
        .iter()
        .flat_map(|component| [&component.dc, &component.ac]);
    if scan.components.len() != stream.frame.components.len()
        || scan
            .components
            .iter()
            .enumerate()
            .any(|(at, component)| component.component != at)
        || tables.flatten().any(|table| table.is_full())
    {
        return None;
    }
    let rewritten = rewritten(stream, scan)?;
    let space = match stream.colour {
        Colour::Gray => ColorSpace::Luma,
        Colour::Rgb | Colour::YCbCr => ColorSpace::RGB,
        Colour::Cmyk | Colour::Ycck => ColorSpace::CMYK,
    };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(stream.frame.width)
        .set_max_height(stream.frame.height)
        .jpeg_set_out_colorspace(space);
    JpegDecoder::new_with_options(ZCursor::new(rewritten), options)
        .decode()
        .ok()
}

/// Returns true for layouts whose pixels match libjpeg's within the tolerances of `make conformance`.
fn is_verified(frame: &FrameHeader) -> bool {
    let mut components = frame.components.iter();
    let first = components.next().map_or((0, 0), |y| (y.horizontal, y.vertical));
    // Beyond the picture's edge libjpeg repeats the last sample of a component; zune-jpeg reads the rest of
    // the block.
    let inside = |length: usize, factor| factor == 1 || length % 2 == 1 || length.is_multiple_of(16);
    let large = frame.width > 4 || first == (1, 1);
    !frame.progressive
        && matches!((first, frame.components.len()), ((1, 1), _) | ((1 | 2, 1 | 2), 3))
        && components.all(|component| (component.horizontal, component.vertical) == (1, 1))
        && large
        && inside(frame.width, first.0)
        && inside(frame.height, first.1)
}

/// Rewrites the stream without application segments, with all tables, and with component ids that determine
/// the colour space.
fn rewritten(stream: &JpegStream<'_>, scan: &Scan<'_>) -> Option<Vec<u8>> {
    let frame = &stream.frame;
    let ids = if stream.colour == Colour::Rgb {
        *b"RGB\0"
    } else {
        [1, 2, 3, 4]
    };
    let mut bytes = vec![0xff, SOI];
    bytes.reserve(scan.data.len() + (1 << 12));
    for (at, table) in (0..).zip(&stream.quantization) {
        let values = table.iter().flat_map(|value| value.to_be_bytes());
        segment(&mut bytes, 0xdb, [0x10 | at].into_iter().chain(values));
    }
    let [h1, h0] = u16::try_from(frame.height).ok()?.to_be_bytes();
    let [w1, w0] = u16::try_from(frame.width).ok()?.to_be_bytes();
    let count = frame.components.len() as u8;
    let mut header = vec![8, h1, h0, w1, w0, count];
    for ((at, id), component) in (0..).zip(ids).zip(&frame.components) {
        header.extend([id, (component.horizontal << 4 | component.vertical) as u8, at]);
    }
    segment(&mut bytes, 0xc1, header);
    let mut selectors = vec![count];
    for ((at, id), component) in (0..).zip(ids).zip(&scan.components) {
        for (class, table) in [(0, &component.dc), (0x10, &component.ac)] {
            let table = table.as_deref()?;
            let lengths = [class | at].into_iter().chain(table.counts);
            segment(&mut bytes, 0xc4, lengths.chain(table.values.iter().copied()));
        }
        selectors.extend([id, at << 4 | at]);
    }
    let interval = u16::try_from(scan.restart_interval).ok()?;
    segment(&mut bytes, 0xdd, interval.to_be_bytes());
    selectors.extend([0, 63, 0]);
    segment(&mut bytes, SOS, selectors);
    entropy_coded(&mut bytes, frame, scan)?;
    bytes.extend([0xff, EOI]);
    Some(bytes)
}

fn segment(stream: &mut Vec<u8>, marker: u8, payload: impl IntoIterator<Item = u8>) {
    let start = stream.len();
    stream.extend([0xff, marker, 0, 0]);
    stream.extend(payload);
    let length = (stream.len() - start - 2) as u16;
    stream[start + 2..start + 4].copy_from_slice(&length.to_be_bytes());
}

/// Copies the entropy-coded data with a guard after each interval. Returns `None` for missing and superfluous
/// restart markers.
fn entropy_coded(bytes: &mut Vec<u8>, frame: &FrameHeader, scan: &Scan<'_>) -> Option<()> {
    let mut data = scan.data;
    if scan.restart_interval > 0 {
        let (across, down) = frame.mcus();
        let restarts = (across * down).div_ceil(scan.restart_interval) - 1;
        for number in 0..restarts {
            let end = restart_marker(data)?;
            let (interval, rest) = data.split_at_checked(end)?;
            let (marker, rest) = rest.split_first_chunk::<2>()?;
            if marker[1] != 0xd0 + (number % 8) as u8 {
                return None;
            }
            bytes.extend_from_slice(interval);
            bytes.extend(GUARD);
            bytes.extend(marker);
            data = rest;
        }
    }
    if restart_marker(data).is_some() {
        return None;
    }
    bytes.extend_from_slice(data);
    bytes.extend(GUARD);
    Some(())
}

/// Returns the offset of the next restart marker.
fn restart_marker(data: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0xff, data).find(|at| matches!(data.get(at + 1), Some(0xd0..=0xd7)))
}

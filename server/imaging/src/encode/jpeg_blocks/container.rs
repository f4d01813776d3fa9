//! The segments of a result: the file's own tables and headers, with other metadata and scan data.

use super::scan_encoder::{TABLES, TableIndices};
use crate::decode::jpeg::{
    XMP,
    huffman::HuffmanTable,
    scans::JpegStream,
    segments::{EOI, SOI, SOS, entropy_coded, is_standalone, next_marker, payload},
};
use crate::metadata::{Extras, Metadata};
use crate::{EncodeError, ImageFormat};

/// The largest payload of a segment, in bytes.
const SEGMENT: usize = 65_533;
/// The header of an ICC profile's segment (ICC.1, B.4), before number and count.
const ICC: &[u8] = b"ICC_PROFILE\0";
/// The most profile data in a segment, in bytes.
const ICC_CHUNK: usize = SEGMENT - ICC.len() - 2;
/// The prefix of EXIF segments.
const EXIF: &[u8] = b"Exif\0\0";

/// The new content of a scan.
pub(super) struct ScanContent {
    /// Entropy-coded data.
    pub data: Vec<u8>,
    /// By table: replaces the file's own one.
    pub tables: [Option<HuffmanTable>; TABLES],
}

/// Returns the table indices of each component of a scan, from the scan's header.
pub(super) fn table_indices(header: &[u8]) -> Vec<TableIndices> {
    let count = usize::from(*header.first().unwrap_or(&0));
    let selectors = header.get(1..1 + 2 * count).unwrap_or_default();
    let selectors = selectors.as_chunks::<2>().0.iter();
    selectors
        .map(|[_, tables]| TableIndices {
            dc: usize::from(tables >> 4 & 3),
            ac: 4 + usize::from(tables & 3),
        })
        .collect()
}

/// A segment of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub marker: u8,
    pub payload: &'a [u8],
}

/// Returns the segments of a file up to the header of scan number `scans`, without scan data.
pub(super) fn segments(file: &[u8], scans: usize) -> Vec<Segment<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut left) = (file, scans);
    while left > 0
        && let Some((marker, after)) = next_marker(rest)
    {
        if is_standalone(marker) {
            rest = after;
            continue;
        }
        let Some((payload, after)) = payload(after) else {
            break;
        };
        found.push(Segment { marker, payload });
        rest = after;
        if marker == SOS {
            left -= 1;
            rest = entropy_coded(after).1;
        }
    }
    found
}

/// Returns the file of `segments` with the scans `contents` and other metadata. Tables and headers are
/// copied.
///
/// # Errors
/// [`EncodeError::Codec`] for a table that exceeds a segment.
pub(super) fn write(
    segments: &[Segment<'_>],
    stream: &JpegStream<'_>,
    contents: &[ScanContent],
    metadata: &Metadata,
) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = vec![0xff, SOI];
    bytes.reserve(contents.iter().map(|scan| scan.data.len() + 1024).sum());
    write_metadata(&mut bytes, stream.jfif, metadata)?;
    let adobe = segments.iter().rfind(|segment| {
        segment.marker == 0xee && segment.payload.len() >= 12 && segment.payload.starts_with(b"Adobe")
    });
    if let Some(adobe) = adobe {
        write_segment(&mut bytes, 0xee, &[&adobe.payload[..12]])?;
    }
    // By table: true after a replacement, which holds up to the file's next definition.
    let mut replaced = [false; TABLES];
    let mut scans = stream.scans.iter().zip(contents);
    for Segment { marker, payload } in segments {
        match marker {
            &SOS => {
                let Some((scan, content)) = scans.next() else {
                    break;
                };
                for (component, tables) in scan.components.iter().zip(table_indices(payload)) {
                    for (index, own) in [(tables.dc, &component.dc), (tables.ac, &component.ac)] {
                        let Some(own) = own else {
                            continue;
                        };
                        if let Some(table) = &content.tables[index] {
                            write_table(&mut bytes, index, table)?;
                            replaced[index] = true;
                        } else if replaced[index] {
                            write_table(&mut bytes, index, own)?;
                            replaced[index] = false;
                        }
                    }
                }
                write_segment(&mut bytes, SOS, &[payload])?;
                bytes.extend_from_slice(&content.data);
            }
            0xc0..=0xc2 | 0xc4 | 0xdb | 0xdd => {
                if *marker == 0xc4 {
                    forget_replacements(&mut replaced, payload);
                }
                write_segment(&mut bytes, *marker, &[payload])?;
            }
            _ => {}
        }
    }
    bytes.extend([0xff, EOI]);
    Ok(bytes)
}

/// Marks the tables of a segment of Huffman tables as the file's own ones.
fn forget_replacements(replaced: &mut [bool; TABLES], mut payload: &[u8]) {
    while let Some((info, rest)) = payload.split_first() {
        let Some((counts, rest)) = rest.split_first_chunk::<16>() else {
            return;
        };
        if let Some(flag) = replaced.get_mut(usize::from(info >> 4) * 4 + usize::from(info & 15)) {
            *flag = false;
        }
        let total = counts.iter().map(|count| usize::from(*count)).sum();
        payload = rest.get(total..).unwrap_or_default();
    }
}

fn write_table(bytes: &mut Vec<u8>, index: usize, table: &HuffmanTable) -> Result<(), EncodeError> {
    let info = (index / 4 * 16 + index % 4) as u8;
    write_segment(bytes, 0xc4, &[&[info], &table.counts, &table.values])
}

fn write_metadata(bytes: &mut Vec<u8>, jfif: bool, metadata: &Metadata) -> Result<(), EncodeError> {
    // The header's presence has a part in the choice of the colour space.
    if jfif {
        let density = match metadata.extras {
            Extras::Jpeg { density } => density,
            _ => None,
        };
        let (unit, x, y) = density.unwrap_or((0, 1, 1));
        let ([x1, x0], [y1, y0]) = (x.to_be_bytes(), y.to_be_bytes());
        // Version 1.02, without a thumbnail.
        let fields = [1, 2, unit, x1, x0, y1, y0, 0, 0];
        write_segment(bytes, 0xe0, &[b"JFIF\0", &fields])?;
    }
    // A block that doesn't fit into a segment is dropped.
    if let Some(exif) = metadata
        .exif
        .as_ref()
        .filter(|exif| exif.len() + EXIF.len() <= SEGMENT)
    {
        write_segment(bytes, 0xe1, &[EXIF, exif])?;
    }
    if let Some(xmp) = metadata
        .xmp
        .as_ref()
        .filter(|xmp| xmp.len() + XMP.len() <= SEGMENT)
    {
        write_segment(bytes, 0xe1, &[XMP, xmp])?;
    }
    if let Some(icc) = &metadata.icc
        && let Ok(count) = u8::try_from(icc.len().div_ceil(ICC_CHUNK))
    {
        for (number, chunk) in (1..=count).zip(icc.chunks(ICC_CHUNK)) {
            write_segment(bytes, 0xe2, &[ICC, &[number, count], chunk])?;
        }
    }
    Ok(())
}

fn write_segment(bytes: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) -> Result<(), EncodeError> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u16::try_from(length + 2)
        .map_err(|_| EncodeError::codec(ImageFormat::Jpeg, "a segment is too long"))?;
    bytes.extend([0xff, marker]);
    bytes.extend(length.to_be_bytes());
    for part in parts {
        bytes.extend_from_slice(part);
    }
    Ok(())
}

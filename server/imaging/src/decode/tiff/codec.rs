//! Decompression of strips and tiles to packed samples, for all schemes but JPEG.

use std::io::Read;

use flate2::read::ZlibDecoder;
use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};
use weezl::{BitOrder, LzwStatus, decode::Configuration};

use super::{directory::Directory, error::unsupported, tag};
use crate::{DecodeError, ImageFormat};

pub(super) enum Compression {
    None,
    /// CCITT modified Huffman: one-dimensional, with rows on byte boundaries and without end-of-line codes.
    Rle,
    Group3 {
        two_dimensional: bool,
    },
    Group4,
    Lzw,
    Deflate,
    PackBits,
    Jpeg {
        /// The `JPEGTables` field: an abbreviated stream of tables.
        tables: Vec<u8>,
    },
}

impl Compression {
    pub fn read(directory: &Directory<'_>) -> Result<Self, DecodeError> {
        let uncompressed_mode = |tag| directory.number(tag).map(|options| options.unwrap_or(0) & 2 != 0);
        let name = match directory.number(tag::COMPRESSION)?.unwrap_or(1) {
            1 => return Ok(Self::None),
            2 => return Ok(Self::Rle),
            3 if !uncompressed_mode(tag::T4_OPTIONS)? => {
                return Ok(Self::Group3 {
                    two_dimensional: directory.number(tag::T4_OPTIONS)?.unwrap_or(0) & 1 != 0,
                });
            }
            4 if !uncompressed_mode(tag::T6_OPTIONS)? => return Ok(Self::Group4),
            5 => return Ok(Self::Lzw),
            7 => {
                return Ok(Self::Jpeg {
                    tables: directory.data(tag::JPEG_TABLES).unwrap_or_default().to_vec(),
                });
            }
            8 | 32946 => return Ok(Self::Deflate),
            32773 => return Ok(Self::PackBits),
            3 | 4 => "CCITT in uncompressed mode",
            6 => "old-style JPEG",
            9 | 10 | 34661 => "JBIG",
            32766 => "NeXT RLE",
            32771 => "CCITT RLE on word boundaries",
            32809 => "ThunderScan",
            33003..=33005 | 34712 => "JPEG 2000",
            34676 | 34677 => "SGILog",
            34887 => "LERC",
            34925 => "LZMA",
            50000 => "Zstandard",
            50001 => "WebP",
            50002 | 52546 => "JPEG XL",
            other => return Err(unsupported(format_args!("compression {other}"))),
        };
        Err(unsupported(format_args!("{name} compression")))
    }
}

/// The dimensions of the rows of a strip or tile.
#[derive(Clone, Copy)]
pub(super) struct RowLayout {
    /// Pixels per row.
    pub width: usize,
    /// Bytes per row.
    pub bytes: usize,
    pub count: usize,
}

/// Decompresses the first `rows.count` rows of a strip or tile; the rest is ignored.
///
/// # Errors
/// [`DecodeError::Damaged`] if the stream is invalid or ends before these rows.
pub(super) fn decompress(
    compression: &Compression,
    stored: &[u8],
    rows: RowLayout,
) -> Result<Vec<u8>, DecodeError> {
    let length = rows.bytes * rows.count;
    let fax = |mode, aligned| fax(stored, rows, mode, aligned);
    let samples = match compression {
        Compression::None => stored.get(..length).map(<[u8]>::to_vec),
        Compression::PackBits => packbits(stored, length),
        Compression::Lzw => lzw(stored, length),
        Compression::Deflate => deflate(stored, length),
        Compression::Rle => fax(EncodingMode::Group3_1D, true),
        Compression::Group3 {
            two_dimensional: false,
        } => fax(EncodingMode::Group3_1D, false),
        Compression::Group3 {
            two_dimensional: true,
        } => fax(EncodingMode::Group3_2D, false),
        Compression::Group4 => fax(EncodingMode::Group4, false),
        Compression::Jpeg { .. } => None,
    };
    samples.ok_or_else(|| DecodeError::damaged(ImageFormat::Tiff, "a strip or tile is invalid or ends early"))
}

/// Decodes `PackBits` (TIFF 6.0, section 9).
fn packbits(stored: &[u8], length: usize) -> Option<Vec<u8>> {
    let (mut samples, mut rest) = (Vec::with_capacity(length), stored);
    while samples.len() < length {
        let (header, following) = rest.split_first()?;
        let missing = length - samples.len();
        match i8::from_ne_bytes([*header]) {
            i8::MIN => rest = following,
            run @ ..0 => {
                let (value, following) = following.split_first()?;
                let count = 1 + usize::from(run.unsigned_abs());
                samples.extend(std::iter::repeat_n(*value, count.min(missing)));
                rest = following;
            }
            literal => {
                let count = (1 + usize::from(literal.unsigned_abs())).min(missing);
                samples.extend_from_slice(following.get(..count)?);
                rest = following.get(count..)?;
            }
        }
    }
    Some(samples)
}

/// Decodes LZW (TIFF 6.0, section 13). A stream that starts with a clear code in reversed bit order is of the
/// kind that the first writers of TIFF 5.0 produced: low-order bit first, and code lengths that grow one
/// entry later.
fn lzw(stored: &[u8], length: usize) -> Option<Vec<u8>> {
    let old = matches!(stored, [0, second, ..] if second & 1 == 1);
    let configuration = if old {
        Configuration::new(BitOrder::Lsb, 8)
    } else {
        Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
    };
    let mut decoder = configuration.with_yield_on_full_buffer(true).build();
    let (mut samples, mut filled, mut rest) = (vec![0; length], 0, stored);
    while filled < length {
        let step = decoder.decode_bytes(rest, samples.get_mut(filled..)?);
        filled += step.consumed_out;
        rest = rest.get(step.consumed_in..)?;
        let stalled = step.consumed_in == 0 && step.consumed_out == 0;
        match step.status {
            Ok(LzwStatus::Ok) if !stalled => {}
            _ if filled == length => {}
            _ => return None,
        }
    }
    Some(samples)
}

fn deflate(stored: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut samples = vec![0; length];
    ZlibDecoder::new(stored).read_exact(&mut samples).ok()?;
    Some(samples)
}

/// Rows with one bit per pixel, 1 for black, that are filled from the positions of colour changes.
struct BilevelRows {
    rows: RowLayout,
    bits: Vec<u8>,
    filled: usize,
}

impl hayro_ccitt::Decoder for BilevelRows {
    fn push_row(&mut self, changes: &[u32]) {
        let start = self.filled * self.rows.bytes;
        let Some(row) = self.bits.get_mut(start..start + self.rows.bytes) else {
            return;
        };
        for run in changes.chunks(2) {
            let from = run.first().map_or(0, |at| *at as usize);
            let to = run.get(1).map_or(self.rows.width, |at| *at as usize);
            set_bits(row, from, to);
        }
        self.filled += 1;
    }
}

/// Sets the bits `from..to`, counted from the high-order bit of the first byte.
fn set_bits(row: &mut [u8], from: usize, to: usize) {
    let mut at = from;
    while at < to {
        let Some(byte) = row.get_mut(at / 8) else {
            return;
        };
        let end = (at / 8 * 8 + 8).min(to);
        let (before, count) = (at % 8, end - at);
        *byte |= (0xff_u8 << (8 - count)) >> before;
        at = end;
    }
}

/// Decodes CCITT Group 3 and Group 4 (ITU-T T.4 and T.6).
fn fax(stored: &[u8], rows: RowLayout, encoding: EncodingMode, aligned: bool) -> Option<Vec<u8>> {
    let settings = DecodeSettings {
        columns: u32::try_from(rows.width).ok()?,
        rows: u32::try_from(rows.count).ok()?,
        end_of_block: true,
        end_of_line: false,
        rows_are_byte_aligned: aligned,
        encoding,
        strict: true,
    };
    let mut bitmap = BilevelRows {
        rows,
        bits: vec![0; rows.bytes * rows.count],
        filled: 0,
    };
    // Only the number of complete rows matters; an error after the last of them affects no pixel.
    let _ = hayro_ccitt::decode(stored, &mut bitmap, &mut DecoderContext::new(settings));
    (bitmap.filled == rows.count).then_some(bitmap.bits)
}

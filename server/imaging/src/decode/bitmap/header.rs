//! Conversion of BMP headers that the codec doesn't support to equivalent ones.

use std::borrow::Cow;

use crate::{DecodeError, ImageFormat};

const FILE_HEADER: usize = 14;
/// Size in bytes of `BITMAPCOREHEADER`.
const CORE: usize = 12;
/// Size in bytes of `BITMAPINFOHEADER`.
const INFO: usize = 40;
/// Size in bytes of `BITMAPV3INFOHEADER`, which has bit masks for red, green, blue and alpha.
const V3: u32 = 56;
/// Size in bytes of three bit masks after a `BITMAPINFOHEADER`.
const MASKS: usize = 12;
/// Sizes of Windows' headers, from `BITMAPINFOHEADER` to `BITMAPV5HEADER`.
const WINDOWS: [usize; 5] = [INFO, 52, V3 as usize, 108, 124];
/// Sizes of `OS22XBITMAPHEADER`, which may end after any field.
const OS2: std::ops::RangeInclusive<usize> = 16..=64;

/// Offsets of fields in the file.
const DATA_OFFSET: usize = 10;
const HEADER_SIZE: usize = 14;
const PLANES: usize = 26;
const DEPTH: usize = 28;
const COMPRESSION: usize = 30;
const COLOURS: usize = 46;

const UNCOMPRESSED: u32 = 0;
const RLE4: u32 = 2;
const BITFIELDS: u32 = 3;
const ALPHA_BITFIELDS: u32 = 6;

/// Returns the file with a header that the codec supports.
///
/// # Errors
/// [`DecodeError::Unsupported`] for an unknown header or compression, [`DecodeError::Damaged`] for a
/// truncated header.
pub(super) fn normalized(bytes: &[u8]) -> Result<Cow<'_, [u8]>, DecodeError> {
    let cut_off = || DecodeError::damaged(ImageFormat::Bmp, "the header ends early");
    let size = u32_at(bytes, HEADER_SIZE).ok_or_else(cut_off)? as usize;
    let is_os2 = OS2.contains(&size)
        && !WINDOWS.contains(&size)
        && (size.is_multiple_of(4) || matches!(size, 42 | 46));
    if !is_os2 && size != CORE && !WINDOWS.contains(&size) {
        return Err(DecodeError::unsupported(format!(
            "A BMP with a header of {size} bytes"
        )));
    }
    let mut file = if is_os2 {
        Cow::Owned(without_os2_fields(bytes, size).ok_or_else(cut_off)?)
    } else {
        Cow::Borrowed(bytes)
    };
    if size == CORE {
        return Ok(with_data_offset(file, FILE_HEADER + CORE));
    }
    let compression = u32_at(&file, COMPRESSION).ok_or_else(cut_off)?;
    if let Some(kind) = unsupported(compression, is_os2) {
        return Err(DecodeError::unsupported(format!("A BMP with {kind}")));
    }
    let mut end = FILE_HEADER + if is_os2 { INFO } else { size };
    if compression == ALPHA_BITFIELDS && size == INFO {
        // The four masks after the header are fields of the longer one.
        put(&mut file, HEADER_SIZE, &V3.to_le_bytes());
        put(&mut file, COMPRESSION, &BITFIELDS.to_le_bytes());
        end = FILE_HEADER + V3 as usize;
    } else if compression == BITFIELDS && size == INFO {
        end += MASKS;
    }
    // Other readers ignore the number of planes, and colours beyond the largest index.
    put(&mut file, PLANES, &[1, 0]);
    let depth = u16_at(&file, DEPTH).ok_or_else(cut_off)?;
    let colours = u32_at(&file, COLOURS).ok_or_else(cut_off)?;
    let max_colours = 1u32.checked_shl(depth.into()).filter(|_| depth <= 8);
    if max_colours.is_some_and(|max| colours > max) {
        put(&mut file, COLOURS, &max_colours.unwrap_or_default().to_le_bytes());
    }
    let used = if colours == 0 {
        max_colours
    } else {
        max_colours.map(|max| max.min(colours))
    };
    Ok(with_data_offset(
        file,
        end + 4 * used.unwrap_or_default() as usize,
    ))
}

/// Returns the name of an unsupported compression. Two of Windows' numbers have another meaning in OS/2
/// headers.
fn unsupported(compression: u32, is_os2: bool) -> Option<String> {
    match compression {
        UNCOMPRESSED..=RLE4 => None,
        BITFIELDS | ALPHA_BITFIELDS if !is_os2 => None,
        BITFIELDS => Some("Huffman compression (OS/2)".to_owned()),
        4 if is_os2 => Some("24-bit run-length compression (OS/2)".to_owned()),
        4 => Some("a JPEG inside".to_owned()),
        5 => Some("a PNG inside".to_owned()),
        11..=13 => Some("CMYK colours".to_owned()),
        other => Some(format!("compression {other}")),
    }
}

/// Shortens or extends an OS/2 header to the size of `BITMAPINFOHEADER`, whose fields it shares. Missing
/// fields are zero.
fn without_os2_fields(bytes: &[u8], size: usize) -> Option<Vec<u8>> {
    let common = bytes.get(..FILE_HEADER + size.min(INFO))?;
    let mut file = common.to_vec();
    file.resize(FILE_HEADER + INFO, 0);
    file.extend_from_slice(bytes.get(FILE_HEADER + size..)?);
    let offset = u32_at(bytes, DATA_OFFSET)?;
    let moved = (offset + INFO as u32).saturating_sub(size as u32);
    let mut file = Cow::Owned(file);
    put(&mut file, HEADER_SIZE, &(INFO as u32).to_le_bytes());
    put(
        &mut file,
        DATA_OFFSET,
        &if offset == 0 { 0 } else { moved }.to_le_bytes(),
    );
    Some(file.into_owned())
}

/// Replaces a data offset of zero by the end of header and palette.
fn with_data_offset(mut file: Cow<'_, [u8]>, end: usize) -> Cow<'_, [u8]> {
    if u32_at(&file, DATA_OFFSET) == Some(0) {
        put(&mut file, DATA_OFFSET, &(end as u32).to_le_bytes());
    }
    file
}

/// Writes `value`; copies the file only if that changes it.
fn put(file: &mut Cow<'_, [u8]>, at: usize, value: &[u8]) {
    let range = at..at + value.len();
    if file.get(range.clone()).is_some_and(|stored| stored != value)
        && let Some(stored) = file.to_mut().get_mut(range)
    {
        stored.copy_from_slice(value);
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

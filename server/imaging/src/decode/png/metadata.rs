//! Metadata in PNG chunks (PNG, third edition, 11.3).

use std::borrow::Cow;

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::chunks::{Chunk, chunks};
use crate::metadata::{Extras, Metadata, PngChunk};

/// The largest size in bytes of a decompressed profile, XMP packet or EXIF block.
const MAX_INFLATED: usize = 16 << 20;
/// The keyword of texts that contain an XMP packet (ISO 16684-3, 1.1.5).
const XMP: &[u8] = b"XML:com.adobe.xmp";
/// The prefix of the keywords of `ImageMagick`'s texts with binary profiles.
const RAW_PROFILE: &[u8] = b"Raw profile type ";
/// Chunks that define the colour space of the samples, with their lengths. They remain valid for RGB output.
const COLOUR: [(&[u8; 4], usize); 4] = [(b"cICP", 4), (b"gAMA", 4), (b"cHRM", 32), (b"sRGB", 1)];

/// Returns all metadata that an edit preserves.
pub(super) fn collect(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata {
        exif: exif(bytes).map(Cow::into_owned),
        xmp: xmp(bytes).map(Cow::into_owned),
        ..Metadata::default()
    };
    let (mut colour, mut other) = (Vec::<PngChunk>::new(), Vec::<PngChunk>::new());
    let mut before_pixels = true;
    for chunk in chunks(bytes) {
        let owned = || PngChunk {
            kind: chunk.kind,
            data: chunk.data.to_vec(),
        };
        let is_new = |kept: &[PngChunk]| kept.iter().all(|other| other.kind != chunk.kind);
        match &chunk.kind {
            b"IDAT" => before_pixels = false,
            b"iCCP" if before_pixels && metadata.icc.is_none() && chunk.is_intact() => {
                metadata.icc = profile(chunk.data);
            }
            b"pHYs" if chunk.data.len() == 9 && is_new(&other) && chunk.is_intact() => other.push(owned()),
            b"tEXt" | b"zTXt" | b"iTXt" if chunk.is_intact() && is_preserved_text(chunk.data) => {
                other.push(owned());
            }
            kind if before_pixels
                && COLOUR.contains(&(kind, chunk.data.len()))
                && is_new(&colour)
                && chunk.is_intact() =>
            {
                colour.push(owned());
            }
            _ => {}
        }
    }
    metadata.extras = Extras::Png { colour, other };
    metadata
}

/// Returns the EXIF block of an `eXIf` chunk, before or after the pixels, else of an `ImageMagick` text.
/// Pillow applies the orientation of both.
pub(crate) fn exif(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let chunk = chunks(bytes).find(|chunk| &chunk.kind == b"eXIf" && chunk.is_intact());
    chunk.map(|chunk| Cow::Borrowed(chunk.data)).or_else(|| {
        let text = chunks(bytes).find_map(|chunk| text(&chunk, b"Raw profile type exif"))?;
        raw_profile(&text).map(Cow::Owned)
    })
}

/// Returns the XMP packet, before or after the pixels.
pub(crate) fn xmp(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    chunks(bytes).find_map(|chunk| text(&chunk, XMP))
}

/// Returns true for texts that are written as they are. Raw profiles are decoded or dropped, XMP is written
/// separately. A keyword has 1 to 79 bytes.
fn is_preserved_text(data: &[u8]) -> bool {
    let keyword = data.iter().position(|byte| *byte == 0);
    keyword
        .and_then(|length| data.get(..length))
        .is_some_and(|keyword| {
            (1..80).contains(&keyword.len()) && !keyword.starts_with(RAW_PROFILE) && keyword != XMP
        })
}

/// Splits at the first zero byte.
fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = data.iter().position(|byte| *byte == 0)?;
    Some((data.get(..end)?, data.get(end + 1..)?))
}

/// Returns the text of a text chunk under `keyword`, inflated if it is compressed.
fn text<'a>(chunk: &Chunk<'a>, keyword: &[u8]) -> Option<Cow<'a, [u8]>> {
    let rest = chunk.data.strip_prefix(keyword)?.strip_prefix(&[0])?;
    let found = match (&chunk.kind, rest) {
        (b"tEXt", text) => Cow::Borrowed(text),
        (b"zTXt", [0, text @ ..]) => Cow::Owned(inflated(text)?),
        (b"iTXt", [compressed, 0, rest @ ..]) => {
            let (_language, rest) = split(rest)?;
            let (_translated_keyword, text) = split(rest)?;
            if *compressed == 0 {
                Cow::Borrowed(text)
            } else {
                Cow::Owned(inflated(text)?)
            }
        }
        _ => return None,
    };
    chunk.is_intact().then_some(found)
}

/// Returns the profile of an `iCCP` chunk: a name, the compression method 0, a zlib stream.
fn profile(data: &[u8]) -> Option<Vec<u8>> {
    let (_name, rest) = split(data)?;
    inflated(rest.strip_prefix(&[0])?)
}

fn inflated(data: &[u8]) -> Option<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(data, MAX_INFLATED).ok()
}

/// Decodes a raw profile: an empty line, a name, a length, then hexadecimal digits in lines.
fn raw_profile(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .split(|byte| *byte == b'\n')
        .skip(3)
        .flatten()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|digit| char::from(*digit).to_digit(16).map(|value| value as u8))
        .collect::<Option<_>>()?;
    Some(
        digits
            .as_chunks()
            .0
            .iter()
            .map(|[high, low]| high << 4 | low)
            .collect(),
    )
}

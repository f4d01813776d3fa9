//! Text chunks of PNG files.

use std::io::Cursor;

use crate::{DecodeError, ImageFormat};

/// The largest size in bytes of a decompressed text.
const MAX_TEXT: usize = 2 << 20;

/// Returns the text under `keyword` in a PNG's `tEXt`, `zTXt` or `iTXt` chunks before the pixels; `None` if
/// there is none, and for all other formats.
///
/// # Errors
/// [`DecodeError::Damaged`] if the file ends before its pixels.
pub fn png_text(bytes: &[u8], keyword: &str) -> Result<Option<String>, DecodeError> {
    if ImageFormat::sniff(bytes) != Some(ImageFormat::Png) {
        return Ok(None);
    }
    let decoder = png::Decoder::new_with_limits(
        Cursor::new(bytes),
        png::Limits {
            bytes: bytes.len() + MAX_TEXT,
        },
    );
    let reader = decoder
        .read_info()
        .map_err(|error| DecodeError::damaged(ImageFormat::Png, error))?;
    let info = reader.info();
    let plain = info
        .uncompressed_latin1_text
        .iter()
        .find(|chunk| chunk.keyword == keyword)
        .map(|chunk| chunk.text.clone());
    let compressed = || {
        let mut chunk = info
            .compressed_latin1_text
            .iter()
            .find(|chunk| chunk.keyword == keyword)?
            .clone();
        chunk.decompress_text_with_limit(MAX_TEXT).ok()?;
        chunk.get_text().ok()
    };
    let international = || {
        let mut chunk = info
            .utf8_text
            .iter()
            .find(|chunk| chunk.keyword == keyword)?
            .clone();
        chunk.decompress_text_with_limit(MAX_TEXT).ok()?;
        chunk.get_text().ok()
    };
    Ok(plain.or_else(compressed).or_else(international))
}

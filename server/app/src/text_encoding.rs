//! Encodings of JSON and configuration files: UTF-8, and the byte order marks and UTF-16 that Windows tools
//! write.

use std::borrow::Cow;
use std::io::{self, ErrorKind};
use std::path::Path;

/// A text that is not valid in its Unicode encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is not valid {0}")]
pub struct NotText(&'static str);

/// An encoding other than UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WideEncoding {
    Utf16 { big_endian: bool },
    Utf32 { big_endian: bool },
}

/// Returns a text as UTF-8 without a byte order mark. UTF-16 and UTF-32 are recognised by their mark or by
/// the zero bytes of the first two characters, which are ASCII in JSON (RFC 4627, section 3), as in Python's
/// `json.loads`, which IOPaint uses. Other texts are returned unchanged.
///
/// # Errors
/// The text is damaged UTF-16 or UTF-32.
pub fn to_utf8(text: &[u8]) -> Result<Cow<'_, [u8]>, NotText> {
    if let Some(rest) = text.strip_prefix(b"\xef\xbb\xbf") {
        return Ok(Cow::Borrowed(rest));
    }
    let decoded = match wide_encoding(text) {
        None => return Ok(Cow::Borrowed(text)),
        Some(WideEncoding::Utf16 { big_endian }) => utf16(text, big_endian).ok_or(NotText("UTF-16")),
        Some(WideEncoding::Utf32 { big_endian }) => utf32(text, big_endian).ok_or(NotText("UTF-32")),
    }?;
    Ok(Cow::Owned(decoded.into_bytes()))
}

/// Reads a text file in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.
///
/// # Errors
/// The file can't be read, or has another encoding ([`ErrorKind::InvalidData`]).
pub fn read_text(path: &Path) -> io::Result<String> {
    let not_text = |error: NotText| io::Error::new(ErrorKind::InvalidData, error);
    let bytes = std::fs::read(path)?;
    let text = to_utf8(&bytes).map_err(not_text)?;
    String::from_utf8(text.into_owned()).map_err(|_| not_text(NotText("UTF-8")))
}

fn wide_encoding(text: &[u8]) -> Option<WideEncoding> {
    // UTF-32 first: its byte order mark starts with that of UTF-16.
    match *text {
        [0xff, 0xfe, 0, 0, ..] | [(1..), 0, 0, 0, ..] => Some(WideEncoding::Utf32 { big_endian: false }),
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, (1..), ..] => Some(WideEncoding::Utf32 { big_endian: true }),
        [0xff, 0xfe, ..] | [(1..), 0] | [(1..), 0, _, _, ..] => {
            Some(WideEncoding::Utf16 { big_endian: false })
        }
        [0xfe, 0xff, ..] | [0, (1..), ..] => Some(WideEncoding::Utf16 { big_endian: true }),
        _ => None,
    }
}

fn utf16(text: &[u8], big_endian: bool) -> Option<String> {
    let (encoding, mark) = if big_endian {
        (encoding_rs::UTF_16BE, b"\xfe\xff")
    } else {
        (encoding_rs::UTF_16LE, b"\xff\xfe")
    };
    let text = text.strip_prefix(mark).unwrap_or(text);
    let decoded = encoding.decode_without_bom_handling_and_without_replacement(text)?;
    Some(decoded.into_owned())
}

fn utf32(text: &[u8], big_endian: bool) -> Option<String> {
    let (units, []) = text.as_chunks::<4>() else {
        return None;
    };
    let character = |bytes: &[u8; 4]| {
        char::from_u32(if big_endian {
            u32::from_be_bytes(*bytes)
        } else {
            u32::from_le_bytes(*bytes)
        })
    };
    let marked = units.first().and_then(character) == Some('\u{feff}');
    units.iter().skip(marked.into()).map(character).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const JSON: &str = r#"{"prompt": "写真 😀"}"#;

    fn wide(text: &str, mark: &str, unit: impl Fn(char) -> Vec<u8>) -> Vec<u8> {
        mark.chars().chain(text.chars()).flat_map(unit).collect()
    }

    fn units16(c: char, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mut buffer = [0; 2];
        c.encode_utf16(&mut buffer)
            .iter()
            .flat_map(|unit| bytes(*unit))
            .collect()
    }

    #[rstest]
    #[case("")]
    #[case("\u{feff}")]
    fn all_unicode_encodings_become_utf8(#[case] mark: &str) {
        for text in [
            [mark, JSON].concat().into_bytes(),
            wide(JSON, mark, |c| units16(c, u16::to_le_bytes)),
            wide(JSON, mark, |c| units16(c, u16::to_be_bytes)),
            wide(JSON, mark, |c| u32::from(c).to_le_bytes().to_vec()),
            wide(JSON, mark, |c| u32::from(c).to_be_bytes().to_vec()),
        ] {
            assert_eq!(to_utf8(&text).unwrap(), JSON.as_bytes(), "{:x?}", &text[..8]);
        }
    }

    #[rstest]
    #[case(b"")]
    #[case(b"7")]
    #[case(b"{}")]
    #[case(b"\xe4")]
    #[case(b"\0")]
    #[case(b"\0\0\0\0")]
    fn other_bytes_are_unchanged(#[case] text: &[u8]) {
        assert_eq!(to_utf8(text).unwrap(), text);
    }

    #[rstest]
    #[case(b"\xff\xfe{\0}", "UTF-16")]
    #[case(b"\xff\xfe\0\xd8", "UTF-16")]
    #[case(b"\xff\xfe\0\0{\0\0", "UTF-32")]
    #[case(b"\0\0\xfe\xff\0\x11\0\0", "UTF-32")]
    fn damaged_wide_text_is_an_error(#[case] text: &[u8], #[case] encoding: &'static str) {
        assert_eq!(to_utf8(text), Err(NotText(encoding)));
    }
}

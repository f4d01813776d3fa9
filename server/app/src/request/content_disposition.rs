//! `Content-Disposition` of a form part: the name of the field and, for a file, the name of the file.
//!
//! RFC 7578 and the HTML standard require raw UTF-8 in `filename`. .NET and PowerShell write RFC 2047 encoded
//! words there and add the `filename*` of RFC 8187; both are decoded.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_DISPOSITION;
use encoding_rs::Encoding;
use percent_encoding::percent_decode;

use crate::files::NameError;

/// The parameters of a part's `Content-Disposition`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentDisposition {
    /// The field's name; `None` if it is absent or not UTF-8.
    pub name: Option<String>,
    /// The file's name as the client sent it, possibly with a path; `None` for a part that isn't a file.
    pub file_name: Option<Result<String, NameError>>,
}

impl ContentDisposition {
    /// Parses the header of a part. `filename*` takes precedence over `filename` if it can be decoded.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(CONTENT_DISPOSITION) else {
            return Self::default();
        };
        let (mut name, mut plain, mut extended) = (None, None, None);
        for (key, value) in parameters(value.as_bytes()) {
            let parameter = match key.to_ascii_lowercase().as_slice() {
                b"name" => &mut name,
                b"filename" => &mut plain,
                b"filename*" => &mut extended,
                _ => continue,
            };
            parameter.get_or_insert(value);
        }
        let plain = plain.map(|value| match String::from_utf8(value) {
            Ok(text) => Ok(encoded_words(&text).unwrap_or(text)),
            Err(_) => Err(NameError::NotUtf8),
        });
        Self {
            name: name.and_then(|name| String::from_utf8(name).ok()),
            file_name: match extended {
                Some(value) => ext_value(&value)
                    .map(Ok)
                    .or(plain)
                    .or(Some(Err(NameError::Undecodable))),
                None => plain,
            },
        }
    }
}

/// Splits `form-data; key=value; key="value"` into keys and unquoted values.
fn parameters(header: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    let start = header.iter().position(|byte| *byte == b';');
    let mut rest = start.and_then(|at| header.get(at + 1..)).unwrap_or_default();
    while !rest.is_empty() {
        let end_of_key = rest
            .iter()
            .position(|byte| matches!(byte, b'=' | b';'))
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end_of_key);
        let value;
        (value, rest) = match after.strip_prefix(b"=") {
            Some(after) => parameter_value(after.trim_ascii_start()),
            None => (Vec::new(), after.get(1..).unwrap_or_default()),
        };
        found.push((key.trim_ascii().to_vec(), value));
    }
    found
}

/// Returns the value at the start of `text`, without its quotes, and the text after the next `;`.
fn parameter_value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let end_of_token = |text: &[u8]| text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
    let (value, rest) = if let Some(quoted) = text.strip_prefix(b"\"") {
        read_quoted(quoted)
    } else {
        let (token, rest) = text.split_at(end_of_token(text));
        (token.trim_ascii().to_vec(), rest)
    };
    (value, rest.get(end_of_token(rest) + 1..).unwrap_or_default())
}

/// Reads up to the closing quote. Only the quoted pairs `\"` and `\\` are unescaped: older browsers don't
/// escape the backslashes of Windows paths.
fn read_quoted(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut rest = text;
    loop {
        rest = match rest {
            [b'"', after @ ..] => return (value, after),
            [b'\\', escaped @ (b'"' | b'\\'), after @ ..] => {
                value.push(*escaped);
                after
            }
            [byte, after @ ..] => {
                value.push(*byte);
                after
            }
            [] => return (value, rest),
        };
    }
}

/// Decodes `charset'language'percent-encoded` (RFC 8187, section 3.2). `None` for anything else and for
/// unknown charsets.
fn ext_value(value: &[u8]) -> Option<String> {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode(text).collect();
    decode_charset(charset, &bytes)
}

/// Decodes a text that consists of encoded words (RFC 2047) and white space between them. `None` for any
/// other text.
fn encoded_words(text: &str) -> Option<String> {
    let mut words = text.split_ascii_whitespace().peekable();
    words.peek()?;
    // A multi-byte character may be split between two words of the same charset.
    let mut decoded: Vec<(&str, Vec<u8>)> = Vec::new();
    for word in words {
        let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.split('?');
        let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let bytes = match encoding {
            "B" | "b" => base64_simd::forgiving_decode_to_vec(text.as_bytes()).ok()?,
            "Q" | "q" => decode_q(text.as_bytes())?,
            _ => return None,
        };
        // RFC 2231, section 5: a language may follow the charset.
        let charset = charset.split('*').next().unwrap_or_default();
        match decoded.last_mut() {
            Some((last, text)) if last.eq_ignore_ascii_case(charset) => text.extend(bytes),
            _ => decoded.push((charset, bytes)),
        }
    }
    decoded
        .iter()
        .map(|(charset, bytes)| decode_charset(charset.as_bytes(), bytes))
        .collect()
}

/// Decodes the Q encoding (RFC 2047, section 4.2): `_` is a space, `=XX` a byte in hexadecimal.
fn decode_q(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = match (byte, after) {
            (b'=', [high, low, after @ ..]) => {
                let digit = |digit: u8| char::from(digit).to_digit(16);
                bytes.push((digit(*high)? << 4 | digit(*low)?) as u8);
                after
            }
            (b'=', _) => return None,
            (b'_', _) => {
                bytes.push(b' ');
                after
            }
            (byte, _) => {
                bytes.push(*byte);
                after
            }
        };
    }
    Some(bytes)
}

/// Decodes bytes; `None` for an unknown charset or invalid bytes.
fn decode_charset(charset: &[u8], bytes: &[u8]) -> Option<String> {
    Encoding::for_label(charset)?
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn read(header: &[u8]) -> ContentDisposition {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_bytes(header).unwrap());
        ContentDisposition::from_headers(&headers)
    }

    #[rstest]
    #[case("filename=photo.png", "photo.png")]
    #[case("filename=\"my photo; 1.png\"", "my photo; 1.png")]
    #[case("FileName = \"a.png\" ", "a.png")]
    #[case("filename=\"写真.png\"", "写真.png")]
    #[case(r#"filename="a\"b\\c.png""#, r#"a"b\c.png"#)]
    #[case(r#"filename="C:\Users\me\a.png""#, r"C:\Users\me\a.png")]
    #[case("filename=\"100%25 %22b%22.png\"", "100%25 %22b%22.png")]
    #[case("filename=\"open.png", "open.png")]
    #[case("filename=\"\"", "")]
    #[case("filename*=UTF-8''%E5%86%99.png", "写.png")]
    #[case("filename*=\"utf-8''%E5%86%99.png\"", "写.png")]
    #[case("filename*=utf-8'de'Gr%C3%B6%C3%9Fe.png", "Größe.png")]
    #[case("filename*=iso-8859-1'en'%A3.png", "£.png")]
    #[case("filename=\"a.png\"; filename*=utf-8''b.png", "b.png")]
    #[case("filename*=utf-8''b.png; filename=\"a.png\"", "b.png")]
    #[case("filename*=utf-8''it's.png", "it's.png")]
    #[case("filename=\"a.png\"; filename*=utf-8''%FF.png", "a.png")]
    #[case("filename=\"a.png\"; filename*=nonsense''b.png", "a.png")]
    #[case("filename=\"a.png\"; filename*=b.png", "a.png")]
    #[case("filename=\"=?utf-8?B?5YaZ55yf5YaZLnBuZw==?=\"", "写真写.png")]
    #[case("filename==?utf-8?B?5YaZLnBuZw?=", "写.png")]
    #[case("filename=\"=?UTF-8?Q?Gr=C3=B6=C3=9Fe_1=2Epng?=\"", "Größe 1.png")]
    #[case("filename=\"=?iso-8859-1*de?q?=E4.png?=\"", "ä.png")]
    #[case("filename=\"=?shift_jis?B?jsqQXi5wbmc=?=\"", "写真.png")]
    #[case("filename=\"=?utf-8?B?5Q==?= =?utf-8?B?hpkucG5n?=\"", "写.png")]
    #[case("filename=\"=?nonsense?B?YQ==?=\"", "=?nonsense?B?YQ==?=")]
    #[case("filename=\"=?utf-8?B?YQ==?= and more.png\"", "=?utf-8?B?YQ==?= and more.png")]
    fn file_names_are_decoded(#[case] parameter: &str, #[case] expected: &str) {
        for header in [
            format!("form-data; name=\"file\"; {parameter}"),
            format!("form-data;name=file;{parameter}"),
        ] {
            let disposition = read(header.as_bytes());
            assert_eq!(disposition.name.as_deref(), Some("file"));
            assert_eq!(disposition.file_name, Some(Ok(expected.to_owned())), "{header}");
        }
    }

    #[test]
    fn field_name_is_not_taken_from_a_file_name() {
        let disposition = read(b"form-data; filename=\"a; name=mask; .png\"; name=\"image\"");
        assert_eq!(disposition.name.as_deref(), Some("image"));
    }

    #[test]
    fn latin_1_file_name_is_not_utf8() {
        let disposition = read(b"form-data; name=\"file\"; filename=\"Gr\xf6\xdfe.png\"");
        assert_eq!(disposition.name.as_deref(), Some("file"));
        assert_eq!(disposition.file_name, Some(Err(NameError::NotUtf8)));
    }

    #[test]
    fn ext_value_alone_that_cannot_be_decoded_is_an_error() {
        let disposition = read(b"form-data; name=file; filename*=utf-8''%FF");
        assert_eq!(disposition.file_name, Some(Err(NameError::Undecodable)));
    }

    #[rstest]
    #[case("form-data; name=\"options\"")]
    #[case("form-data; name=\"options\"; ; other")]
    #[case("form-data; name=\"options\"; x=\"filename=a.png\"")]
    fn part_without_a_file_name_is_not_a_file(#[case] header: &str) {
        let disposition = read(header.as_bytes());
        assert_eq!(disposition.name.as_deref(), Some("options"));
        assert_eq!(disposition.file_name, None);
    }

    proptest! {
        #[test]
        fn any_header_is_accepted(header in "[ -~äé写]{0,80}") {
            read(header.as_bytes());
        }

        #[test]
        fn quoted_names_round_trip(name in "[ -~ä写]{1,40}") {
            prop_assume!(!name.contains("=?"));
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            let header = format!("form-data; name=\"file\"; filename=\"{quoted}\"");
            prop_assert_eq!(read(header.as_bytes()).file_name, Some(Ok(name)));
        }

        #[test]
        fn ext_values_round_trip(name in "\\PC{0,40}") {
            let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
            let header = format!("form-data; name=\"file\"; filename*=utf-8''{encoded}");
            prop_assert_eq!(read(header.as_bytes()).file_name, Some(Ok(name)));
        }
    }
}

//! Base64 images in JSON fields, bare or as a data URL.

use crate::error::{ApiError, ErrorCode};

/// Decodes a field's base64, bare or after `data:...;base64,`. ASCII white space is skipped, padding is
/// optional, and the URL-safe alphabet is accepted.
///
/// # Errors
/// [`ErrorCode::InvalidBase64`], or [`ErrorCode::InvalidField`] for an empty field; both name the field.
pub fn decode(field: &str, text: &str) -> Result<Vec<u8>, ApiError> {
    let invalid =
        |reason: &str| ApiError::new(ErrorCode::InvalidBase64, &format!("The field `{field}` {reason}"));
    let payload = match text.trim_start().get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("data:") => {
            let (head, payload) = text
                .split_once(',')
                .ok_or_else(|| invalid("is a data URL without data"))?;
            if !head.trim_end().to_ascii_lowercase().ends_with(";base64") {
                return Err(invalid("is a data URL with another encoding than base64"));
            }
            payload
        }
        _ => text,
    };
    // The decoder skips white space, but rejects superfluous padding.
    let payload = payload.trim_end_matches(|c: char| c == '=' || c.is_ascii_whitespace());
    let mut characters = payload.as_bytes().to_vec();
    if memchr::memchr2(b'-', b'_', &characters).is_some() {
        for character in &mut characters {
            match character {
                b'-' => *character = b'+',
                b'_' => *character = b'/',
                _ => {}
            }
        }
    }
    if payload.trim_ascii_start().is_empty() {
        return Err(ApiError::field(
            field,
            "is empty; it must contain an image in base64",
        ));
    }
    let length = base64_simd::forgiving_decode_inplace(&mut characters)
        .map_err(|_| invalid("is not valid base64"))?
        .len();
    characters.truncate(length);
    Ok(characters)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("aGVsbG8=")]
    #[case("aGVsbG8")]
    #[case(" aGVs\r\nbG8=\n")]
    #[case("data:image/png;base64,aGVsbG8=")]
    #[case("data:application/octet-stream;base64,aGVsbG8=")]
    #[case("DATA:image/jpeg;name=a.jpg;BASE64,aGVsbG8")]
    fn accepted_forms_of_base64(#[case] text: &str) {
        assert_eq!(decode("image", text).unwrap(), b"hello");
    }

    #[rstest]
    #[case("aGVsbG8*", ErrorCode::InvalidBase64)]
    #[case("a", ErrorCode::InvalidBase64)]
    #[case("aGV=sbG8", ErrorCode::InvalidBase64)]
    #[case("data:image/png;base64", ErrorCode::InvalidBase64)]
    #[case("data:image/png,aGVsbG8=", ErrorCode::InvalidBase64)]
    #[case("äöü", ErrorCode::InvalidBase64)]
    #[case("", ErrorCode::InvalidField)]
    #[case("data:image/png;base64,", ErrorCode::InvalidField)]
    fn invalid_base64_is_rejected(#[case] text: &str, #[case] code: ErrorCode) {
        assert_eq!(decode("image", text).unwrap_err().code(), code);
    }

    proptest! {
        #[test]
        fn any_bytes_round_trip(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            let text = base64_simd::STANDARD.encode_to_string(&bytes);
            prop_assert_eq!(decode("image", &text).unwrap(), bytes);
        }

        #[test]
        fn any_text_is_handled(text in ".{0,80}") {
            let _ = decode("image", &text);
        }
    }
}

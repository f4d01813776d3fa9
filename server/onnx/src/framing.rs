//! The outermost structure of a file. `rten` loops forever on a field tag of 0.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Largest number of a field of `ModelProto`, in the ONNX format's version 1.19.
const MAX_FIELD: u64 = 26;
/// Longest varint in bytes: 64 bits, 7 per byte.
const MAX_VARINT_BYTES: u32 = 10;

/// Returns true if the content is a sequence of the fields that an ONNX model may have: a protobuf message,
/// at least one field, each within the content. Nested messages are not read.
///
/// # Errors
/// Those of reading.
pub fn has_model_fields(content: impl Read + Seek) -> io::Result<bool> {
    let mut content = BufReader::new(content);
    let end = content.seek(SeekFrom::End(0))?;
    let mut position = content.seek(SeekFrom::Start(0))?;
    while position < end {
        let Some(tag) = varint(&mut content)? else {
            return Ok(false);
        };
        let length = match tag & 7 {
            0 => varint(&mut content)?.map(|_| 0),
            1 => Some(8),
            2 => varint(&mut content)?,
            5 => Some(4),
            _ => None,
        };
        let Some(length) = length.filter(|_| (1..=MAX_FIELD).contains(&(tag >> 3))) else {
            return Ok(false);
        };
        let start = content.stream_position()?;
        let Some(next) = start.checked_add(length).filter(|next| *next <= end) else {
            return Ok(false);
        };
        position = content.seek(SeekFrom::Start(next))?;
    }
    Ok(end > 0)
}

/// Reads a base-128 varint; `None` if it is cut off or too long.
fn varint(content: &mut impl Read) -> io::Result<Option<u64>> {
    let mut value = 0_u64;
    for index in 0..MAX_VARINT_BYTES {
        let mut byte = [0];
        match content.read_exact(&mut byte) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        value |= u64::from(byte[0] & 0x7f) << (7 * index).min(63);
        if byte[0] < 0x80 {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn check(content: &[u8]) -> bool {
        has_model_fields(Cursor::new(content)).unwrap()
    }

    #[test]
    fn fields_must_be_known_and_whole() {
        // ir_version 8, and a producer_name of 2 bytes.
        let whole = [0x08, 0x08, 0x12, 0x02, b'm', b'e'];
        assert!(check(&whole) && check(&whole[..2]));
        for cut in [0, 1, 3, 4, 5] {
            assert!(!check(&whole[..cut]), "{cut}");
        }
        for other in [
            &[0_u8; 64][..],
            &[0xff; 64],
            b"RTEN",
            b"not a model",
            b"PK\x03\x04",
        ] {
            assert!(!check(other));
        }
    }
}

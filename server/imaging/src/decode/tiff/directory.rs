//! The first image file directory: entries and typed values (TIFF 6.0, section 2; `BigTIFF`).
//!
//! Lenient in layout, strict in values: directories that the `tiff` crate rejects (no
//! `PhotometricInterpretation`, more offsets than strips) are read, but access to a field that is present and
//! unreadable is an error instead of a default.

use std::collections::BTreeMap;

use tiff::tags::ByteOrder;

use crate::{DecodeError, ImageFormat};

/// Type and value bytes of a field; `None` if the bytes lie outside the file or the type is unknown.
type FieldValue<'a> = Option<(u16, &'a [u8])>;

/// The fields of the first directory, in the file's byte order.
pub(super) struct Directory<'a> {
    pub bytes: &'a [u8],
    pub byte_order: ByteOrder,
    fields: BTreeMap<u16, FieldValue<'a>>,
}

/// Sizes of field counts, entries and inline values, in bytes.
struct Sizes {
    count: usize,
    entry: usize,
    word: usize,
}

const CLASSIC: Sizes = Sizes {
    count: 2,
    entry: 12,
    word: 4,
};
const BIG: Sizes = Sizes {
    count: 8,
    entry: 20,
    word: 8,
};

/// The largest number of values that are read from a field: 32 MiB of offsets, for four planes of a million
/// strips or tiles.
const MAX_VALUES: usize = 1 << 22;

/// The largest number of real numbers that are read from a field: the length of `ReferenceBlackWhite`.
const MAX_REALS: usize = 6;

fn damaged(reason: impl std::fmt::Display) -> DecodeError {
    DecodeError::damaged(ImageFormat::Tiff, reason)
}

/// Returns the size in bytes of a value of a field type.
fn value_size(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

impl<'a> Directory<'a> {
    /// Reads the first directory.
    ///
    /// # Errors
    /// [`DecodeError::Damaged`] if the header or the directory extends beyond the file.
    pub fn first(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut directory = Self {
            bytes,
            byte_order: match bytes.first() {
                Some(b'I') => ByteOrder::LittleEndian,
                _ => ByteOrder::BigEndian,
            },
            fields: BTreeMap::new(),
        };
        directory
            .read()
            .ok_or_else(|| damaged("its directory is missing or truncated"))?;
        Ok(directory)
    }

    fn read(&mut self) -> Option<()> {
        let (sizes, pointer) = if self.unsigned(2, 2)? == 42 {
            (CLASSIC, 4)
        } else {
            (BIG, 8)
        };
        let start = usize::try_from(self.unsigned(pointer, sizes.word)?).ok()?;
        let count = usize::try_from(self.unsigned(start, sizes.count)?).ok()?;
        let first = start.checked_add(sizes.count)?;
        let length = count.checked_mul(sizes.entry)?;
        self.bytes.get(first..first.checked_add(length)?)?;
        for at in (first..first + length).step_by(sizes.entry) {
            let tag = self.unsigned(at, 2)? as u16;
            let field = self.field(at, &sizes);
            // Of duplicate fields the first is used, as in libtiff.
            self.fields.entry(tag).or_insert(field);
        }
        Some(())
    }

    fn field(&self, at: usize, sizes: &Sizes) -> FieldValue<'a> {
        let kind = self.unsigned(at + 2, 2)? as u16;
        let count = usize::try_from(self.unsigned(at + 4, sizes.word)?).ok()?;
        let length = count.checked_mul(value_size(kind)?)?;
        let inline = at + 4 + sizes.word;
        let start = if length <= sizes.word {
            inline
        } else {
            usize::try_from(self.unsigned(inline, sizes.word)?).ok()?
        };
        Some((kind, self.bytes.get(start..start.checked_add(length)?)?))
    }

    fn unsigned(&self, at: usize, length: usize) -> Option<u64> {
        let digits = self.bytes.get(at..at.checked_add(length)?)?;
        Some(self.integer(digits))
    }

    fn integer(&self, digits: &[u8]) -> u64 {
        let append = |value: u64, digit: &u8| value << 8 | u64::from(*digit);
        match self.byte_order {
            ByteOrder::LittleEndian => digits.iter().rev().fold(0, append),
            ByteOrder::BigEndian => digits.iter().fold(0, append),
        }
    }

    /// Returns type and bytes of a field, `None` if there is no such field.
    fn find(&self, tag: u16) -> Result<FieldValue<'a>, DecodeError> {
        match self.fields.get(&tag) {
            None => Ok(None),
            Some(Some(field)) => Ok(Some(*field)),
            Some(None) => Err(damaged(format_args!("field {tag} is unreadable"))),
        }
    }

    pub fn contains(&self, tag: u16) -> bool {
        self.fields.contains_key(&tag)
    }

    /// Returns the value bytes of a field, as stored.
    pub fn data(&self, tag: u16) -> Option<&'a [u8]> {
        self.fields.get(&tag).copied().flatten().map(|(_, data)| data)
    }

    /// Returns the non-negative integers of a field, at most [`MAX_VALUES`]; empty if there is no such field.
    pub fn numbers(&self, tag: u16) -> Result<Vec<u64>, DecodeError> {
        self.leading(tag, MAX_VALUES)
    }

    /// Returns the first integer of a field.
    pub fn number(&self, tag: u16) -> Result<Option<u64>, DecodeError> {
        self.leading(tag, 1).map(|values| values.first().copied())
    }

    fn leading(&self, tag: u16, max_count: usize) -> Result<Vec<u64>, DecodeError> {
        let Some((kind, data)) = self.find(tag)? else {
            return Ok(Vec::new());
        };
        let size = match kind {
            1 | 3 | 4 | 6..=9 | 13 | 16..=18 => value_size(kind).unwrap_or(1),
            _ => return Err(damaged(format_args!("field {tag} is not an integer"))),
        };
        let signed = matches!(kind, 6 | 8 | 9 | 17);
        let digits = data.chunks_exact(size).take(max_count);
        let values: Vec<u64> = digits.map(|digits| self.integer(digits)).collect();
        if signed && values.iter().any(|value| value >> (8 * size - 1) != 0) {
            return Err(damaged(format_args!("field {tag} is negative")));
        }
        Ok(values)
    }

    /// Returns the real numbers of a field, at most [`MAX_REALS`]; empty if there is no such field.
    pub fn reals(&self, tag: u16) -> Result<Vec<f64>, DecodeError> {
        let Some((kind, data)) = self.find(tag)? else {
            return Ok(Vec::new());
        };
        let real = |digits: &[u8]| {
            let bits = self.integer(digits);
            let half = |at: usize| self.integer(digits.get(at..at + 4).unwrap_or(&[])) as u32;
            match kind {
                5 => f64::from(half(0)) / f64::from(half(4)),
                10 => f64::from(half(0) as i32) / f64::from(half(4) as i32),
                11 => f64::from(f32::from_bits(bits as u32)),
                12 => f64::from_bits(bits),
                _ => bits as f64,
            }
        };
        let size = value_size(kind).unwrap_or(1);
        Ok(data.chunks_exact(size).take(MAX_REALS).map(real).collect())
    }
}

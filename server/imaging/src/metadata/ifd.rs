//! Image file directories of EXIF blocks and TIFF files (TIFF 6.0, section 2; `BigTIFF`).

const ORIENTATION: u64 = 0x0112;

/// Returns the orientation in the first directory of a TIFF file or of an EXIF block without its prefix, as
/// stored: not always within 1 to 8.
///
/// Accepts the numeric types that Pillow accepts: all but BYTE, which Pillow treats as opaque data and
/// browsers ignore. A truncated directory is read up to its end; of repeated tags the first entry is used.
pub(crate) fn orientation(bytes: &[u8]) -> Option<u64> {
    Reader::open(bytes)?.first_value(ORIENTATION)
}

struct Reader<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    /// True for `BigTIFF`, whose counts and offsets have eight bytes.
    wide: bool,
}

impl<'a> Reader<'a> {
    /// Opens a block. The byte order mark decides the byte order, as in Pillow, since some files have the
    /// magic number in the other order.
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let (mark, magic) = bytes.get(..4)?.split_at(2);
        let big_endian = match mark {
            b"MM" => true,
            b"II" => false,
            _ => return None,
        };
        let wide = match magic {
            [0, 42] | [42, 0] => false,
            [0, 43] | [43, 0] => true,
            _ => return None,
        };
        Some(Self {
            bytes,
            big_endian,
            wide,
        })
    }

    /// Reads an unsigned integer of `length` bytes, at most eight.
    fn number(&self, at: usize, length: usize) -> Option<u64> {
        let digits = self.bytes.get(at..at.checked_add(length)?)?;
        let append = |value: u64, digit: &u8| value << 8 | u64::from(*digit);
        Some(if self.big_endian {
            digits.iter().fold(0, append)
        } else {
            digits.iter().rev().fold(0, append)
        })
    }

    fn first_value(&self, tag: u64) -> Option<u64> {
        // Sizes of: an offset or inline value, a directory's count, an entry.
        let (word, count, entry) = if self.wide { (8, 8, 20) } else { (4, 2, 12) };
        let directory = usize::try_from(self.number(if self.wide { 8 } else { 4 }, word)?).ok()?;
        let entries = usize::try_from(self.number(directory, count)?).ok()?;
        let first = directory.checked_add(count)?;
        let present = self.bytes.len().saturating_sub(first) / entry;
        (0..entries.min(present))
            .map(|index| first + entry * index)
            .filter(|at| self.number(*at, 2) == Some(tag))
            .find_map(|at| self.number_of_entry(at, word))
    }

    /// Returns the first value of the entry at `at`, if it is a non-negative integer. An entry has room for
    /// `word` bytes of values.
    fn number_of_entry(&self, at: usize, word: usize) -> Option<u64> {
        let kind = self.number(at + 2, 2)?;
        let length = match kind {
            6 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => return None,
        };
        let count = self.number(at + 4, word)?;
        let mut value = at + 4 + word;
        match count.checked_mul(length as u64)? {
            0 => return None,
            total if total <= word as u64 => {}
            _ => value = usize::try_from(self.number(value, word)?).ok()?,
        }
        let whole = |number: f64| (number.fract() == 0.0 && number >= 0.0).then_some(number as u64);
        match kind {
            5 | 10 => {
                let (numerator, denominator) = (self.number(value, 4)?, self.number(value + 4, 4)?);
                (numerator.checked_rem(denominator)? == 0).then(|| numerator / denominator)
            }
            11 => whole(f32::from_bits(self.number(value, 4)? as u32).into()),
            12 => whole(f64::from_bits(self.number(value, 8)?)),
            _ => self.number(value, length),
        }
    }
}

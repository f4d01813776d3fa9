//! Image file directories, as EXIF blocks and TIFF files share them (TIFF 6.0, section 2; `BigTIFF`).

const ORIENTATION: u64 = 0x0112;

/// Returns the first directory's orientation, 1 to 8, of a TIFF file or of an EXIF block without its prefix.
///
/// Any integer type of two bytes or more counts, as in Pillow; BYTE is ignored by Pillow and browsers alike. A
/// directory that is cut off is read as far as it reaches, and of a repeated tag the last entry counts.
pub(crate) fn orientation(bytes: &[u8]) -> Option<u8> {
    let reader = Reader::open(bytes)?;
    let value = reader.last_value(ORIENTATION)?;
    u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
}

struct Reader<'a> {
    bytes: &'a [u8],
    big_endian: bool,
    /// `BigTIFF`: counts and offsets have eight bytes.
    wide: bool,
}

impl<'a> Reader<'a> {
    /// Magic numbers in the wrong byte order occur; the byte order mark decides, as in Pillow.
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

    /// An unsigned integer of `length` bytes, at most eight.
    fn number(&self, at: usize, length: usize) -> Option<u64> {
        let digits = self.bytes.get(at..at.checked_add(length)?)?;
        let append = |value: u64, digit: &u8| value << 8 | u64::from(*digit);
        Some(if self.big_endian {
            digits.iter().fold(0, append)
        } else {
            digits.iter().rev().fold(0, append)
        })
    }

    fn last_value(&self, tag: u64) -> Option<u64> {
        // Sizes of: an offset or inline value, a directory's count, an entry.
        let (word, count, entry) = if self.wide { (8, 8, 20) } else { (4, 2, 12) };
        let directory = usize::try_from(self.number(if self.wide { 8 } else { 4 }, word)?).ok()?;
        let entries = usize::try_from(self.number(directory, count)?).ok()?;
        let first = directory.checked_add(count)?;
        let present = self.bytes.len().saturating_sub(first) / entry;
        (0..entries.min(present))
            .map(|index| first + entry * index)
            .filter(|at| self.number(*at, 2) == Some(tag))
            .filter_map(|at| self.first_integer(at, word))
            .next_back()
    }

    /// The first value of the entry at `at`, if it is an integer.
    fn first_integer(&self, at: usize, word: usize) -> Option<u64> {
        let length = match self.number(at + 2, 2)? {
            3 | 8 => 2,
            4 | 9 | 13 => 4,
            16..=18 => 8,
            _ => return None,
        };
        let count = self.number(at + 4, word)?;
        let value = at + 4 + word;
        match count.checked_mul(length as u64)? {
            0 => None,
            total if total <= word as u64 => self.number(value, length),
            _ => self.number(usize::try_from(self.number(value, word)?).ok()?, length),
        }
    }
}

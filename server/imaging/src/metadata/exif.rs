//! Cleaning of EXIF blocks (CIPA DC-008, TIFF 6.0 section 2). Entries are removed and bytes zeroed in place,
//! since maker notes contain offsets into the block.

use std::{collections::HashSet, ops::Range};

use super::ifd;

/// The number after the byte order mark (TIFF 6.0, section 2).
const MAGIC: u16 = 42;
const ORIENTATION: u16 = 0x0112;
const EXIF_DIRECTORY: u16 = 0x8769;
const MAKER_NOTE: u16 = 0x927c;
/// Tags of subdirectories that are kept, as (parent, subdirectory): EXIF, GPS, interoperability. 0 is the
/// root.
const DIRECTORIES: [(u16, u16); 3] = [(0, EXIF_DIRECTORY), (0, 0x8825), (EXIF_DIRECTORY, 0xa005)];
/// Tags of previews, of private blocks with previews, and of XMP, which is written elsewhere: sub-images,
/// strips, JPEG streams, Photoshop's resources, Windows' thumbnails.
const PREVIEWS: [u16; 9] = [
    0x014a, 0x0111, 0x0117, 0x0201, 0x0202, 0x02bc, 0x501b, 0x8649, 0xc4a5,
];
/// Tags of the image width, in the first directory and in the EXIF directory.
const WIDTHS: [u16; 2] = [0x0100, 0xa002];
/// Tags of the image height, in the same directories.
const HEIGHTS: [u16; 2] = [0x0101, 0xa003];
/// The first bytes of every JPEG stream.
const JPEG_START: [u8; 3] = [0xff, 0xd8, 0xff];

/// The prefix of EXIF blocks in JPEG files. Some programs write it in other formats as well, or twice.
const PREFIX: &[u8] = b"Exif\0\0";
/// The longest block in a segment of a JPEG file, in bytes.
const MAX_LENGTH: usize = 65_533 - PREFIX.len();

/// Returns the orientation as stored, which isn't always within 1 to 8.
pub(crate) fn orientation(exif: &[u8]) -> Option<u64> {
    ifd::orientation(without_prefix(exif))
}

/// Returns true for a block with a byte order mark, false for the continuation of another block.
pub(crate) fn has_header(exif: &[u8]) -> bool {
    byte_order(without_prefix(exif)).is_some()
}

/// Returns true for big-endian blocks. A magic number in the other byte order is accepted, as in Pillow.
fn byte_order(block: &[u8]) -> Option<bool> {
    match block.get(..4)? {
        [b'M', b'M', 0, 42] | [b'M', b'M', 42, 0] => Some(true),
        [b'I', b'I', 42, 0] | [b'I', b'I', 0, 42] => Some(false),
        _ => None,
    }
}

fn without_prefix(mut exif: &[u8]) -> &[u8] {
    while let Some(rest) = exif.strip_prefix(PREFIX) {
        exif = rest;
    }
    exif
}

/// Returns the block for a picture of `size` whose orientation was applied: without orientation and previews.
/// `None` without a readable first directory. A truncated directory keeps its complete entries.
///
/// Unreferenced bytes are zeroed or truncated: the directories after the first describe the thumbnail, and
/// unused bytes may contain an old one.
pub(crate) fn cleaned(exif: Vec<u8>, size: (u32, u32)) -> Option<Vec<u8>> {
    rewritten(exif, size, None)
}

/// Returns the block for a picture of `size` as stored, which has to be shown with `orientation` (2 to 8);
/// `None` if it is shown as stored. Otherwise like [`cleaned`]. A block that can't be kept is replaced by one
/// with the orientation only.
pub(crate) fn of_stored_frame(exif: Option<Vec<u8>>, size: (u32, u32), shown: Option<u8>) -> Option<Vec<u8>> {
    let Some(value) = shown else {
        return cleaned(exif?, size);
    };
    exif.and_then(|exif| rewritten(exif, size, shown))
        .filter(|kept| kept.len() <= MAX_LENGTH && orientation(kept) == Some(u64::from(value)))
        .or_else(|| Some(orientation_only(value)))
}

/// Returns a block with an orientation.
fn orientation_only(value: u8) -> Vec<u8> {
    // One entry: the tag, type SHORT, one value. No further directory.
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([value, 0, 0, 0, 0, 0, 0, 0]);
    block
}

fn rewritten(exif: Vec<u8>, size: (u32, u32), shown: Option<u8>) -> Option<Vec<u8>> {
    let mut block = Block::open(exif, shown)?;
    let first = block.first_directory()?;
    let mut used = Vec::new();
    used.push(0..8);
    block.clean(first, size, 0, &mut used)?;
    let end = used.iter().map(|range| range.end).max()?;
    let mut kept = vec![0; end];
    for range in used {
        // The pointer at the end of a truncated directory lies beyond the block and is zero.
        let stored = block.bytes.get(range.start..range.end.min(block.bytes.len()))?;
        kept.get_mut(range.start..range.start + stored.len())?
            .copy_from_slice(stored);
    }
    let preview_left = kept.windows(3).any(|window| window == JPEG_START);
    (!preview_left).then_some(kept)
}

struct ExifEntry {
    /// Offset of the entry's 12 bytes.
    at: usize,
    tag: u16,
    /// The byte range of the value, if it is too long to be stored in the entry.
    outside: Option<Range<usize>>,
}

struct Block {
    bytes: Vec<u8>,
    big_endian: bool,
    /// Value of the orientation that the first directory keeps.
    shown: Option<u8>,
}

impl Block {
    fn open(mut bytes: Vec<u8>, shown: Option<u8>) -> Option<Self> {
        bytes.drain(..bytes.len() - without_prefix(&bytes).len());
        let big_endian = byte_order(&bytes)?;
        let mut block = Self {
            bytes,
            big_endian,
            shown,
        };
        block.put_u16(2, MAGIC);
        Some(block)
    }

    fn first_directory(&self) -> Option<usize> {
        self.u32(4).map(|at| at as usize)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn put(&mut self, at: usize, value: &[u8]) {
        if let Some(stored) = self.bytes.get_mut(at..at + value.len()) {
            stored.copy_from_slice(value);
        }
    }

    fn put_u16(&mut self, at: usize, value: u16) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.put(at, &bytes);
    }

    fn put_u32(&mut self, at: usize, value: u32) {
        let bytes = if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        };
        self.put(at, &bytes);
    }

    /// Returns the readable entries inside the block; `None` for a directory outside the block.
    fn entries(&self, directory: usize) -> Option<Vec<ExifEntry>> {
        if directory < 8 {
            return None;
        }
        let count = usize::from(self.u16(directory)?);
        let present = self.bytes.len().saturating_sub(directory + 2) / 12;
        Some(
            (0..count.min(present))
                .filter_map(|index| self.entry(directory + 2 + 12 * index))
                .collect(),
        )
    }

    fn entry(&self, at: usize) -> Option<ExifEntry> {
        let unit = match self.u16(at + 2)? {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return None,
        };
        let length = usize::try_from(self.u32(at + 4)?).ok()?.checked_mul(unit)?;
        let outside = if length > 4 {
            let start = self.u32(at + 8)? as usize;
            let end = start.checked_add(length)?;
            self.bytes.get(start..end)?;
            Some(start..end)
        } else {
            None
        };
        Some(ExifEntry {
            at,
            tag: self.u16(at)?,
            outside,
        })
    }

    /// Cleans a directory and its subdirectories, and adds the byte ranges that they use to `used`.
    fn clean(
        &mut self,
        at: usize,
        size: (u32, u32),
        parent: u16,
        used: &mut Vec<Range<usize>>,
    ) -> Option<()> {
        let mut seen = HashSet::new();
        let mut kept = Vec::new();
        for entry in self.entries(at)? {
            // Tags are unique within a directory, which also bounds the recursion.
            if seen.insert(entry.tag) && self.keeps(&entry, size, parent, used) {
                kept.extend_from_slice(self.bytes.get(entry.at..entry.at + 12)?);
                used.extend(entry.outside.filter(|_| entry.tag != ORIENTATION));
            }
        }
        // The last four bytes are the offset of the next directory, which is removed.
        let end = at + 2 + kept.len() + 4;
        self.put_u16(at, (kept.len() / 12) as u16);
        self.put(at + 2, &kept);
        self.put_u32(end - 4, 0);
        used.push(at..end);
        Some(())
    }

    /// Updates an entry and returns true if it is kept.
    fn keeps(
        &mut self,
        entry: &ExifEntry,
        size: (u32, u32),
        parent: u16,
        used: &mut Vec<Range<usize>>,
    ) -> bool {
        match entry.tag {
            ORIENTATION => self.keeps_orientation(entry.at, parent),
            tag if PREVIEWS.contains(&tag) => false,
            tag if DIRECTORIES.contains(&(parent, tag)) => self
                .u32(entry.at + 8)
                .is_some_and(|below| self.clean(below as usize, size, tag, used).is_some()),
            MAKER_NOTE => {
                let note = entry
                    .outside
                    .clone()
                    .and_then(|range| self.bytes.get(range))
                    .unwrap_or_default();
                !note.windows(3).any(|window| window == JPEG_START)
            }
            tag => {
                if WIDTHS.contains(&tag) {
                    self.put_size(entry.at, size.0);
                } else if HEIGHTS.contains(&tag) {
                    self.put_size(entry.at, size.1);
                }
                true
            }
        }
    }

    /// Stores the orientation as one SHORT. Returns false in subdirectories, and if it isn't kept.
    fn keeps_orientation(&mut self, at: usize, parent: u16) -> bool {
        let Some(value) = self.shown.filter(|_| parent == 0) else {
            return false;
        };
        self.put_u16(at + 2, 3);
        self.put_u32(at + 4, 1);
        self.put_u32(at + 8, 0);
        self.put_u16(at + 8, u16::from(value));
        true
    }

    /// Stores a length as one LONG.
    fn put_size(&mut self, at: usize, length: u32) {
        self.put_u16(at + 2, 4);
        self.put_u32(at + 4, 1);
        self.put_u32(at + 8, length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a directory's bytes from entries (tag, type, count, value) and the offset of the next
    /// directory.
    fn directory(entries: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
        let mut bytes = (entries.len() as u16).to_le_bytes().to_vec();
        for (tag, kind, count, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(next.to_le_bytes());
        bytes
    }

    /// Returns a block with orientation 6, a camera's name at 62, an EXIF directory with a size at 70, a
    /// thumbnail's directory at 200 and its JPEG at 240.
    fn block() -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        let first = [
            (0x010f, 2, 8, 62),
            (ORIENTATION, 3, 1, 6),
            (0x011a, 4, 1, 1),
            (EXIF_DIRECTORY, 4, 1, 70),
        ];
        bytes.extend(directory(&first, 200));
        bytes.extend(b"Cameras\0");
        bytes.extend(directory(
            &[(0xa002, 3, 1, 40), (0xa003, 3, 1, 30), (0x9286, 7, 12, 120)],
            0,
        ));
        bytes.resize(120, 0xee);
        bytes.extend(b"user comment");
        bytes.resize(200, 0xee);
        bytes.extend(directory(&[(0x0201, 4, 1, 240), (0x0202, 4, 1, 20)], 0));
        bytes.resize(240, 0);
        bytes.extend([0xff, 0xd8, 0xff, 0xe0]);
        bytes.resize(260, 0x55);
        bytes
    }

    #[test]
    fn orientation_is_read_in_both_byte_orders() {
        assert_eq!(orientation(&block()), Some(6));
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\0\0\0\0";
        assert_eq!(orientation(big), Some(8));
        assert_eq!(orientation(&[b"Exif\0\0".as_slice(), big].concat()), Some(8));
    }

    #[test]
    fn orientation_and_thumbnail_are_removed() {
        let kept = cleaned(block(), (30, 40)).unwrap();
        assert_eq!(orientation(&kept), None);
        assert!(kept.len() < 200, "the thumbnail is truncated");
        let read = exif::Reader::new().read_raw(kept).unwrap();
        let text = |tag| {
            read.get_field(tag, exif::In::PRIMARY)
                .map(|field| field.display_value().to_string())
        };
        assert_eq!(text(exif::Tag::Make).unwrap(), "\"Cameras\"");
        assert_eq!(text(exif::Tag::PixelXDimension).unwrap(), "30");
        assert_eq!(text(exif::Tag::PixelYDimension).unwrap(), "40");
        assert!(text(exif::Tag::UserComment).is_some());
        assert!(
            read.get_field(exif::Tag::JPEGInterchangeFormat, exif::In::THUMBNAIL)
                .is_none()
        );
    }

    #[test]
    fn unreferenced_bytes_are_removed() {
        let kept = cleaned(block(), (30, 40)).unwrap();
        assert!(!kept.contains(&0xee));
    }

    #[test]
    fn block_with_a_hidden_preview_is_dropped() {
        let mut bytes = block();
        bytes[120..124].copy_from_slice(&[0xff, 0xd8, 0xff, 0xe0]);
        assert_eq!(cleaned(bytes, (30, 40)), None);
    }

    #[test]
    fn damaged_blocks_do_not_panic() {
        let whole = block();
        for length in 0..whole.len() {
            let _ = cleaned(whole[..length].to_vec(), (1, 1));
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            let _ = cleaned(bytes, (1, 1));
        }
    }
}

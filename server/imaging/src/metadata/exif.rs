//! EXIF in place: entries are cut and bytes blanked where they are, so that what points into the block from a maker's
//! own notes stays true (CIPA DC-008, TIFF 6.0 section 2).

use std::{collections::HashSet, ops::Range};

use super::ifd;

const ORIENTATION: u16 = 0x0112;
const EXIF_DIRECTORY: u16 = 0x8769;
const MAKER_NOTE: u16 = 0x927c;
/// Sub-directories that are walked, as (parent's tag, own tag): EXIF, GPS, interoperability.
const DIRECTORIES: [(u16, u16); 3] = [(0, EXIF_DIRECTORY), (0, 0x8825), (EXIF_DIRECTORY, 0xa005)];
/// Previews, private blocks that hold previews, and XMP, which has its own place: sub-images, strips, JPEG streams,
/// Photoshop's resources, thumbnails as Windows stores them.
const PREVIEWS: [u16; 9] = [
    0x014a, 0x0111, 0x0117, 0x0201, 0x0202, 0x02bc, 0x501b, 0x8649, 0xc4a5,
];
/// Pixel size: width and height in the first directory and in EXIF's own.
const WIDTHS: [u16; 2] = [0x0100, 0xa002];
const HEIGHTS: [u16; 2] = [0x0101, 0xa003];
/// How every JPEG stream begins.
const JPEG_START: [u8; 3] = [0xff, 0xd8, 0xff];

/// JPEG's prefix of an EXIF block; some programs write it in other formats, too, or twice.
const PREFIX: &[u8] = b"Exif\0\0";

/// Returns the orientation, 1 to 8.
pub(crate) fn orientation(exif: &[u8]) -> Option<u8> {
    ifd::orientation(without_prefix(exif))
}

/// Returns true for a block with a byte order mark, false for the continuation of another block.
pub(crate) fn has_header(exif: &[u8]) -> bool {
    matches!(
        without_prefix(exif),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..]
    )
}

fn without_prefix(mut exif: &[u8]) -> &[u8] {
    while let Some(rest) = exif.strip_prefix(PREFIX) {
        exif = rest;
    }
    exif
}

/// The block for an upright picture of `size`, without orientation and previews; `None` where it can't be read.
///
/// Whatever nobody points to any more becomes zero or is cut off: the directories after the first describe the
/// thumbnail, and dead bytes may hold an old one.
pub(crate) fn cleaned(exif: Vec<u8>, size: (u32, u32)) -> Option<Vec<u8>> {
    let mut block = Block::open(exif)?;
    let first = block.first_directory()?;
    let mut used = Vec::new();
    used.push(0..8);
    block.clean(first, size, 0, &mut used)?;
    let end = used.iter().map(|range| range.end).max()?;
    let mut kept = vec![0; end];
    for range in used {
        kept.get_mut(range.clone())?
            .copy_from_slice(block.bytes.get(range)?);
    }
    let preview_left = kept.windows(3).any(|window| window == JPEG_START);
    (!preview_left).then_some(kept)
}

struct Entry {
    /// Where the entry's 12 bytes begin.
    at: usize,
    tag: u16,
    /// Where its value lies, where it is too long to lie in the entry itself.
    outside: Option<Range<usize>>,
}

struct Block {
    bytes: Vec<u8>,
    big_endian: bool,
}

impl Block {
    fn open(mut bytes: Vec<u8>) -> Option<Self> {
        if bytes.starts_with(b"Exif\0\0") {
            bytes.drain(..6);
        }
        let big_endian = match bytes.get(..4)? {
            [b'M', b'M', 0, 42] => true,
            [b'I', b'I', 42, 0] => false,
            _ => return None,
        };
        Some(Self { bytes, big_endian })
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
        if let Some(place) = self.bytes.get_mut(at..at + value.len()) {
            place.copy_from_slice(value);
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

    /// The entries that can be read; `None` where the directory itself does not fit the block.
    fn entries(&self, directory: usize) -> Option<Vec<Entry>> {
        let count = usize::from(self.u16(directory)?);
        self.bytes.get(directory..directory + 2 + 12 * count)?;
        Some(
            (0..count)
                .filter_map(|index| self.entry(directory + 2 + 12 * index))
                .collect(),
        )
    }

    fn entry(&self, at: usize) -> Option<Entry> {
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
        Some(Entry {
            at,
            tag: self.u16(at)?,
            outside,
        })
    }

    /// Cleans a directory and those below it, and adds to `used` where the bytes lie that it needs.
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
            // A tag comes once a directory; that also bounds the walk.
            if seen.insert(entry.tag) && self.keeps(&entry, size, parent, used) {
                kept.extend_from_slice(self.bytes.get(entry.at..entry.at + 12)?);
                used.extend(entry.outside);
            }
        }
        // Four bytes more are the pointer to the next directory: there is none now.
        let end = at + 2 + kept.len() + 4;
        self.put_u16(at, (kept.len() / 12) as u16);
        self.put(at + 2, &kept);
        self.put_u32(end - 4, 0);
        used.push(at..end.min(self.bytes.len()));
        Some(())
    }

    /// Whether an entry stays, brought up to date.
    fn keeps(&mut self, entry: &Entry, size: (u32, u32), parent: u16, used: &mut Vec<Range<usize>>) -> bool {
        match entry.tag {
            ORIENTATION => false,
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

    /// A directory's bytes: (tag, kind, count, value) each, and the next directory.
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

    /// Orientation 6, a camera's name at 62, EXIF at 70 with a size, a thumbnail's directory at 200, its JPEG at 240.
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
    fn orientation_and_thumbnail_leave_and_the_rest_stays() {
        let kept = cleaned(block(), (30, 40)).unwrap();
        assert_eq!(orientation(&kept), None);
        assert!(kept.len() < 200, "the thumbnail is cut off");
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
    fn bytes_that_nothing_points_to_do_not_go_out() {
        let kept = cleaned(block(), (30, 40)).unwrap();
        assert!(!kept.contains(&0xee));
    }

    #[test]
    fn a_block_with_a_hidden_preview_is_dropped() {
        let mut bytes = block();
        bytes[120..124].copy_from_slice(&[0xff, 0xd8, 0xff, 0xe0]);
        assert_eq!(cleaned(bytes, (30, 40)), None);
    }

    #[test]
    fn a_damaged_block_is_dropped_or_read_but_never_a_panic() {
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

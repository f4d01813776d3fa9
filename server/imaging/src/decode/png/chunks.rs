//! Iteration over PNG chunks (PNG, third edition, 5.3) without decoding them.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

const SIGNATURE: usize = 8;
/// The `IEND` chunk with its checksum.
const END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// A chunk. If the file ends within it, its data are truncated.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub kind: [u8; 4],
    pub data: &'a [u8],
    /// Length, name, data and checksum.
    stored: &'a [u8],
}

impl Chunk<'_> {
    /// Returns true if the chunk is complete and its checksum is right. Readers discard other ancillary
    /// chunks.
    pub fn is_intact(&self) -> bool {
        let body = self.stored.get(4..self.data.len() + 8);
        let checksum = self
            .stored
            .get(self.data.len() + 8..)
            .and_then(<[u8]>::first_chunk);
        body.zip(checksum)
            .is_some_and(|(body, checksum)| crc32fast::hash(body) == u32::from_be_bytes(*checksum))
    }

    fn is_truncated(&self) -> bool {
        self.stored.len() < self.data.len() + 12
    }

    /// Returns true if the pixels depend on the chunk.
    fn is_needed_for_pixels(&self) -> bool {
        // Critical chunks, whose first letter is upper case, and transparency.
        self.kind[0].is_ascii_uppercase() || &self.kind == b"tRNS"
    }
}

/// Returns the chunks up to `IEND` or the end of the file.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = bytes.get(SIGNATURE..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let kind: [u8; 4] = *rest.get(4..)?.first_chunk()?;
        let total = length.saturating_add(12).min(rest.len());
        let (stored, after) = rest.split_at_checked(total)?;
        rest = if &kind == b"IEND" { &[] } else { after };
        let data = stored.get(8..length.saturating_add(8).min(stored.len()))?;
        Some(Chunk { kind, data, stored })
    })
}

/// A reader of the signature and the chunks that pixels depend on, so that broken metadata can't fail the
/// decoder.
pub(super) struct PixelChunks<'a> {
    /// The part being read, then the parts after it.
    current: &'a [u8],
    parts: std::vec::IntoIter<&'a [u8]>,
}

impl<'a> PixelChunks<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut last = None;
        let mut parts: Vec<&[u8]> = chunks(bytes)
            .inspect(|chunk| last = Some(*chunk))
            .filter(Chunk::is_needed_for_pixels)
            .map(|chunk| chunk.stored)
            .collect();
        // The decoder requires the end chunk. Files that end without it, or within metadata, have all their
        // pixels.
        if last.is_some_and(|last| {
            &last.kind != b"IEND" && !(last.is_needed_for_pixels() && last.is_truncated())
        }) {
            parts.push(END);
        }
        Self {
            current: bytes.get(..SIGNATURE).unwrap_or_default(),
            parts: parts.into_iter(),
        }
    }
}

impl BufRead for PixelChunks<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.is_empty() {
            self.current = self.parts.next().unwrap_or_default();
        }
        Ok(self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current = self.current.get(amount..).unwrap_or_default();
    }
}

impl Read for PixelChunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// The decoder's trait bound requires this implementation, but it reads sequentially.
impl Seek for PixelChunks<'_> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

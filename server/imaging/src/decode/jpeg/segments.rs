//! JPEG marker segments up to the first scan (ITU-T T.81, B.1).

/// An iterator over the segments before the first scan, as (marker, payload).
pub(crate) struct Segments<'a> {
    /// The bytes after the last returned segment; at the end, from the first scan's marker on.
    pub(crate) rest: &'a [u8],
}

pub(crate) fn segments(bytes: &[u8]) -> Segments<'_> {
    Segments {
        rest: bytes.get(2..).unwrap_or_default(),
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (marker, after) = next_marker(self.rest)?;
            match marker {
                SOS => return None,
                // Frames of Flash files have an end and a second start before the header.
                EOI if !after.starts_with(&[0xff, SOI]) => return None,
                _ if is_standalone(marker) => self.rest = after,
                _ => {
                    let (payload, rest) = payload(after)?;
                    self.rest = rest;
                    return Some((marker, payload));
                }
            }
        }
    }
}

pub(crate) const SOI: u8 = 0xd8;
pub(crate) const EOI: u8 = 0xd9;
pub(crate) const SOS: u8 = 0xda;

/// Returns true for markers without a payload: TEM, `RSTn`, SOI and EOI.
pub(crate) fn is_standalone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd0..=0xd9)
}

/// Returns the next marker and the bytes after it. Skips stray bytes, stuffed bytes (FF 00) and fill bytes
/// (FF), like libjpeg's `next_marker`.
pub(crate) fn next_marker(mut bytes: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        bytes = bytes.get(memchr::memchr(0xff, bytes)?..)?;
        let fill = bytes.iter().take_while(|byte| **byte == 0xff).count();
        let (marker, after) = bytes.get(fill..)?.split_first()?;
        if *marker != 0 {
            return Some((*marker, after));
        }
        bytes = after;
    }
}

/// Splits the bytes after a marker into the segment's payload and the rest; `None` if the length is wrong.
pub(crate) fn payload(after: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, after) = after.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2)?;
    after.split_at_checked(length)
}

/// Splits the bytes after a scan header into entropy-coded data, including restart markers, and the rest,
/// which starts with the next marker.
pub(crate) fn entropy_coded(bytes: &[u8]) -> (&[u8], &[u8]) {
    let ends = |at: &usize| {
        // The last of several fill bytes introduces the marker.
        let next = bytes.get(at + 1);
        !matches!(next, Some(0 | 0xd0..=0xd7 | 0xff) | None)
    };
    let end = memchr::memchr_iter(0xff, bytes).find(ends);
    bytes.split_at(end.unwrap_or(bytes.len()))
}

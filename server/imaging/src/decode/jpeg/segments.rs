//! JPEG marker segments up to the first scan (ITU-T T.81, B.1).

/// The segments between the file's start and its first scan, as (marker, payload).
pub(super) struct Segments<'a> {
    pub(super) rest: &'a [u8],
}

pub(super) fn segments(bytes: &[u8]) -> Segments<'_> {
    Segments {
        rest: bytes.get(2..).unwrap_or_default(),
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rest {
                // Fill bytes may come before a marker; 0x01 and 0xd0..=0xd8 have no payload.
                [0xff, 0xff, ..] => self.rest = self.rest.get(1..)?,
                [0xff, 0x01 | 0xd0..=0xd8, ..] => self.rest = self.rest.get(2..)?,
                [0xff, 0xd9 | 0xda, ..] => return None,
                [0xff, marker, high, low, ..] => {
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    let payload = self.rest.get(4..length + 2)?;
                    self.rest = self.rest.get(length + 2..)?;
                    return Some((*marker, payload));
                }
                _ => return None,
            }
        }
    }
}

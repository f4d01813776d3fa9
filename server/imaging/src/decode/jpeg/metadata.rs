//! Metadata in JPEG segments.

use super::segments::segments;
use crate::metadata::{Extras, Metadata};

/// How an APP1 segment with XMP begins (ISO 16684-3, 1.1.3).
pub(crate) const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Takes the density of the JFIF header and the XMP packet. Extended XMP is left out: it holds depth maps and whole
/// second pictures.
pub(super) fn collect(bytes: &[u8], metadata: &mut Metadata) {
    let mut density = None;
    for (marker, payload) in segments(bytes) {
        if let (0xe0, [b'J', b'F', b'I', b'F', 0, _, _, unit @ 0..=2, x1, x0, y1, y0, ..]) = (marker, payload)
        {
            density = Some((
                *unit,
                u16::from_be_bytes([*x1, *x0]),
                u16::from_be_bytes([*y1, *y0]),
            ));
        }
        if let (0xe1, Some(packet)) = (marker, payload.strip_prefix(XMP)) {
            metadata.xmp.get_or_insert_with(|| packet.to_vec());
        }
    }
    metadata.extras = Extras::Jpeg { density };
}

//! Metadata in JPEG segments.

use std::borrow::Cow;

use super::segments::segments;
use crate::metadata::{Extras, Metadata, exif};

/// How an APP1 segment with XMP begins (ISO 16684-3, 1.1.3).
pub(crate) const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Returns the EXIF block, from its byte order mark on.
///
/// A block that a camera spread over several segments is put together, as in Pillow. Of several whole blocks the
/// first counts, as in Pillow, browsers and `ExifTool`. The sixth byte of the prefix is a fill byte.
pub(crate) fn exif(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut blocks = segments(bytes)
        .filter(|(marker, _)| *marker == 0xe1)
        .filter_map(|(_, payload)| payload.strip_prefix(b"Exif\0")?.get(1..));
    let mut block = Cow::Borrowed(blocks.next()?);
    for further in blocks.filter(|further| !exif::has_header(further)) {
        block.to_mut().extend_from_slice(further);
    }
    Some(block)
}

/// Takes EXIF, the density of the JFIF header and the XMP packet. Extended XMP is left out: it holds depth maps and whole
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
    metadata.icc = icc(bytes);
    metadata.exif = exif(bytes).map(Cow::into_owned);
    metadata.extras = Extras::Jpeg { density };
}

/// Returns the colour profile from its chunks in APP2 segments (ICC.1, B.4).
fn icc(bytes: &[u8]) -> Option<Vec<u8>> {
    let chunk = |(marker, payload): (u8, &[u8])| {
        let chunk = payload.strip_prefix(b"ICC_PROFILE\0")?;
        (marker == 0xe2).then(|| chunk.to_vec())
    };
    let mut chunks: Vec<_> = segments(bytes).filter_map(chunk).collect();
    chunks.sort();
    let count = chunks.len();
    let whole = chunks.iter().enumerate().all(|(at, chunk)| {
        chunk.first() == u8::try_from(at + 1).ok().as_ref()
            && chunk.get(1).map(|n| usize::from(*n)) == Some(count)
    });
    (count > 0 && whole).then(|| chunks.iter().flat_map(|chunk| &chunk[2..]).copied().collect())
}

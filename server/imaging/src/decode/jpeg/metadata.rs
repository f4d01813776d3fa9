//! Metadata in JPEG segments.

use std::{borrow::Cow, collections::BTreeMap};

use super::segments::segments;
use crate::metadata::{Extras, Metadata, exif};

/// The prefix of APP1 segments with XMP (ISO 16684-3, 1.1.3).
pub(crate) const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Returns the EXIF block, from its byte order mark on.
///
/// A block that is split over several segments is joined, as in Pillow. Of several complete blocks the first
/// is used, as in Pillow, browsers and `ExifTool`. The sixth byte of the prefix is a fill byte.
pub(crate) fn exif(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut blocks = segments(bytes)
        .filter(|(marker, _)| *marker == 0xe1)
        .filter_map(|(_, payload)| payload.strip_prefix(b"Exif\0")?.get(1..))
        .filter(|block| !block.is_empty());
    let mut block = Cow::Borrowed(blocks.next()?);
    for further in blocks.filter(|further| !exif::has_header(further)) {
        block.to_mut().extend_from_slice(further);
    }
    Some(block)
}

/// Reads EXIF, the profile, the density in the JFIF header and the XMP packet. Extended XMP is ignored, since
/// it contains depth maps and further pictures.
pub(crate) fn collect(bytes: &[u8], metadata: &mut Metadata) {
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
    metadata.exif = exif(bytes).map(Cow::into_owned);
    metadata.icc = profile(bytes);
    metadata.extras = Extras::Jpeg { density };
}

/// Joins the profile from its numbered chunks (ICC.1, B.4).
///
/// Chunks may come in any order, numbered from 0 or 1, and may be repeated. They are complete if their number
/// or their total length is as declared.
fn profile(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut chunks = BTreeMap::new();
    let mut declared_count = None;
    for (_, payload) in segments(bytes).filter(|(marker, _)| *marker == 0xe2) {
        if let Some([number, count, data @ ..]) = payload.strip_prefix(b"ICC_PROFILE\0") {
            chunks.entry(*number).or_insert(data);
            declared_count.get_or_insert(usize::from(*count));
        }
    }
    let (first, last) = (*chunks.first_key_value()?.0, *chunks.last_key_value()?.0);
    let consecutive = first <= 1 && usize::from(last - first) + 1 == chunks.len();
    let profile: Vec<u8> = chunks.values().copied().flatten().copied().collect();
    let length = u32::from_be_bytes(*profile.first_chunk()?) as usize;
    (consecutive && (declared_count == Some(chunks.len()) || length == profile.len())).then_some(profile)
}

//! TIFF fields that an edit preserves.

use tiff::{
    decoder::IfdDecoder,
    tags::{ByteOrder, IfdPointer, Tag, Type, ValueBuffer},
};

use super::Reader;
use crate::metadata::TiffField;

/// Tags of preserved fields: document name, description and page, density, make, model and author, IPTC,
/// georeferencing.
const PRESERVED: [u16; 22] = [
    269, 270, 271, 272, 282, 283, 285, 296, 305, 306, 315, 316, 33432, 33550, 33723, 33922, 34264, 34735,
    34736, 34737, 42112, 42113,
];
/// Tags of dropped EXIF fields: maker notes, which contain offsets into the original file and previews, and
/// subdirectories.
const DROPPED_EXIF: [u16; 3] = [0x927c, 0xa005, 0x8825];
const EXIF_DIRECTORY: Tag = Tag::Unknown(0x8769);
const GPS_DIRECTORY: Tag = Tag::Unknown(0x8825);

/// Returns the preserved fields of the first directory.
pub(super) fn preserved(reader: &mut Reader<'_>) -> Vec<TiffField> {
    let mut directory = reader.image_ifd();
    PRESERVED
        .into_iter()
        .filter_map(|tag| field(&mut directory, Tag::from_u16_exhaustive(tag)))
        .collect()
}

/// Returns the preserved fields of the EXIF directory.
pub(super) fn exif(reader: &mut Reader<'_>) -> Vec<TiffField> {
    let mut fields = subdirectory(reader, EXIF_DIRECTORY);
    fields.retain(|field| !DROPPED_EXIF.contains(&field.tag.to_u16()));
    fields
}

/// Returns the fields of the GPS directory.
pub(super) fn gps(reader: &mut Reader<'_>) -> Vec<TiffField> {
    subdirectory(reader, GPS_DIRECTORY)
}

/// Returns the fields of the subdirectory at the offset in the field `pointer`.
fn subdirectory(reader: &mut Reader<'_>, pointer: Tag) -> Vec<TiffField> {
    let pointer = reader.find_tag_unsigned::<u64>(pointer).ok().flatten();
    let Some(directory) = pointer.and_then(|at| reader.read_directory(IfdPointer(at)).ok()) else {
        return Vec::new();
    };
    let tags: Vec<Tag> = directory.iter().map(|(tag, _)| tag).collect();
    let mut values = reader.read_directory_tags(&directory);
    tags.into_iter()
        .filter_map(|tag| field(&mut values, tag))
        .collect()
}

fn field(directory: &mut IfdDecoder<'_>, tag: Tag) -> Option<TiffField> {
    let mut value = ValueBuffer::empty(Type::BYTE);
    directory.find_tag_buf(tag, &mut value).ok().flatten()?;
    value.set_byte_order(ByteOrder::native());
    // Classic TIFF, which is written, lacks the types of BigTIFF.
    let classic = !matches!(
        value.data_type(),
        Type::LONG8 | Type::SLONG8 | Type::IFD8 | Type::IFD
    );
    classic.then(|| TiffField {
        tag,
        kind: value.data_type(),
        data: value.as_bytes().to_vec(),
    })
}

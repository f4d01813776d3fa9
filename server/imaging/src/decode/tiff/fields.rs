//! TIFF fields that go back out.

use tiff::{
    decoder::IfdDecoder,
    tags::{ByteOrder, IfdPointer, Tag, Type, ValueBuffer},
};

use super::Reader;
use crate::metadata::TiffField;

/// Fields that tell about the picture: names and places, density, makers and authors, IPTC, georeference.
const CARRIED: [u16; 21] = [
    269, 270, 271, 272, 282, 283, 285, 296, 305, 306, 315, 316, 33432, 33550, 33723, 33922, 34264, 34735,
    34736, 34737, 42113,
];
/// Of the EXIF directory: a maker's notes, which point into the old file and hold previews, and further directories.
const LEFT_OUT: [u16; 3] = [0x927c, 0xa005, 0x8825];
const EXIF_DIRECTORY: Tag = Tag::Unknown(0x8769);
const GPS_DIRECTORY: Tag = Tag::Unknown(0x8825);

/// The first directory's fields that are carried over.
pub(super) fn carried(reader: &mut Reader<'_>) -> Vec<TiffField> {
    let mut directory = reader.image_ifd();
    CARRIED
        .into_iter()
        .filter_map(|tag| field(&mut directory, Tag::from_u16_exhaustive(tag)))
        .collect()
}

/// The fields of the EXIF directory that outlive an edit.
pub(super) fn exif(reader: &mut Reader<'_>) -> Vec<TiffField> {
    let mut fields = below(reader, EXIF_DIRECTORY);
    fields.retain(|field| !LEFT_OUT.contains(&field.tag.to_u16()));
    fields
}

/// The fields of the GPS directory: where the picture was taken.
pub(super) fn gps(reader: &mut Reader<'_>) -> Vec<TiffField> {
    below(reader, GPS_DIRECTORY)
}

/// The fields of the directory that the first one points to.
fn below(reader: &mut Reader<'_>, pointer: Tag) -> Vec<TiffField> {
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
    // Types of BigTIFF only have no place in the classic files that are written.
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

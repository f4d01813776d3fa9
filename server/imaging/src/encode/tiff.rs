//! TIFF with LZW compression and the horizontal predictor, which all readers support.

use std::io::Cursor;

use tiff::{
    Directory, TiffError, TiffResult,
    encoder::{
        Compression, DirectoryEncoder, Predictor, TiffEncoder, TiffKindStandard, TiffValue,
        colortype::{ColorType, RGB8, RGB16, RGBA8, RGBA16},
    },
    tags::{ExtraSamples, Tag, Type},
};

use super::pixels::{OutputPixels, OutputSamples};
use crate::{
    EncodeError, ImageFormat,
    metadata::{Extras, Metadata, TiffField},
};

type File = Cursor<Vec<u8>>;

const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;

pub(super) fn encode(pixels: &OutputPixels<'_>, metadata: &Metadata) -> Result<Vec<u8>, EncodeError> {
    let mut file = File::default();
    match (&pixels.samples, pixels.alpha) {
        (OutputSamples::Eight(samples), false) => write::<RGB8>(&mut file, pixels, samples, metadata),
        (OutputSamples::Eight(samples), true) => write::<RGBA8>(&mut file, pixels, samples, metadata),
        (OutputSamples::Sixteen(samples), false) => write::<RGB16>(&mut file, pixels, samples, metadata),
        (OutputSamples::Sixteen(samples), true) => write::<RGBA16>(&mut file, pixels, samples, metadata),
    }
    .map_err(|error: TiffError| EncodeError::codec(ImageFormat::Tiff, error))?;
    Ok(file.into_inner())
}

fn write<C: ColorType>(
    file: &mut File,
    pixels: &OutputPixels<'_>,
    samples: &[C::Inner],
    metadata: &Metadata,
) -> TiffResult<()>
where
    [C::Inner]: TiffValue,
{
    let mut encoder = TiffEncoder::new(file)?
        .with_compression(Compression::Lzw)
        .with_predictor(Predictor::Horizontal);
    let (fields, exif, gps) = match &metadata.extras {
        Extras::Tiff { fields, exif, gps } => (fields.as_slice(), exif.as_slice(), gps.as_slice()),
        _ => (&[][..], &[][..], &[][..]),
    };
    let mut subdirectories = Vec::new();
    for (pointer, fields) in [(EXIF_DIRECTORY, exif), (GPS_DIRECTORY, gps)] {
        if !fields.is_empty() {
            let mut directory = encoder.extra_directory()?;
            write_fields(&mut directory, fields)?;
            subdirectories.push((pointer, directory.finish_with_offsets()?.offset));
        }
    }
    let mut image = encoder.new_image::<C>(pixels.width, pixels.height)?;
    let directory = image.encoder();
    write_fields(directory, fields)?;
    for (pointer, offset) in subdirectories {
        directory.write_tag(Tag::Unknown(pointer), offset)?;
    }
    if pixels.alpha {
        directory.write_tag(Tag::ExtraSamples, ExtraSamples::UnassociatedAlpha.to_u16())?;
    }
    if let Some(icc) = &metadata.icc {
        write_field(directory, Tag::IccProfile, Type::UNDEFINED, icc)?;
    }
    if let Some(xmp) = &metadata.xmp {
        write_field(directory, Tag::Unknown(700), Type::BYTE, xmp)?;
    }
    image.write_data(samples)
}

type DirectoryWriter<'a, 'b> = DirectoryEncoder<'a, &'b mut File, TiffKindStandard>;

fn write_fields(directory: &mut DirectoryWriter<'_, '_>, fields: &[TiffField]) -> TiffResult<()> {
    fields
        .iter()
        .try_for_each(|field| write_field(directory, field.tag, field.kind, &field.data))
}

fn write_field(directory: &mut DirectoryWriter<'_, '_>, tag: Tag, kind: Type, data: &[u8]) -> TiffResult<()> {
    let entry = directory.write_entry_bytes(kind, data)?;
    let mut one = Directory::empty();
    one.extend([(tag, entry)]);
    directory.extend_from(&one);
    Ok(())
}

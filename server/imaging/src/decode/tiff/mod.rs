//! TIFF and `BigTIFF`. Of multi-page files, the first page.

mod chunks;
mod codec;
mod colours;
mod directory;
mod error;
mod fields;
mod jpeg;
mod layout;
mod tag;
mod ycbcr;

use std::io::Cursor;

use tiff::decoder::Decoder;

use self::{
    directory::Directory,
    layout::{ColourModel, Layout},
};
use super::decoded_file::DecodedFile;
use crate::{
    DecodeError, DecodeLimits,
    colour::Profiles,
    metadata::{Extras, Metadata},
};

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

/// Opens a reader of metadata; `None` for directories that it rejects, whose pixels may still be readable.
fn open(bytes: &[u8]) -> Option<Reader<'_>> {
    let mut limits = tiff::decoder::Limits::default();
    limits.ifd_value_size = bytes.len();
    Some(Decoder::new(Cursor::new(bytes)).ok()?.with_limits(limits))
}

/// Returns width and height from the first directory.
pub(crate) fn size(bytes: &[u8]) -> Result<(u64, u64), DecodeError> {
    layout::size(&Directory::first(bytes)?)
}

/// Decodes the first page, as libtiff and Pillow do.
pub(super) fn decode(
    bytes: &[u8],
    limits: &DecodeLimits,
    profiles: Profiles,
) -> Result<DecodedFile, DecodeError> {
    let budget = usize::try_from(limits.codec_bytes()).unwrap_or(usize::MAX);
    let directory = Directory::first(bytes)?;
    let layout = Layout::read(&directory)?;
    let mut metadata = Metadata {
        icc: directory.data(tag::ICC_PROFILE).map(<[u8]>::to_vec),
        xmp: directory.data(tag::XMP).map(<[u8]>::to_vec),
        ..Metadata::default()
    };
    let icc = metadata.icc.as_deref().filter(|_| profiles == Profiles::Apply);
    let samples = chunks::decode(&directory, &layout, budget)?;
    let image = colours::pixels(&directory, &layout, samples, icc)?;
    if layout.model == ColourModel::Cmyk {
        metadata.drop_colour();
    }
    if let Some(mut reader) = open(bytes) {
        metadata.extras = Extras::Tiff {
            fields: fields::preserved(&mut reader),
            exif: fields::exif(&mut reader),
            gps: fields::gps(&mut reader),
        };
    }
    Ok(DecodedFile { image, metadata })
}

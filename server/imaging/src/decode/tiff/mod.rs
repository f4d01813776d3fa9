//! TIFF and `BigTIFF`: the first page.

mod fields;
mod layout;

use std::io::Cursor;

use tiff::{
    TiffError,
    decoder::{Decoder, DecodingResult},
    tags::Tag,
};

use self::layout::{Layout, Model, interleaved};
use super::Decoded;
use crate::{
    DecodeError, Format, Limits,
    colour::Profiles,
    metadata::{Extras, Metadata},
};

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

const XMP: Tag = Tag::Unknown(700);

fn error(error: TiffError) -> DecodeError {
    match error {
        TiffError::UnsupportedError(what) => DecodeError::unsupported(format!("This kind of TIFF ({what})")),
        other => DecodeError::damaged(Format::Tiff, other),
    }
}

fn unsupported(what: impl std::fmt::Display) -> DecodeError {
    DecodeError::unsupported(format!("A TIFF with {what}"))
}

fn open(bytes: &[u8]) -> Result<Reader<'_>, DecodeError> {
    Decoder::new(Cursor::new(bytes)).map_err(error)
}

/// The file with its palette indices declared gray levels: the codec doesn't deliver indices, but does deliver gray
/// as stored.
fn palette_as_gray(bytes: &[u8]) -> Option<Vec<u8>> {
    const BLACK_IS_ZERO: u8 = 1;
    let little = bytes.first()? == &b'I';
    let number = |at: usize, length: usize| {
        let digits = bytes.get(at..at.checked_add(length)?)?;
        let append = |value: usize, digit: &u8| value << 8 | usize::from(*digit);
        Some(if little {
            digits.iter().rev().fold(0, append)
        } else {
            digits.iter().fold(0, append)
        })
    };
    let classic = number(2, 2)? == 42;
    let (first, count, entry, value) = if classic {
        (number(4, 4)?, 2, 12, 8)
    } else {
        (number(8, 8)?, 8, 20, 12)
    };
    let entries = number(first, count)?.min(bytes.len() / entry);
    let at = (0..entries)
        .map(|index| first + count + entry * index)
        .find(|at| number(*at, 2) == Some(usize::from(Tag::PhotometricInterpretation.to_u16())))?;
    let mut patched = bytes.to_vec();
    *patched.get_mut(at + value + usize::from(!little))? = BLACK_IS_ZERO;
    Some(patched)
}

/// Width and height from the first directory.
pub(crate) fn size(bytes: &[u8]) -> Result<(u64, u64), DecodeError> {
    let (width, height) = open(bytes)?.dimensions().map_err(error)?;
    Ok((u64::from(width), u64::from(height)))
}

pub(super) fn decode(bytes: &[u8], limits: &Limits, profiles: Profiles) -> Result<Decoded, DecodeError> {
    let budget = usize::try_from(limits.codec_bytes()).unwrap_or(usize::MAX);
    let mut bounds = tiff::decoder::Limits::default();
    bounds.decoding_buffer_size = budget;
    bounds.intermediate_buffer_size = budget;
    bounds.ifd_value_size = bytes.len();
    let mut reader = open(bytes)?.with_limits(bounds.clone());
    let (width, height) = reader.dimensions().map_err(error)?;
    let layout = Layout::read(&mut reader)?;
    let mut metadata = Metadata {
        icc: reader.get_tag_u8_vec(Tag::IccProfile).ok(),
        xmp: reader.get_tag_u8_vec(XMP).ok(),
        ..Metadata::default()
    };
    let icc = metadata.icc.as_deref().filter(|_| profiles == Profiles::Apply);
    let mut samples = DecodingResult::U8(Vec::new());
    let planes = if layout.model == Model::Palette {
        let patched = palette_as_gray(bytes).ok_or_else(|| unsupported("such a palette"))?;
        let mut reader = open(&patched)?.with_limits(bounds);
        reader.read_image_to_buffer(&mut samples).map_err(error)?.planes
    } else {
        reader.read_image_to_buffer(&mut samples).map_err(error)?.planes
    };
    let image = match samples {
        DecodingResult::U8(samples) => {
            let samples = if layout.bits < 8 {
                layout.unpacked(&samples, width, height)
            } else {
                samples
            };
            layout.eight_bit(interleaved(samples, planes), (width, height), icc)
        }
        DecodingResult::U16(samples) => {
            layout.sixteen_bit(interleaved(samples, planes), (width, height), icc)
        }
        _ => return Err(unsupported("samples other than 8 or 16 bits")),
    };
    let image = image.ok_or_else(|| DecodeError::damaged(Format::Tiff, "pixels are missing"))?;
    if layout.model == Model::Cmyk {
        metadata.forget_colour();
    }
    metadata.extras = Extras::Tiff {
        fields: fields::carried(&mut reader),
        exif: fields::exif(&mut reader),
        gps: fields::gps(&mut reader),
    };
    Ok(Decoded { image, metadata })
}

//! TIFF and `BigTIFF`: the first page.

use std::io::Cursor;

use image::{DynamicImage, ImageBuffer, metadata::Orientation};
use tiff::{
    TiffError,
    decoder::{Decoder, DecodingResult, IfdDecoder},
    tags::{ByteOrder, IfdPointer, PhotometricInterpretation, Tag, Type, ValueBuffer},
};

use super::Decoded;
use crate::{
    DecodeError, Format, Limits,
    colour::{self, Profiles},
    metadata::{Extras, Metadata, TiffField},
};

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

/// What the samples of one pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Gray,
    Rgb,
    Palette,
    Cmyk,
}

/// Fields that tell about the picture: names and places, density, makers and authors, IPTC, georeference.
const CARRIED: [u16; 21] = [
    269, 270, 271, 272, 282, 283, 285, 296, 305, 306, 315, 316, 33432, 33550, 33723, 33922, 34264, 34735,
    34736, 34737, 42113,
];
/// Of the EXIF directory: a maker's notes, which point into the old file and hold previews, and further directories.
const LEFT_OUT: [u16; 3] = [0x927c, 0xa005, 0x8825];
const EXIF_DIRECTORY: Tag = Tag::Unknown(0x8769);
const XMP: Tag = Tag::Unknown(700);

fn error(error: TiffError) -> DecodeError {
    match error {
        TiffError::UnsupportedError(what) => DecodeError::Unsupported(format!("This kind of TIFF ({what})")),
        other => DecodeError::damaged(Format::Tiff, other),
    }
}

fn unsupported(what: impl std::fmt::Display) -> DecodeError {
    DecodeError::Unsupported(format!("A TIFF with {what}"))
}

fn open(bytes: &[u8]) -> Result<Reader<'_>, DecodeError> {
    Decoder::new(Cursor::new(bytes)).map_err(error)
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
    let mut reader = open(bytes)?.with_limits(bounds);
    let (width, height) = reader.dimensions().map_err(error)?;
    let layout = Layout::read(&mut reader)?;
    let mut metadata = Metadata {
        icc: reader.get_tag_u8_vec(Tag::IccProfile).ok(),
        xmp: reader.get_tag_u8_vec(XMP).ok(),
        ..Metadata::default()
    };
    let icc = metadata.icc.as_deref().filter(|_| profiles == Profiles::Apply);
    let mut samples = DecodingResult::U8(Vec::new());
    let stored = reader.read_image_to_buffer(&mut samples).map_err(error)?;
    let planes = stored.planes;
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
    let orientation = reader.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let orientation = orientation.and_then(Orientation::from_exif);
    let upright = match orientation.map(Orientation::to_exif) {
        Some(5..=8) => (height, width),
        _ => (width, height),
    };
    metadata.extras = Extras::Tiff {
        fields: fields(&mut reader),
        exif: exif(&mut reader, upright),
    };
    Ok(Decoded {
        image,
        orientation,
        metadata,
    })
}

struct Layout {
    model: Model,
    bits: u8,
    channels: usize,
    /// 1: colours are stored multiplied with it, 2: not.
    alpha: Option<u16>,
    palette: Vec<u16>,
}

impl Layout {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = |reader: &mut Reader<'_>, tag| reader.find_tag_unsigned::<u16>(tag).map_err(error);
        let photometric = number(reader, Tag::PhotometricInterpretation)?;
        let model = match photometric.and_then(PhotometricInterpretation::from_u16) {
            Some(PhotometricInterpretation::WhiteIsZero | PhotometricInterpretation::BlackIsZero) => {
                Model::Gray
            }
            Some(PhotometricInterpretation::RGB) => Model::Rgb,
            Some(PhotometricInterpretation::RGBPalette) => Model::Palette,
            Some(PhotometricInterpretation::CMYK) => Model::Cmyk,
            Some(other) => return Err(unsupported(format!("{other:?} colours"))),
            None => return Err(unsupported("unknown colours")),
        };
        let channels = usize::from(number(reader, Tag::SamplesPerPixel)?.unwrap_or(1));
        let bits = reader.colortype().map_err(error)?.bit_depth();
        let extra = reader
            .find_tag_unsigned_vec::<u16>(Tag::ExtraSamples)
            .map_err(error)?;
        let alpha = match extra.as_deref() {
            Some([kind @ 1..=2, ..]) => Some(*kind),
            // Four samples without a word on the fourth: RGBA, as everybody reads it.
            None | Some([]) if model == Model::Rgb && channels > 3 => Some(2),
            _ => None,
        };
        let palette = if model == Model::Palette {
            reader
                .find_tag_unsigned_vec(Tag::ColorMap)
                .map_err(error)?
                .unwrap_or_default()
        } else {
            Vec::new()
        };
        let layout = Self {
            model,
            bits,
            channels,
            alpha,
            palette,
        };
        if channels < layout.colours() + usize::from(alpha.is_some()) {
            return Err(DecodeError::damaged(Format::Tiff, "it has too few samples"));
        }
        let known = matches!(
            (model, bits),
            (_, 8) | (Model::Gray | Model::Palette, 1 | 2 | 4) | (Model::Gray | Model::Rgb | Model::Cmyk, 16)
        );
        if !known || (bits < 8 && channels > 1) {
            return Err(unsupported(format!("{bits} bits a sample")));
        }
        Ok(layout)
    }

    fn colours(&self) -> usize {
        match self.model {
            Model::Gray | Model::Palette => 1,
            Model::Rgb => 3,
            Model::Cmyk => 4,
        }
    }

    /// Samples of 1, 2 or 4 bits as bytes; gray over the whole range.
    fn unpacked(&self, packed: &[u8], width: u32, height: u32) -> Vec<u8> {
        let (bits, width) = (usize::from(self.bits), width as usize);
        let largest = (1u8 << bits) - 1;
        let scale = if self.model == Model::Gray {
            255 / largest
        } else {
            1
        };
        let mut samples = Vec::with_capacity(width * height as usize);
        for row in packed
            .chunks_exact((width * bits).div_ceil(8))
            .take(height as usize)
        {
            samples.extend((0..width).map(|x| {
                let shift = 8 - bits - x * bits % 8;
                (row.get(x * bits / 8).copied().unwrap_or(0) >> shift & largest) * scale
            }));
        }
        samples
    }

    fn eight_bit(&self, samples: Vec<u8>, size: (u32, u32), icc: Option<&[u8]>) -> Option<DynamicImage> {
        let mut pixels = self.without_extras(samples);
        match self.model {
            Model::Palette => {
                let colour = |index: u8, third: usize| {
                    let value = self
                        .palette
                        .get(third * (self.palette.len() / 3) + usize::from(index));
                    value.map_or(0, |value| (value >> 8) as u8)
                };
                let step = 1 + usize::from(self.alpha.is_some());
                pixels = pixels
                    .chunks_exact(step)
                    .flat_map(|pixel| {
                        let index = pixel.first().copied().unwrap_or(0);
                        [colour(index, 0), colour(index, 1), colour(index, 2)]
                            .into_iter()
                            .chain(pixel.get(1).copied())
                    })
                    .collect();
            }
            Model::Cmyk => pixels = colour::cmyk_to_rgb(&self.inks(pixels), icc),
            Model::Gray | Model::Rgb => {}
        }
        let alpha = self.alpha.is_some() && self.model != Model::Cmyk;
        let colours = if self.model == Model::Gray { 1 } else { 3 };
        if alpha && self.alpha == Some(1) {
            straighten(&mut pixels, colours, 255);
        }
        match (colours, alpha) {
            (1, false) => ImageBuffer::from_raw(size.0, size.1, pixels).map(DynamicImage::ImageLuma8),
            (1, true) => ImageBuffer::from_raw(size.0, size.1, pixels).map(DynamicImage::ImageLumaA8),
            (_, false) => ImageBuffer::from_raw(size.0, size.1, pixels).map(DynamicImage::ImageRgb8),
            (_, true) => ImageBuffer::from_raw(size.0, size.1, pixels).map(DynamicImage::ImageRgba8),
        }
    }

    fn sixteen_bit(&self, samples: Vec<u16>, size: (u32, u32), icc: Option<&[u8]>) -> Option<DynamicImage> {
        if self.model == Model::Cmyk {
            // What leaves is sRGB of 8 bits, as from every other CMYK file.
            let samples = samples.into_iter().map(crate::picture::eight_bit).collect();
            return self.eight_bit(samples, size, icc);
        }
        let mut pixels = self.without_extras(samples);
        if self.alpha == Some(1) {
            straighten(&mut pixels, self.colours(), 65535);
        }
        match (self.model, self.alpha.is_some()) {
            (Model::Gray, false) => {
                ImageBuffer::from_raw(size.0, size.1, pixels).map(DynamicImage::ImageLuma16)
            }
            (Model::Gray, true) => {
                ImageBuffer::from_raw(size.0, size.1, pixels).map(DynamicImage::ImageLumaA16)
            }
            (_, false) => ImageBuffer::from_raw(size.0, size.1, pixels).map(DynamicImage::ImageRgb16),
            (_, true) => ImageBuffer::from_raw(size.0, size.1, pixels).map(DynamicImage::ImageRgba16),
        }
    }

    /// Colours and alpha of every pixel, without further channels.
    fn without_extras<T: Copy>(&self, samples: Vec<T>) -> Vec<T> {
        let wanted = self.colours() + usize::from(self.alpha.is_some());
        if wanted == self.channels {
            return samples;
        }
        samples
            .chunks_exact(self.channels)
            .flat_map(|pixel| pixel.iter().take(wanted).copied())
            .collect()
    }

    /// The four inks of every pixel, without alpha.
    fn inks(&self, pixels: Vec<u8>) -> Vec<u8> {
        if self.alpha.is_none() {
            return pixels;
        }
        pixels
            .chunks_exact(5)
            .flat_map(|pixel| pixel.iter().take(4).copied())
            .collect()
    }
}

/// Undoes the multiplication of colours with alpha, as far as rounding lets it.
fn straighten<T: Copy + Into<u32> + TryFrom<u32>>(pixels: &mut [T], colours: usize, full: u32) {
    for pixel in pixels.chunks_exact_mut(colours + 1) {
        let Some((alpha, colours)) = pixel.split_last_mut() else {
            continue;
        };
        let alpha: u32 = (*alpha).into();
        if alpha > 0 && alpha < full {
            for colour in colours {
                let straight = ((*colour).into() * full / alpha).min(full);
                *colour = T::try_from(straight).unwrap_or(*colour);
            }
        }
    }
}

/// Samples stored plane by plane, pixel by pixel.
fn interleaved<T: Copy>(samples: Vec<T>, planes: usize) -> Vec<T> {
    let length = samples.len() / planes.max(1);
    if planes < 2 || length == 0 {
        return samples;
    }
    let planes: Vec<&[T]> = samples.chunks_exact(length).collect();
    (0..length)
        .flat_map(|at| planes.iter().filter_map(move |plane| plane.get(at).copied()))
        .collect()
}

fn fields(reader: &mut Reader<'_>) -> Vec<TiffField> {
    let mut directory = reader.image_ifd();
    CARRIED
        .into_iter()
        .filter_map(|tag| field(&mut directory, Tag::from_u16_exhaustive(tag)))
        .collect()
}

/// The fields of the EXIF directory that outlive an edit, with the picture's size.
fn exif(reader: &mut Reader<'_>, size: (u32, u32)) -> Vec<TiffField> {
    let pointer = reader.find_tag_unsigned::<u64>(EXIF_DIRECTORY).ok().flatten();
    let Some(directory) = pointer.and_then(|at| reader.read_directory(IfdPointer(at)).ok()) else {
        return Vec::new();
    };
    let tags: Vec<Tag> = directory.iter().map(|(tag, _)| tag).collect();
    let mut values = reader.read_directory_tags(&directory);
    tags.into_iter()
        .filter(|tag| !LEFT_OUT.contains(&tag.to_u16()))
        .filter_map(|tag| {
            let length = |length: u32| {
                Some(TiffField {
                    tag,
                    kind: Type::LONG,
                    data: length.to_ne_bytes().to_vec(),
                })
            };
            match tag.to_u16() {
                0xa002 => length(size.0),
                0xa003 => length(size.1),
                _ => field(&mut values, tag),
            }
        })
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

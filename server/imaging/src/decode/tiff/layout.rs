//! The layout and meaning of samples, from the tags of a directory. Unsupported kinds are rejected here, by
//! name.

use tiff::tags::ByteOrder;

use super::{codec::Compression, directory::Directory, error::unsupported, tag};
use crate::{DecodeError, ImageFormat};

/// The colour model of a pixel's first samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColourModel {
    Gray { white_is_zero: bool },
    Rgb,
    Palette,
    Cmyk,
    Ycbcr,
}

impl ColourModel {
    /// Returns the number of samples per pixel without extra samples.
    pub fn colours(self) -> usize {
        match self {
            Self::Gray { .. } | Self::Palette => 1,
            Self::Rgb | Self::Ycbcr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// The extra sample that is the alpha channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alpha {
    /// Index among a pixel's samples.
    pub sample: usize,
    /// True if the colours are premultiplied with it.
    pub associated: bool,
}

pub(super) struct Layout {
    pub width: usize,
    pub height: usize,
    pub model: ColourModel,
    /// Bits per sample, 1 to 16.
    pub bits: usize,
    /// The number of samples per pixel, including dropped ones.
    pub samples: usize,
    pub alpha: Option<Alpha>,
    /// True if each sample has separate strips or tiles.
    pub planar: bool,
    pub compression: Compression,
    /// True if samples are stored as differences to their left neighbours (TIFF 6.0, section 14).
    pub predicted: bool,
    /// True if the low-order bit of each stored byte comes first.
    pub reversed_bits: bool,
    /// Pixels per chroma sample, horizontally and vertically; (1, 1) if chroma isn't subsampled or the codec
    /// upsamples it.
    pub subsampling: (usize, usize),
    pub byte_order: ByteOrder,
}

fn damaged(reason: &str) -> DecodeError {
    DecodeError::damaged(ImageFormat::Tiff, reason)
}

/// Returns width and height in pixels.
pub(super) fn size(directory: &Directory<'_>) -> Result<(u64, u64), DecodeError> {
    directory
        .number(tag::WIDTH)?
        .zip(directory.number(tag::LENGTH)?)
        .ok_or_else(|| damaged("its size is missing"))
}

impl Layout {
    pub fn read(directory: &Directory<'_>) -> Result<Self, DecodeError> {
        let number = |tag| directory.number(tag);
        reject_unsupported(directory)?;
        let (width, height) = size(directory)?;
        let compression = Compression::read(directory)?;
        let depths = directory.numbers(tag::BITS)?;
        let photometric = number(tag::PHOTOMETRIC)?;
        let samples = match number(tag::SAMPLES)? {
            Some(samples) => samples as usize,
            None if matches!(photometric, Some(2 | 6)) => 3,
            None => depths.len().max(1),
        };
        let extra = directory.numbers(tag::EXTRA_SAMPLES)?;
        let model = model(photometric, samples.saturating_sub(extra.len()), &compression)?;
        let colours = model.colours();
        if samples > usize::from(u16::MAX) {
            return Err(damaged("it has too many samples"));
        }
        if samples < colours {
            return Err(damaged("it has too few samples"));
        }
        let bits = depths.first().copied().unwrap_or(1);
        if depths.iter().take(samples).any(|depth| *depth != bits) {
            return Err(unsupported("channels of different bit depths"));
        }
        let planar = match number(tag::PLANAR)? {
            None | Some(1) => false,
            Some(2) => samples > 1,
            Some(_) => return Err(damaged("its planar configuration is unknown")),
        };
        let layout = Self {
            width: usize::try_from(width).map_err(|_| damaged("its size is out of range"))?,
            height: usize::try_from(height).map_err(|_| damaged("its size is out of range"))?,
            model,
            bits: bits as usize,
            samples,
            alpha: alpha(model, samples, &extra),
            planar,
            predicted: predicted(directory, &compression)?,
            // JPEG streams are defined in bytes; libtiff doesn't reverse them either.
            reversed_bits: match number(tag::FILL_ORDER)? {
                None | Some(1) => false,
                Some(2) => !matches!(compression, Compression::Jpeg { .. }),
                Some(_) => return Err(damaged("its fill order is unknown")),
            },
            subsampling: subsampling(directory, model, planar, &compression)?,
            compression,
            byte_order: directory.byte_order,
        };
        layout.check_depth(directory)?;
        layout.check_chroma()?;
        Ok(layout)
    }

    /// Returns the number of samples per pixel within a strip or tile.
    pub fn interleaved(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Returns the indices of the samples that make up the picture: colours, then alpha.
    pub fn kept(&self) -> Vec<usize> {
        (0..self.model.colours())
            .chain(self.alpha.map(|alpha| alpha.sample))
            .collect()
    }

    fn check_depth(&self, directory: &Directory<'_>) -> Result<(), DecodeError> {
        match directory.numbers(tag::SAMPLE_FORMAT)?.as_slice() {
            [first, rest @ ..] if rest.iter().take(self.samples - 1).any(|other| other != first) => {
                return Err(unsupported("channels of different sample formats"));
            }
            // 4 means that the format is undefined.
            [] | [1 | 4, ..] => {}
            [2, ..] => return Err(unsupported("signed samples")),
            [3, ..] => return Err(unsupported("floating-point samples")),
            [_, ..] => return Err(unsupported("complex samples")),
        }
        let read = match self.model {
            ColourModel::Palette => matches!(self.bits, 1..=8),
            ColourModel::Ycbcr => self.bits == 8,
            _ => matches!(self.bits, 1..=16),
        };
        if !read {
            return Err(unsupported(format_args!("{} bits per sample", self.bits)));
        }
        if self.predicted && !matches!(self.bits, 8 | 16) {
            return Err(unsupported(format_args!("a predictor for {} bits", self.bits)));
        }
        let bilevel = self.bits == 1 && self.interleaved() == 1;
        match self.compression {
            Compression::Jpeg { .. } if self.bits != 8 => Err(unsupported("JPEG data of 12 bits per sample")),
            Compression::Rle | Compression::Group3 { .. } | Compression::Group4 if !bilevel => {
                Err(unsupported("CCITT compression of more than one bit per pixel"))
            }
            _ => Ok(()),
        }
    }

    fn check_chroma(&self) -> Result<(), DecodeError> {
        if self.subsampling == (1, 1) {
            return Ok(());
        }
        if self.planar {
            return Err(unsupported("subsampled chroma in separate planes"));
        }
        if self.samples != 3 {
            return Err(unsupported("subsampled chroma beside extra samples"));
        }
        if self.predicted {
            return Err(unsupported("a predictor for subsampled chroma"));
        }
        Ok(())
    }
}

/// Rejects files whose first directory isn't the picture, and tags that change the meaning of samples in
/// unsupported ways.
fn reject_unsupported(directory: &Directory<'_>) -> Result<(), DecodeError> {
    let number = |tag| directory.number(tag);
    if directory.contains(tag::DNG_VERSION) {
        return Err(DecodeError::unsupported("A camera's raw file (DNG)"));
    }
    let reduced = number(tag::SUBFILE_TYPE)?.is_some_and(|kind| kind & 1 == 1);
    if reduced && directory.contains(tag::SUB_DIRECTORIES) {
        return Err(unsupported(
            "a preview as its first page, such as a camera's raw file,",
        ));
    }
    if number(tag::IMAGE_DEPTH)?.is_some_and(|depth| depth > 1) {
        return Err(unsupported("three dimensions (ImageDepth)"));
    }
    if directory.contains(tag::DECODE) {
        return Err(unsupported("a Decode array"));
    }
    if number(tag::INDEXED)? == Some(1) && number(tag::PHOTOMETRIC)? != Some(3) {
        return Err(unsupported("indexed colours other than RGB"));
    }
    if number(tag::PHOTOMETRIC)? == Some(5) {
        let cmyk = number(tag::INK_SET)?.is_none_or(|set| set == 1)
            && number(tag::NUMBER_OF_INKS)?.is_none_or(|inks| inks == 4);
        if !cmyk {
            return Err(unsupported("inks other than CMYK (InkSet)"));
        }
        let largest = number(tag::BITS)?.map_or(1, |bits| 2u64.saturating_pow(bits as u32).saturating_sub(1));
        let full = |range: &[u64]| matches!(range, [0, top] if *top == largest);
        if !directory.numbers(tag::DOT_RANGE)?.chunks(2).all(full) {
            return Err(unsupported("a reduced range of ink values (DotRange)"));
        }
    }
    Ok(())
}

/// Returns the colour model; without `PhotometricInterpretation` by the number of colours, as libtiff does.
fn model(
    photometric: Option<u64>,
    colours: usize,
    compression: &Compression,
) -> Result<ColourModel, DecodeError> {
    let gray = |white_is_zero| Ok(ColourModel::Gray { white_is_zero });
    match (photometric, colours) {
        (Some(0), _) => gray(true),
        (Some(1), _) => gray(false),
        (Some(2), _) | (None, 3) => Ok(ColourModel::Rgb),
        (Some(3), _) => Ok(ColourModel::Palette),
        (Some(5), _) => Ok(ColourModel::Cmyk),
        (Some(6), _) => Ok(ColourModel::Ycbcr),
        (None, 1) => gray(matches!(
            compression,
            Compression::Rle | Compression::Group3 { .. } | Compression::Group4
        )),
        (Some(4), _) => Err(unsupported("a transparency mask as its first page")),
        (Some(8), _) => Err(unsupported("CIELab colours")),
        (Some(9), _) => Err(unsupported("ICCLab colours")),
        (Some(10), _) => Err(unsupported("ITULab colours")),
        (Some(32803), _) => Err(unsupported("a colour filter array (camera raw)")),
        (Some(32844 | 32845), _) => Err(unsupported("LogLuv colours")),
        (Some(34892), _) => Err(unsupported("linear raw colours (camera raw)")),
        (Some(other), _) => Err(unsupported(format_args!("colours of kind {other}"))),
        (None, _) => Err(unsupported("no PhotometricInterpretation")),
    }
}

/// Returns the first extra sample that is declared as alpha; without a declaration, the fourth sample of RGB,
/// as in Pillow and libtiff.
fn alpha(model: ColourModel, samples: usize, extra: &[u64]) -> Option<Alpha> {
    let colours = model.colours();
    let declared = extra.iter().position(|kind| matches!(kind, 1 | 2));
    match (declared, extra) {
        (Some(at), _) if colours + at < samples => Some(Alpha {
            sample: colours + at,
            associated: extra.get(at) == Some(&1),
        }),
        (None, []) if model == ColourModel::Rgb && samples > 3 => Some(Alpha {
            sample: 3,
            associated: false,
        }),
        _ => None,
    }
}

/// Returns true for horizontal differencing. Only LZW and Deflate have predictors; libtiff ignores the tag
/// for other codecs.
fn predicted(directory: &Directory<'_>, compression: &Compression) -> Result<bool, DecodeError> {
    if !matches!(compression, Compression::Lzw | Compression::Deflate) {
        return Ok(false);
    }
    match directory.number(tag::PREDICTOR)? {
        None | Some(1) => Ok(false),
        Some(2) => Ok(true),
        Some(3) => Err(unsupported("the floating-point predictor")),
        Some(other) => Err(unsupported(format_args!("predictor {other}"))),
    }
}

fn subsampling(
    directory: &Directory<'_>,
    model: ColourModel,
    planar: bool,
    compression: &Compression,
) -> Result<(usize, usize), DecodeError> {
    // The JPEG decoder upsamples, but not across planes, which are separate streams.
    let upsampled = matches!(compression, Compression::Jpeg { .. }) && !planar;
    if model != ColourModel::Ycbcr || upsampled {
        return Ok((1, 1));
    }
    match directory.numbers(tag::SUBSAMPLING)?.as_slice() {
        [] => Ok((2, 2)),
        [across @ (1 | 2 | 4), down @ (1 | 2 | 4)] => Ok((*across as usize, *down as usize)),
        _ => Err(unsupported("chroma subsampling other than 1, 2 or 4")),
    }
}

//! What TIFF samples mean, and the pixels they make.

use image::{DynamicImage, ImageBuffer};
use tiff::tags::{PhotometricInterpretation, Tag};

use super::{Reader, error, unsupported};
use crate::{DecodeError, Format, colour};

/// What the samples of one pixel mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Gray,
    Rgb,
    Palette,
    Cmyk,
    /// Luma and chroma with JPEG's matrix; the codec doesn't sample chroma up unless it comes from a JPEG stream.
    Ycbcr,
}

pub(super) struct Layout {
    pub model: Model,
    pub bits: u8,
    channels: usize,
    /// 1: colours are stored multiplied with it, 2: not.
    alpha: Option<u16>,
    palette: Vec<u16>,
}

impl Layout {
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = |reader: &mut Reader<'_>, tag| reader.find_tag_unsigned::<u16>(tag).map_err(error);
        let photometric = number(reader, Tag::PhotometricInterpretation)?;
        let model = match photometric.and_then(PhotometricInterpretation::from_u16) {
            Some(PhotometricInterpretation::WhiteIsZero | PhotometricInterpretation::BlackIsZero) => {
                Model::Gray
            }
            Some(PhotometricInterpretation::RGB) => Model::Rgb,
            Some(PhotometricInterpretation::RGBPalette) => Model::Palette,
            Some(PhotometricInterpretation::CMYK) => Model::Cmyk,
            Some(PhotometricInterpretation::YCbCr) => Model::Ycbcr,
            Some(other) => return Err(unsupported(format!("{other:?} colours"))),
            None => return Err(unsupported("unknown colours")),
        };
        let channels = usize::from(number(reader, Tag::SamplesPerPixel)?.unwrap_or(1));
        let depths = reader
            .find_tag_unsigned_vec::<u8>(Tag::BitsPerSample)
            .map_err(error)?;
        let bits = depths.and_then(|depths| depths.first().copied()).unwrap_or(1);
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
            Model::Rgb | Model::Ycbcr => 3,
            Model::Cmyk => 4,
        }
    }

    /// Samples of 1, 2 or 4 bits as bytes; gray over the whole range.
    pub fn unpacked(&self, packed: &[u8], width: u32, height: u32) -> Vec<u8> {
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

    pub fn eight_bit(&self, samples: Vec<u8>, size: (u32, u32), icc: Option<&[u8]>) -> Option<DynamicImage> {
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
            Model::Ycbcr => {
                for pixel in pixels.chunks_exact_mut(self.colours() + usize::from(self.alpha.is_some())) {
                    if let Some(ycc) = pixel.first_chunk_mut() {
                        *ycc = colour::ycc_to_rgb(*ycc);
                    }
                }
            }
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

    pub fn sixteen_bit(
        &self,
        samples: Vec<u16>,
        size: (u32, u32),
        icc: Option<&[u8]>,
    ) -> Option<DynamicImage> {
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
pub(super) fn interleaved<T: Copy>(samples: Vec<T>, planes: usize) -> Vec<T> {
    let length = samples.len() / planes.max(1);
    if planes < 2 || length == 0 {
        return samples;
    }
    let planes: Vec<&[T]> = samples.chunks_exact(length).collect();
    (0..length)
        .flat_map(|at| planes.iter().filter_map(move |plane| plane.get(at).copied()))
        .collect()
}

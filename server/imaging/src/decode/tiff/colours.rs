//! Conversion of samples to pixels: range, palette, CMYK, `YCbCr`, premultiplied alpha.

use image::{DynamicImage, ImageBuffer};

use super::{
    chunks::ChunkSamples,
    codec::Compression,
    directory::Directory,
    layout::{ColourModel, Layout},
    tag,
    ycbcr::YcbcrConversion,
};
use crate::{DecodeError, ImageFormat, colour, picture};

fn damaged(reason: &str) -> DecodeError {
    DecodeError::damaged(ImageFormat::Tiff, reason)
}

/// Converts samples, in the order of [`Layout::kept`], to gray or RGB with 8 or 16 bits and straight alpha.
pub(super) fn pixels(
    directory: &Directory<'_>,
    layout: &Layout,
    samples: ChunkSamples,
    icc: Option<&[u8]>,
) -> Result<DynamicImage, DecodeError> {
    let image = match samples {
        ChunkSamples::Eight(mut samples) => {
            full_range(&mut samples, layout, 255);
            eight_bit(directory, layout, samples, icc)?
        }
        ChunkSamples::Sixteen(mut samples) => {
            full_range(&mut samples, layout, 65535);
            if layout.model == ColourModel::Cmyk {
                // CMYK of any depth is converted to 8-bit sRGB.
                let samples = samples.into_iter().map(picture::eight_bit).collect();
                eight_bit(directory, layout, samples, icc)?
            } else {
                sixteen_bit(layout, samples)
            }
        }
    };
    image.ok_or_else(|| damaged("pixels are missing"))
}

/// Scales samples of `layout.bits` bits to 0..=`full` and inverts gray if 0 is white. Palette indices stay.
fn full_range<T: Copy + Into<u32> + TryFrom<u32>>(samples: &mut [T], layout: &Layout, full: u32) {
    let largest = (1u32 << layout.bits) - 1;
    let inverted = layout.model == ColourModel::Gray { white_is_zero: true };
    if largest == full && !inverted {
        return;
    }
    let colours = layout.model.colours();
    let pixel = colours + usize::from(layout.alpha.is_some());
    for pixel in samples.chunks_exact_mut(pixel) {
        for (index, sample) in pixel.iter_mut().enumerate() {
            let colour = index < colours;
            if colour && layout.model == ColourModel::Palette {
                continue;
            }
            let stored: u32 = (*sample).into();
            let value = if colour && inverted {
                largest - stored
            } else {
                stored
            };
            let scaled = (value * full + largest / 2) / largest;
            *sample = T::try_from(scaled).unwrap_or(*sample);
        }
    }
}

fn eight_bit(
    directory: &Directory<'_>,
    layout: &Layout,
    mut samples: Vec<u8>,
    icc: Option<&[u8]>,
) -> Result<Option<DynamicImage>, DecodeError> {
    let alpha = layout.alpha.is_some();
    let associated = layout.alpha.is_some_and(|alpha| alpha.associated);
    let stored = layout.model.colours();
    // CMYK is premultiplied before conversion, the other models after conversion.
    if associated && layout.model == ColourModel::Cmyk {
        unpremultiply(&mut samples, stored, 255);
    }
    let mut pixels = match layout.model {
        ColourModel::Gray { .. } | ColourModel::Rgb => samples,
        ColourModel::Palette => {
            let palette = Palette::read(directory, layout.bits)?;
            converted(&samples, stored, alpha, |index: [u8; 1]| palette.colour(index[0]))
                .ok_or_else(|| damaged("an index lies outside of its colour map"))?
        }
        ColourModel::Ycbcr => {
            let conversion = match layout.compression {
                Compression::Jpeg { .. } => YcbcrConversion::jpeg(),
                _ => YcbcrConversion::read(directory)?,
            };
            converted(&samples, stored, alpha, |ycc: [u8; 3]| Some(conversion.rgb(ycc)))
                .ok_or_else(|| damaged("pixels are missing"))?
        }
        ColourModel::Cmyk => cmyk_to_rgb(&samples, alpha, icc),
    };
    let colours = if stored == 1 && layout.model != ColourModel::Palette {
        1
    } else {
        3
    };
    if associated && layout.model != ColourModel::Cmyk {
        unpremultiply(&mut pixels, colours, 255);
    }
    let (width, height) = (layout.width as u32, layout.height as u32);
    Ok(match (colours, alpha) {
        (1, false) => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8),
        (1, true) => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA8),
        (_, false) => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8),
        (_, true) => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8),
    })
}

fn sixteen_bit(layout: &Layout, mut pixels: Vec<u16>) -> Option<DynamicImage> {
    let colours = layout.model.colours();
    if layout.alpha.is_some_and(|alpha| alpha.associated) {
        unpremultiply(&mut pixels, colours, 65535);
    }
    let (width, height) = (layout.width as u32, layout.height as u32);
    match (colours, layout.alpha.is_some()) {
        (1, false) => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma16),
        (1, true) => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLumaA16),
        (_, false) => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb16),
        (_, true) => ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgba16),
    }
}

/// Converts the `N` colour samples of each pixel to RGB; alpha is kept.
fn converted<const N: usize>(
    samples: &[u8],
    colours: usize,
    alpha: bool,
    rgb: impl Fn([u8; N]) -> Option<[u8; 3]>,
) -> Option<Vec<u8>> {
    let stride = colours + usize::from(alpha);
    let mut pixels = Vec::with_capacity(samples.len() / stride * (3 + usize::from(alpha)));
    for pixel in samples.chunks_exact(stride) {
        let (colour, alpha) = pixel.split_first_chunk()?;
        pixels.extend(rgb(*colour)?);
        pixels.extend(alpha);
    }
    Some(pixels)
}

fn cmyk_to_rgb(samples: &[u8], alpha: bool, icc: Option<&[u8]>) -> Vec<u8> {
    if !alpha {
        return colour::cmyk_to_rgb(samples, icc);
    }
    let pixels = samples.as_chunks::<5>().0;
    let inks: Vec<u8> = pixels
        .iter()
        .flat_map(|[c, m, y, k, _]| [*c, *m, *y, *k])
        .collect();
    let rgb = colour::cmyk_to_rgb(&inks, icc);
    let colours = rgb.as_chunks::<3>().0.iter();
    colours
        .zip(pixels)
        .flat_map(|([r, g, b], [.., alpha])| [*r, *g, *b, *alpha])
        .collect()
}

/// The `ColorMap`: all reds, then all greens, then all blues.
struct Palette {
    values: Vec<u64>,
    eight_bit: bool,
}

impl Palette {
    /// Reads the palette. A map without values over 255 has 8 bits, as libtiff assumes.
    fn read(directory: &Directory<'_>, bits: usize) -> Result<Self, DecodeError> {
        let values = directory.numbers(tag::COLOUR_MAP)?;
        if values.is_empty() {
            return Err(damaged("its colour map is missing"));
        }
        let (third, used) = (values.len() / 3, 1 << bits);
        let mut entries = values
            .chunks(third.max(1))
            .take(3)
            .flat_map(|plane| plane.iter().take(used));
        Ok(Self {
            eight_bit: entries.all(|value| *value < 256),
            values,
        })
    }

    fn colour(&self, index: u8) -> Option<[u8; 3]> {
        let third = self.values.len() / 3;
        let index = usize::from(index);
        if index >= third {
            return None;
        }
        let value = |plane: usize| {
            let value = *self.values.get(plane * third + index)?;
            Some(if self.eight_bit { value } else { value >> 8 } as u8)
        };
        Some([value(0)?, value(1)?, value(2)?])
    }
}

/// Divides premultiplied colours by alpha, which restores them up to rounding.
fn unpremultiply<T: Copy + Into<u32> + TryFrom<u32>>(pixels: &mut [T], colours: usize, full: u32) {
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

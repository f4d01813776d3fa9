//! The samples of an output file: colour from the result, alpha and 16-bit samples from the input.

use std::borrow::Cow;

use image::RgbImage;

use super::sixteen::sixteen_bit;
use crate::{Mask, PreservedData, Rect, picture::SixteenBitSamples};

/// Interleaved samples, RGB or RGBA, in raster order.
pub(super) struct OutputPixels<'a> {
    pub width: u32,
    pub height: u32,
    pub alpha: bool,
    pub samples: OutputSamples<'a>,
}

pub(super) enum OutputSamples<'a> {
    Eight(Cow<'a, [u8]>),
    Sixteen(Vec<u16>),
}

impl<'a> OutputPixels<'a> {
    /// Returns the result with 8 bits per sample; it has the picture's size.
    pub fn eight_bit(preserved: &PreservedData, result: &'a RgbImage) -> Self {
        let samples = match &preserved.alpha {
            Some(alpha) => Cow::Owned(interleaved(result.as_raw(), alpha.as_raw())),
            None => Cow::Borrowed(result.as_raw().as_slice()),
        };
        Self::new(
            result.dimensions(),
            preserved.alpha.is_some(),
            OutputSamples::Eight(samples),
        )
    }

    /// Returns the result with 16 bits per sample; all images have the picture's size.
    pub fn sixteen_bit(original: &SixteenBitSamples, result: &RgbImage, hole: &Mask) -> Self {
        let samples = OutputSamples::Sixteen(sixteen_bit(original, result, hole));
        Self::new(result.dimensions(), original.alpha.is_some(), samples)
    }

    fn new((width, height): (u32, u32), alpha: bool, samples: OutputSamples<'a>) -> Self {
        Self {
            width,
            height,
            alpha,
            samples,
        }
    }

    /// Returns a rectangle inside the picture, with 8 bits per sample.
    pub fn rectangle(
        preserved: &PreservedData,
        result: &RgbImage,
        Rect { x, y, width, height }: Rect,
    ) -> Self {
        let colours = image::imageops::crop_imm(result, x, y, width, height).to_image();
        let samples = match &preserved.alpha {
            Some(alpha) => interleaved(
                &colours,
                &image::imageops::crop_imm(alpha, x, y, width, height).to_image(),
            ),
            None => colours.into_raw(),
        };
        Self::new(
            (width, height),
            preserved.alpha.is_some(),
            OutputSamples::Eight(Cow::Owned(samples)),
        )
    }
}

/// Returns a rectangle of the result with the mask as alpha, 8 bits per sample.
pub(super) fn layer(
    result: &RgbImage,
    mask: &Mask,
    Rect { x, y, width, height }: Rect,
) -> OutputPixels<'static> {
    let colours = image::imageops::crop_imm(result, x, y, width, height).to_image();
    let alpha = image::imageops::crop_imm(mask.as_coverage().as_gray(), x, y, width, height).to_image();
    let samples = OutputSamples::Eight(Cow::Owned(interleaved(&colours, &alpha)));
    OutputPixels::new((width, height), true, samples)
}

fn interleaved(colours: &[u8], alpha: &[u8]) -> Vec<u8> {
    let mut samples = Vec::with_capacity(alpha.len() * 4);
    for ([r, g, b], a) in colours.as_chunks().0.iter().zip(alpha) {
        samples.extend([*r, *g, *b, *a]);
    }
    samples
}

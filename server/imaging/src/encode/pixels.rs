//! The samples of a file to be written: colour from the result, alpha and 16-bit samples from the input.

use std::borrow::Cow;

use image::{GrayImage, RgbImage};

use super::sixteen::sixteen_bit;
use crate::{Picture, picture::Deep};

/// Interleaved samples, RGB or RGBA, row by row from the top.
pub(super) struct Pixels<'a> {
    pub width: u32,
    pub height: u32,
    pub alpha: bool,
    pub samples: Samples<'a>,
}

pub(super) enum Samples<'a> {
    Eight(Cow<'a, [u8]>),
    Sixteen(Vec<u16>),
}

impl<'a> Pixels<'a> {
    /// The whole result in 8 bits; it has the picture's size.
    pub fn eight_bit(picture: &Picture, result: &'a RgbImage) -> Self {
        let samples = match &picture.alpha {
            Some(alpha) => Cow::Owned(joined(result.as_raw(), alpha.as_raw())),
            None => Cow::Borrowed(result.as_raw().as_slice()),
        };
        Self::new(
            result.dimensions(),
            picture.alpha.is_some(),
            Samples::Eight(samples),
        )
    }

    /// The whole result in 16 bits; all images have the picture's size.
    pub fn sixteen_bit(picture: &Picture, deep: &Deep, result: &RgbImage, hole: &GrayImage) -> Self {
        let samples = Samples::Sixteen(sixteen_bit(picture, deep, result, hole));
        Self::new(result.dimensions(), deep.alpha.is_some(), samples)
    }

    fn new((width, height): (u32, u32), alpha: bool, samples: Samples<'a>) -> Self {
        Self {
            width,
            height,
            alpha,
            samples,
        }
    }

    /// A rectangle inside the picture, 8 bits a sample.
    pub fn part(
        picture: &Picture,
        result: &RgbImage,
        (x, y): (u32, u32),
        (width, height): (u32, u32),
    ) -> Self {
        let colours = image::imageops::crop_imm(result, x, y, width, height).to_image();
        let samples = match &picture.alpha {
            Some(alpha) => joined(
                &colours,
                &image::imageops::crop_imm(alpha, x, y, width, height).to_image(),
            ),
            None => colours.into_raw(),
        };
        Self::new(
            (width, height),
            picture.alpha.is_some(),
            Samples::Eight(Cow::Owned(samples)),
        )
    }
}

fn joined(colours: &[u8], alpha: &[u8]) -> Vec<u8> {
    let mut samples = Vec::with_capacity(alpha.len() * 4);
    for ([r, g, b], a) in colours.as_chunks().0.iter().zip(alpha) {
        samples.extend([*r, *g, *b, *a]);
    }
    samples
}

//! Conversion of sRGB to gray and CMYK: the inverse of the conversions that decoding applies.

use std::sync::Arc;

use image::{DynamicImage, GrayImage, Luma};
use moxcms::{ColorProfile, Layout, TransformExecutor, TransformOptions};

use crate::colour;

/// Conversion of RGB pixels to gray samples.
pub(crate) struct GrayConverter {
    /// By luma: the gray sample that the profile converts to the closest sRGB value.
    by_luma: [u8; 256],
}

impl GrayConverter {
    /// A gray profile in `icc` is inverted; others are ignored, as in decoding.
    pub fn new(icc: Option<&[u8]>) -> Self {
        let mut by_luma = [0; 256];
        let converted = icc.and_then(srgb_of_gray);
        for (luma, sample) in (0..=255).zip(&mut by_luma) {
            *sample = converted.as_ref().map_or(luma, |converted| {
                let closest = (0..=255)
                    .zip(converted)
                    .min_by_key(|(_, value)| value.abs_diff(luma));
                closest.map_or(luma, |(gray, _)| gray)
            });
        }
        Self { by_luma }
    }

    /// Returns the sample of a pixel, by ITU-R BT.601 luma.
    pub fn gray(&self, [red, green, blue]: [u8; 3]) -> u8 {
        let luma =
            (u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000) >> 16;
        self.by_luma[luma as usize & 0xff]
    }
}

/// Returns the sRGB value of each gray sample by a gray profile; `None` for other profiles.
fn srgb_of_gray(icc: &[u8]) -> Option<Vec<u8>> {
    if &colour::space(icc)? != b"GRAY" {
        return None;
    }
    let ramp = GrayImage::from_fn(256, 1, |x, _| Luma([x as u8]));
    let converted = colour::gray_to_srgb(&DynamicImage::ImageLuma8(ramp), icc)?.into_rgb8();
    Some(converted.pixels().map(|pixel| pixel.0[1]).collect())
}

/// Conversion of RGB pixels to inks, 255 = full ink.
pub(crate) struct InkConverter {
    /// `None` for the conversion without a profile.
    profile: Option<Arc<dyn TransformExecutor<u8> + Send + Sync>>,
}

impl InkConverter {
    /// Converts by the CMYK profile in `icc`, and without one by the inverse of R = (1 - C)(1 - K) with as
    /// much black as possible. Returns `None` if the profile converts to RGB only.
    pub fn new(icc: Option<&[u8]>) -> Option<Self> {
        let profile = icc.filter(|icc| colour::cmyk_by_profile(&[0; 4], icc).is_some());
        let profile = profile.map(|icc| {
            let profile = ColorProfile::new_from_slice(icc).ok()?;
            ColorProfile::new_srgb()
                .create_transform_8bit(Layout::Rgb, &profile, Layout::Rgba, TransformOptions::default())
                .ok()
        });
        Some(Self {
            profile: match profile {
                Some(transform) => Some(transform?),
                None => None,
            },
        })
    }

    /// Returns the inks of a pixel.
    pub fn inks(&self, pixel: [u8; 3]) -> [u8; 4] {
        let mut inks = [0; 4];
        match &self.profile {
            // Fails only for buffers of other lengths.
            Some(profile) if profile.transform(&pixel, &mut inks).is_ok() => inks,
            _ => by_formula(pixel),
        }
    }
}

fn by_formula(pixel: [u8; 3]) -> [u8; 4] {
    let light = pixel.into_iter().max().unwrap_or(0);
    let [cyan, magenta, yellow] = pixel.map(|value| {
        let (value, light) = (u32::from(value), u32::from(light));
        // 1 - value / light, rounded.
        (255 - (value * 255 + light / 2).checked_div(light).unwrap_or(255)) as u8
    });
    [cyan, magenta, yellow, 255 - light]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn inks_convert_back(pixel: [u8; 3]) {
            let inks = InkConverter::new(None).unwrap().inks(pixel);
            let back = colour::cmyk_to_rgb(&inks, None);
            prop_assert!(pixel.iter().zip(back).all(|(a, b)| a.abs_diff(b) <= 1));
        }
    }

    #[test]
    fn gray_without_a_profile_is_luma() {
        let converter = GrayConverter::new(None);
        for value in 0..=255 {
            assert_eq!(converter.gray([value; 3]), value);
        }
        assert_eq!(converter.gray([255, 0, 0]), 76);
    }
}

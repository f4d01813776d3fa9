//! Colour management: RGB profiles stay with the pixels; gray and CMYK profiles, which RGB output can't
//! contain, are applied.

use image::{DynamicImage, ImageBuffer};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use crate::metadata::Metadata;

/// The treatment of colour profiles. Mask values are data, so their profiles are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profiles {
    Apply,
    Ignore,
}

/// Returns the signature of the samples' colour space from a profile's header (ICC.1, 7.2); `None` for
/// invalid and truncated profiles.
pub(crate) fn space(profile: &[u8]) -> Option<[u8; 4]> {
    let length = u32::from_be_bytes(*profile.first_chunk()?) as usize;
    let valid = (129..=profile.len()).contains(&length) && profile.get(36..40)? == b"acsp";
    profile.get(16..)?.first_chunk().copied().filter(|_| valid)
}

/// Converts gray pixels with a gray profile to sRGB and drops every profile that doesn't describe RGB.
pub(crate) fn apply_gray_profile(image: DynamicImage, metadata: &mut Metadata) -> DynamicImage {
    match metadata.icc.as_deref().and_then(space) {
        Some(name) if &name == b"RGB " => image,
        Some(name) if &name == b"GRAY" && !image.color().has_color() => {
            match metadata.icc.as_deref().and_then(|icc| gray_to_srgb(&image, icc)) {
                Some(converted) => {
                    metadata.drop_colour();
                    converted
                }
                None => without_profile(image, metadata),
            }
        }
        _ => without_profile(image, metadata),
    }
}

fn without_profile(image: DynamicImage, metadata: &mut Metadata) -> DynamicImage {
    metadata.icc = None;
    image
}

pub(crate) fn gray_to_srgb(image: &DynamicImage, icc: &[u8]) -> Option<DynamicImage> {
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    let (width, height) = (image.width(), image.height());
    let pixels = width as usize * height as usize;
    let (from, to) = if image.color().has_alpha() {
        (Layout::GrayAlpha, Layout::Rgba)
    } else {
        (Layout::Gray, Layout::Rgb)
    };
    let channels = if to == Layout::Rgba { 4 } else { 3 };
    match image {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageLumaA8(_) => {
            let transform = profile.create_transform_8bit(from, &srgb, to, options).ok()?;
            let mut rgb = vec![0u8; pixels * channels];
            transform.transform(image.as_bytes(), &mut rgb).ok()?;
            if channels == 4 {
                ImageBuffer::from_raw(width, height, rgb).map(DynamicImage::ImageRgba8)
            } else {
                ImageBuffer::from_raw(width, height, rgb).map(DynamicImage::ImageRgb8)
            }
        }
        DynamicImage::ImageLuma16(_) | DynamicImage::ImageLumaA16(_) => {
            let samples = image
                .as_luma16()
                .map(ImageBuffer::as_raw)
                .or(image.as_luma_alpha16().map(ImageBuffer::as_raw))?;
            let transform = profile.create_transform_16bit(from, &srgb, to, options).ok()?;
            let mut rgb = vec![0u16; pixels * channels];
            transform.transform(samples, &mut rgb).ok()?;
            if channels == 4 {
                ImageBuffer::from_raw(width, height, rgb).map(DynamicImage::ImageRgba16)
            } else {
                ImageBuffer::from_raw(width, height, rgb).map(DynamicImage::ImageRgb16)
            }
        }
        _ => None,
    }
}

/// Converts 8-bit CMYK (255 = full ink) to sRGB: by `icc` if that is a CMYK profile, else by R = (1 - C)(1 -
/// K) and likewise for G and B, as Pillow does.
pub(crate) fn cmyk_to_rgb(cmyk: &[u8], icc: Option<&[u8]>) -> Vec<u8> {
    icc.and_then(|icc| cmyk_by_profile(cmyk, icc))
        .unwrap_or_else(|| cmyk_by_formula(cmyk))
}

pub(crate) fn cmyk_by_profile(cmyk: &[u8], icc: &[u8]) -> Option<Vec<u8>> {
    if &space(icc)? != b"CMYK" {
        return None;
    }
    let profile = ColorProfile::new_from_slice(icc).ok()?;
    if profile.color_space != DataColorSpace::Cmyk {
        return None;
    }
    let transform = profile
        .create_transform_8bit(
            Layout::Rgba,
            &ColorProfile::new_srgb(),
            Layout::Rgb,
            TransformOptions::default(),
        )
        .ok()?;
    let mut rgb = vec![0; cmyk.len() / 4 * 3];
    transform.transform(cmyk, &mut rgb).ok()?;
    Some(rgb)
}

fn cmyk_by_formula(cmyk: &[u8]) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(cmyk.len() / 4 * 3);
    for [c, m, y, k] in cmyk.as_chunks().0 {
        let light = 255 - u32::from(*k);
        for ink in [*c, *m, *y] {
            // ink x light / 255, rounded
            let product = u32::from(ink) * light + 128;
            let absorbed = ((product >> 8) + product) >> 8;
            rgb.push((light.saturating_sub(absorbed)) as u8);
        }
    }
    rgb
}

/// Converts a pixel by JFIF's matrix over the whole range of 8 bits (ITU-T T.871, 7), in the fixed-point
/// arithmetic of libjpeg's `jdcolor.c`.
#[inline(always)]
pub(crate) fn ycc_to_rgb([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    /// 0.5 with 16 fraction bits.
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    // 1.402, -0.34414, -0.71414 and 1.772 with 16 fraction bits.
    let red = (91_881 * cr + HALF) >> 16;
    let green = (-22_554 * cb - 46_802 * cr + HALF) >> 16;
    let blue = (116_130 * cb + HALF) >> 16;
    // Not `map`: its closure isn't always compiled for the caller's vector instructions.
    [
        (y + red).clamp(0, 255) as u8,
        (y + green).clamp(0, 255) as u8,
        (y + blue).clamp(0, 255) as u8,
    ]
}

//! A decoded file: pixels for the model, and beside them what the result must carry.

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};

use crate::{Format, metadata::Metadata};

pub(crate) type RgbImage16 = ImageBuffer<Rgb<u16>, Vec<u16>>;
pub(crate) type GrayImage16 = ImageBuffer<Luma<u16>, Vec<u16>>;

/// A decoded picture, upright.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Colour, 8 bits a channel, as stored (not premultiplied). 16-bit samples are scaled, value / 257 rounded.
    pub rgb: RgbImage,
    /// Opacity, where the file has any; the same size as `rgb`.
    pub alpha: Option<GrayImage>,
    pub(crate) format: Format,
    pub(crate) deep: Option<Deep>,
    pub(crate) metadata: Metadata,
}

/// The 16-bit samples behind an 8-bit picture.
#[derive(Debug, Clone)]
pub(crate) struct Deep {
    pub rgb: RgbImage16,
    pub alpha: Option<GrayImage16>,
}

impl Picture {
    pub(crate) fn new(image: DynamicImage, format: Format, metadata: Metadata) -> Self {
        if matches!(
            image,
            DynamicImage::ImageLuma16(_)
                | DynamicImage::ImageLumaA16(_)
                | DynamicImage::ImageRgb16(_)
                | DynamicImage::ImageRgba16(_)
        ) {
            let deep = Deep::new(image);
            return Self {
                rgb: deep.eight_bit_rgb(),
                alpha: deep.alpha.as_ref().map(eight_bit_gray),
                format,
                deep: Some(deep),
                metadata,
            };
        }
        let alpha = image.color().has_alpha().then(|| alpha_plane(&image));
        Self {
            rgb: image.into_rgb8(),
            alpha,
            format,
            deep: None,
            metadata,
        }
    }

    /// The format that the file had.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Width in pixels, upright.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.rgb.width()
    }

    /// Height in pixels, upright.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.rgb.height()
    }
}

fn alpha_plane(image: &DynamicImage) -> GrayImage {
    let (width, height) = (image.width(), image.height());
    let values = match image {
        DynamicImage::ImageLumaA8(image) => image.pixels().map(|pixel| pixel.0[1]).collect(),
        DynamicImage::ImageRgba8(image) => image.pixels().map(|pixel| pixel.0[3]).collect(),
        _ => Vec::new(),
    };
    GrayImage::from_raw(width, height, values)
        .unwrap_or_else(|| GrayImage::from_pixel(width, height, Luma([255])))
}

impl Deep {
    fn new(image: DynamicImage) -> Self {
        let (width, height) = (image.width(), image.height());
        let alpha = match &image {
            DynamicImage::ImageLumaA16(image) => Some(image.pixels().map(|pixel| pixel.0[1]).collect()),
            DynamicImage::ImageRgba16(image) => Some(image.pixels().map(|pixel| pixel.0[3]).collect()),
            _ => None,
        };
        Self {
            rgb: image.into_rgb16(),
            alpha: alpha.and_then(|values| GrayImage16::from_raw(width, height, values)),
        }
    }

    fn eight_bit_rgb(&self) -> RgbImage {
        let mut rgb = RgbImage::new(self.rgb.width(), self.rgb.height());
        for (from, to) in self.rgb.as_raw().iter().zip(rgb.iter_mut()) {
            *to = eight_bit(*from);
        }
        rgb
    }
}

fn eight_bit_gray(deep: &GrayImage16) -> GrayImage {
    let mut gray = GrayImage::new(deep.width(), deep.height());
    for (from, to) in deep.as_raw().iter().zip(gray.iter_mut()) {
        *to = eight_bit(*from);
    }
    gray
}

/// value / 257, rounded to nearest.
pub(crate) fn eight_bit(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

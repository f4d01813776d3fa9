//! A decoded file: pixels for the model, and beside them what the result must carry.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};

use crate::{ImageFormat, metadata::Metadata, resize::nearest_gray};

/// RGB at 16 bits a sample.
pub type RgbImage16 = ImageBuffer<Rgb<u16>, Vec<u16>>;
/// One channel at 16 bits a sample.
pub type GrayImage16 = ImageBuffer<Luma<u16>, Vec<u16>>;

/// A decoded picture, upright.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Colour, 8 bits a channel, as stored (not premultiplied). 16-bit samples are scaled, value / 257 rounded.
    pub rgb: RgbImage,
    /// Opacity, where the file has any; the same size as `rgb`.
    pub alpha: Option<GrayImage>,
    pub(crate) format: ImageFormat,
    /// How the file's pixels were turned to stand upright.
    pub(crate) orientation: Orientation,
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
    /// The picture of an `image` as stored in a file, which is to be turned as `orientation` says.
    pub(crate) fn new(
        mut image: DynamicImage,
        format: ImageFormat,
        orientation: Orientation,
        metadata: Metadata,
    ) -> Self {
        image.apply_orientation(orientation);
        let metadata = metadata.cleaned((image.width(), image.height()));
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
                orientation,
                deep: Some(deep),
                metadata,
            };
        }
        let alpha = image.color().has_alpha().then(|| alpha_plane(&image));
        Self {
            rgb: image.into_rgb8(),
            alpha,
            format,
            orientation,
            deep: None,
            metadata,
        }
    }

    /// The format that the file had.
    #[must_use]
    pub fn format(&self) -> ImageFormat {
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

    /// Returns colour and alpha at 16 bits a sample, upright, of a file with more than 8 bits a sample.
    #[must_use]
    pub fn sixteen_bit(&self) -> Option<(&RgbImage16, Option<&GrayImage16>)> {
        self.deep.as_ref().map(|deep| (&deep.rgb, deep.alpha.as_ref()))
    }

    /// A mask brought to this picture's size. One that has the size of the file as stored was made by a tool that
    /// doesn't look at the file's orientation, and is turned as the picture was; any other is scaled to the nearest
    /// pixel.
    #[must_use]
    pub fn fitted_mask(&self, mask: GrayImage) -> GrayImage {
        let (width, height) = self.rgb.dimensions();
        if mask.dimensions() == (width, height) {
            return mask;
        }
        let on_its_side = matches!(
            self.orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        );
        if on_its_side && mask.dimensions() == (height, width) {
            let mut mask = DynamicImage::ImageLuma8(mask);
            mask.apply_orientation(self.orientation);
            return mask.into_luma8();
        }
        nearest_gray(&mask, width, height)
    }

    /// A picture that shows `parts` from left to right: opaque, 8 bits a sample, with this one's metadata.
    #[must_use]
    pub fn side_by_side(&self, parts: &[&RgbImage]) -> Self {
        let width = parts.iter().map(|part| part.width()).sum();
        let height = parts.iter().map(|part| part.height()).max().unwrap_or(0);
        let mut rgb = RgbImage::new(width, height);
        let mut left = 0;
        for part in parts {
            image::imageops::replace(&mut rgb, *part, left, 0);
            left += i64::from(part.width());
        }
        Self {
            rgb,
            alpha: None,
            format: self.format,
            orientation: Orientation::NoTransforms,
            deep: None,
            metadata: self.metadata.clone().cleaned((width, height)),
        }
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

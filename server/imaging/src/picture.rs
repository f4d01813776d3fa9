//! A decoded file: pixels for the model, and the data that the result preserves.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};

use crate::{Coverage, EncodeError, ImageFormat, metadata::Metadata, resize::nearest};

/// RGB with 16 bits per sample.
pub type RgbImage16 = ImageBuffer<Rgb<u16>, Vec<u16>>;
/// One channel with 16 bits per sample.
pub type GrayImage16 = ImageBuffer<Luma<u16>, Vec<u16>>;

/// A decoded image with its orientation applied.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Colour with 8 bits per channel, not premultiplied. 16-bit samples are scaled: value / 257, rounded.
    pub rgb: RgbImage,
    /// The other data of the file, which the result keeps.
    pub preserved: PreservedData,
}

/// The data of a decoded file that its result keeps: format, alpha, 16-bit samples and metadata.
#[derive(Debug, Clone)]
pub struct PreservedData {
    /// The alpha channel, if the file has one; of the picture's size.
    pub alpha: Option<GrayImage>,
    /// Width and height in pixels, with the orientation applied.
    pub(crate) size: (u32, u32),
    pub(crate) format: ImageFormat,
    /// The orientation that was applied to the stored pixels.
    pub(crate) orientation: Orientation,
    pub(crate) sixteen_bit: Option<SixteenBitSamples>,
    pub(crate) metadata: Metadata,
}

/// The 16-bit samples of a picture with more than 8 bits per sample.
#[derive(Debug, Clone)]
pub(crate) struct SixteenBitSamples {
    pub rgb: RgbImage16,
    pub alpha: Option<GrayImage16>,
}

impl Picture {
    /// Returns the picture of an `image` as stored in a file, with `orientation` applied.
    pub(crate) fn new(
        mut image: DynamicImage,
        format: ImageFormat,
        orientation: Orientation,
        metadata: Metadata,
    ) -> Self {
        image.apply_orientation(orientation);
        let size = (image.width(), image.height());
        let metadata = metadata.cleaned(size);
        let (rgb, alpha, sixteen_bit) = if matches!(
            image,
            DynamicImage::ImageLuma16(_)
                | DynamicImage::ImageLumaA16(_)
                | DynamicImage::ImageRgb16(_)
                | DynamicImage::ImageRgba16(_)
        ) {
            let samples = SixteenBitSamples::new(image);
            let alpha = samples.alpha.as_ref().map(eight_bit_gray);
            (samples.eight_bit_rgb(), alpha, Some(samples))
        } else {
            let alpha = image.color().has_alpha().then(|| alpha_plane(&image));
            (image.into_rgb8(), alpha, None)
        };
        Self {
            rgb,
            preserved: PreservedData {
                alpha,
                size,
                format,
                orientation,
                sixteen_bit,
                metadata,
            },
        }
    }

    /// Splits the picture into the pixels for the model and the data that the result keeps.
    #[must_use]
    pub fn into_parts(self) -> (RgbImage, PreservedData) {
        (self.rgb, self.preserved)
    }

    /// Returns the width in pixels, with the orientation applied.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.rgb.width()
    }

    /// Returns the height in pixels, with the orientation applied.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.rgb.height()
    }
}

impl PreservedData {
    /// Returns the file's format.
    #[must_use]
    pub fn format(&self) -> ImageFormat {
        self.format
    }

    /// Returns colour and alpha with 16 bits per sample; `None` if the file has at most 8.
    #[must_use]
    pub fn sixteen_bit(&self) -> Option<(&RgbImage16, Option<&GrayImage16>)> {
        self.sixteen_bit
            .as_ref()
            .map(|samples| (&samples.rgb, samples.alpha.as_ref()))
    }

    /// Returns the mask in the picture's size. A mask in the size of the stored pixels comes from a tool that
    /// ignores the file's orientation, and gets the orientation applied; any other is resized by nearest
    /// neighbour.
    #[must_use]
    pub fn fitted_mask(&self, mask: Coverage) -> Coverage {
        let (width, height) = self.size;
        if mask.dimensions() == (width, height) {
            return mask;
        }
        let swaps_sides = matches!(
            self.orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        );
        if swaps_sides && mask.dimensions() == (height, width) {
            let mut mask = DynamicImage::ImageLuma8(mask.into_gray());
            mask.apply_orientation(self.orientation);
            return Coverage::new(mask.into_luma8());
        }
        nearest(&mask, width, height)
    }

    /// Returns the data with another alpha channel, of the picture's size; with 16 bits per sample, its
    /// values are scaled by 257.
    ///
    /// # Errors
    /// [`EncodeError::SizeMismatch`].
    pub fn with_alpha(self, alpha: GrayImage) -> Result<Self, EncodeError> {
        if alpha.dimensions() != self.size {
            return Err(EncodeError::SizeMismatch {
                expected: self.size,
                found: alpha.dimensions(),
            });
        }
        let sixteen_bit = self.sixteen_bit.map(|samples| SixteenBitSamples {
            alpha: Some(sixteen_bit_gray(&alpha)),
            ..samples
        });
        Ok(Self {
            alpha: Some(alpha),
            sixteen_bit,
            ..self
        })
    }

    /// Returns the data for a resized picture with 8 bits per sample. `alpha` is the resized alpha channel.
    #[must_use]
    pub fn resized(self, (width, height): (u32, u32), alpha: Option<GrayImage>) -> Self {
        Self {
            alpha,
            size: (width, height),
            format: self.format,
            orientation: Orientation::NoTransforms,
            sixteen_bit: None,
            metadata: self.metadata.cleaned((width, height)),
        }
    }

    /// Returns a picture of `images` from left to right: opaque, with 8 bits per sample and this picture's
    /// metadata.
    #[must_use]
    pub fn side_by_side(&self, images: &[&RgbImage]) -> Picture {
        let width = images.iter().map(|image| image.width()).sum();
        let height = images.iter().map(|image| image.height()).max().unwrap_or(0);
        let mut rgb = RgbImage::new(width, height);
        let mut left = 0;
        for image in images {
            image::imageops::replace(&mut rgb, *image, left, 0);
            left += i64::from(image.width());
        }
        Picture {
            rgb,
            preserved: Self {
                alpha: None,
                size: (width, height),
                format: self.format,
                orientation: Orientation::NoTransforms,
                sixteen_bit: None,
                metadata: self.metadata.clone().cleaned((width, height)),
            },
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

impl SixteenBitSamples {
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

fn eight_bit_gray(samples: &GrayImage16) -> GrayImage {
    let mut gray = GrayImage::new(samples.width(), samples.height());
    for (from, to) in samples.as_raw().iter().zip(gray.iter_mut()) {
        *to = eight_bit(*from);
    }
    gray
}

fn sixteen_bit_gray(samples: &GrayImage) -> GrayImage16 {
    let mut gray = GrayImage16::new(samples.width(), samples.height());
    for (from, to) in samples.as_raw().iter().zip(gray.iter_mut()) {
        *to = u16::from(*from) * 257;
    }
    gray
}

/// Returns value / 257, rounded to nearest.
pub(crate) fn eight_bit(value: u16) -> u8 {
    ((u32::from(value) + 128) / 257) as u8
}

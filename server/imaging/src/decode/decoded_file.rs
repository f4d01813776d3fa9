//! The common output of all decoders.

use image::{DynamicImage, metadata::Orientation};

use crate::{ImageFormat, Picture, metadata::Metadata};

/// The output of a decoder: pixels as stored, and metadata.
pub(crate) struct DecodedFile {
    pub image: DynamicImage,
    pub metadata: Metadata,
}

impl DecodedFile {
    /// Returns the pixels with the orientation applied.
    pub fn upright(mut self, orientation: Orientation) -> DynamicImage {
        self.image.apply_orientation(orientation);
        self.image
    }

    /// Returns the picture with the orientation applied.
    pub fn into_picture(self, format: ImageFormat, orientation: Orientation) -> Picture {
        Picture::new(self.image, format, orientation, self.metadata)
    }
}

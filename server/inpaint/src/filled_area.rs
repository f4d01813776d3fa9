//! The part of an image that a run reads and changes, so that large images aren't copied as a whole.

use std::borrow::Cow;

use iopaint_imaging::{Coverage, RgbImage};

use crate::{
    Rect,
    compose::paste,
    pad::{padded_mask, padded_rgb},
};

/// Pixels around the regions of a run, which feathering reads: it measures distances to the known pixels
/// next to the hole.
const BORDER_PX: u32 = 1;

/// A part of an image and of its mask.
#[derive(Debug)]
pub(crate) struct WorkingArea<'a> {
    /// Position and size in the image.
    area: Rect,
    /// The image within the area.
    pub image: Cow<'a, RgbImage>,
    /// The mask within the area.
    pub mask: Cow<'a, Coverage>,
}

impl<'a> WorkingArea<'a> {
    /// Returns the area of `regions`, rectangles of `image`; `None` without a region.
    pub fn new(
        image: &'a RgbImage,
        mask: &'a Coverage,
        regions: impl IntoIterator<Item = Rect>,
    ) -> Option<Self> {
        let area = regions.into_iter().reduce(|all, region| all.union(&region))?;
        let area = area.grown_and_clipped(BORDER_PX, image.dimensions());
        let size = area.size();
        let (image, mask) = if size == image.dimensions() {
            (Cow::Borrowed(image), Cow::Borrowed(mask))
        } else {
            (
                Cow::Owned(padded_rgb(image, area, size)),
                Cow::Owned(padded_mask(mask, area, size)),
            )
        };
        Some(Self { area, image, mask })
    }

    /// Returns a rectangle of the image, inside the area, in the area's coordinates.
    pub fn within(&self, rect: Rect) -> Rect {
        Rect {
            x: rect.x - self.area.x,
            y: rect.y - self.area.y,
            ..rect
        }
    }

    /// Returns the result of a run in the area.
    pub fn filled(&self, image: RgbImage, scaled: bool, crops: usize) -> FilledArea {
        FilledArea {
            area: self.area,
            image,
            scaled,
            crops,
        }
    }
}

/// The result of a run: the changed part of the image.
#[derive(Debug)]
pub(crate) struct FilledArea {
    area: Rect,
    /// The filled image within the area.
    pub image: RgbImage,
    /// True if a region ran scaled down because it exceeded the limit on a forward pass or memory ran out.
    pub scaled: bool,
    /// The number of regions that ran.
    pub crops: usize,
}

impl FilledArea {
    /// Writes the area into the image.
    pub fn paste_into(self, image: &mut RgbImage) {
        if self.area.size() == image.dimensions() {
            *image = self.image;
        } else {
            paste(&self.image, self.area, image);
        }
    }
}

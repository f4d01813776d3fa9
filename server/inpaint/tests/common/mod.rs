//! A model without weights, images and masks for the tests of the pipeline.
#![allow(dead_code, reason = "every test binary uses a part of it")]

use iopaint_imaging::{Coverage, Mask, RgbImage};
use iopaint_inpaint::{Context, ForwardError, HdStrategy, InpaintOptions, Inpainter, Padding, Window};

/// A model that inverts every pixel and records the sizes of its inputs.
pub struct Negative {
    pub padding: Padding,
    pub window: Option<Window>,
    pub max_forward_pixels: Option<u64>,
    /// The largest input in pixels that doesn't run out of memory.
    pub memory: u64,
    pub sizes: Vec<(u32, u32)>,
}

pub const LAMA: Padding = Padding {
    modulo: 8,
    min_size: 16,
    square: false,
};

impl Negative {
    pub fn new(padding: Padding) -> Self {
        Self {
            padding,
            window: None,
            max_forward_pixels: None,
            memory: u64::MAX,
            sizes: Vec::new(),
        }
    }
}

impl Inpainter for Negative {
    fn padding(&self) -> Padding {
        self.padding
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn max_forward_pixels(&self) -> Option<u64> {
        self.max_forward_pixels
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        assert_eq!(image.dimensions(), mask.dimensions());
        self.sizes.push(image.dimensions());
        if u64::from(image.width()) * u64::from(image.height()) > self.memory {
            return Err(ForwardError::OutOfMemory("too large".into()));
        }
        let mut out = image.clone();
        out.iter_mut().for_each(|value| *value = 255 - *value);
        Ok(out)
    }
}

/// Returns an image whose adjacent pixels differ.
pub fn pattern(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        [(x * 7) as u8, (y * 5) as u8, ((x ^ y) * 3) as u8].into()
    })
}

/// Returns the mask of `boxes`, each (left, top, width, height).
pub fn hole(width: u32, height: u32, boxes: &[(u32, u32, u32, u32)]) -> Coverage {
    let is_hole = |x, y| {
        boxes.iter().any(|&(left, top, width, height)| {
            (left..left + width).contains(&x) && (top..top + height).contains(&y)
        })
    };
    Mask::from_fn(width, height, is_hole).into_coverage()
}

pub fn options(strategy: HdStrategy) -> InpaintOptions {
    InpaintOptions {
        strategy,
        ..InpaintOptions::default()
    }
}

/// Crops every component of the hole of [`two_components`].
pub const CROP: HdStrategy = HdStrategy::Crop {
    trigger: 100,
    margin: 8,
};

pub fn two_components() -> (RgbImage, Coverage) {
    let mask = hole(200, 60, &[(20, 20, 6, 6), (150, 30, 6, 6)]);
    (pattern(200, 60), mask)
}

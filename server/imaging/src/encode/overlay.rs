//! A mask as editors show it: a translucent stroke over the picture.

use std::borrow::Cow;

use image::GrayImage;

use super::pixels::{Pixels, Samples};
use crate::{EncodeError, metadata::Metadata};

/// The colour of a stroke, RGBA, as IOPaint's page paints it.
const STROKE: [u8; 4] = [255, 203, 0, 186];

/// Writes a mask as an RGBA PNG: the colour of a stroke where the mask is brighter than 128, else nothing.
///
/// # Errors
/// [`EncodeError::Codec`] for a mask without pixels.
pub fn encode_overlay(mask: &GrayImage) -> Result<Vec<u8>, EncodeError> {
    let samples = mask
        .iter()
        .flat_map(|value| if *value > 128 { STROKE } else { [0; 4] })
        .collect();
    let pixels = Pixels {
        width: mask.width(),
        height: mask.height(),
        alpha: true,
        samples: Samples::Eight(Cow::Owned(samples)),
    };
    super::png::encode(&pixels, &Metadata::default())
}

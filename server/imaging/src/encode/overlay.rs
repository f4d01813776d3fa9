//! Masks as translucent overlays.

use std::borrow::Cow;

use super::pixels::{OutputPixels, OutputSamples};
use crate::{EncodeError, Mask, metadata::Metadata};

/// The colour of the hole, RGBA: the brush colour of IOPaint's page.
const STROKE: [u8; 4] = [255, 203, 0, 186];

/// Encodes a mask as RGBA PNG: the brush colour for the hole, else transparent.
///
/// # Errors
/// [`EncodeError::Codec`] for a mask without pixels.
pub fn encode_overlay(mask: &Mask) -> Result<Vec<u8>, EncodeError> {
    let samples = mask
        .flags()
        .flat_map(|hole| if hole { STROKE } else { [0; 4] })
        .collect();
    let pixels = OutputPixels {
        width: mask.width(),
        height: mask.height(),
        alpha: true,
        samples: OutputSamples::Eight(Cow::Owned(samples)),
    };
    super::png::encode(&pixels, &Metadata::default())
}

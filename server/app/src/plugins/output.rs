//! Encoding of plugin results. Each function blocks: call it on a codec thread.

use iopaint_imaging::morphology::dilate_square;
use iopaint_imaging::{
    Coverage, EncodeOptions, GrayImage, ImageFormat, Mask, PreservedData, RgbImage, Threshold, encode_mask,
    encode_overlay,
};
use iopaint_inpaint::Unmonitored;
use iopaint_vision::{estimate_foreground, upscale_alpha};

use super::run::{PluginError, PluginOutput, PluginValue};

/// Radius of the square by which masks grow, in pixels: `IOPaint` dilates by 9 x 9 pixels.
const MASK_GROWTH_PX: u8 = 4;

/// Encodes a mask in the page's mask colour on a transparent background, grown as by `IOPaint`.
///
/// # Errors
/// [`PluginError::Encode`], and [`PluginError::NoMask`] for an image.
pub fn overlay_png(output: PluginOutput) -> Result<Vec<u8>, PluginError> {
    Ok(encode_overlay(&mask(output)?)?)
}

/// Returns the mask of a result, grown as by `IOPaint`. Text masks cover their letters already.
///
/// # Errors
/// [`PluginError::NoMask`] for an image.
pub fn mask(output: PluginOutput) -> Result<Mask, PluginError> {
    match output.value {
        PluginValue::Selection { coverage, .. } => {
            let mask = coverage.binarized(Threshold::PLUGIN);
            Ok(dilate_square(&mask, MASK_GROWTH_PX))
        }
        PluginValue::Text { mask, .. } => Ok(mask),
        PluginValue::Image(_) => Err(PluginError::NoMask),
    }
}

/// Encodes a mask as a gray PNG, white inside.
///
/// # Errors
/// [`PluginError::Encode`].
pub fn gray_png(mask: &Mask) -> Result<Vec<u8>, PluginError> {
    Ok(encode_mask(mask)?)
}

/// Encodes an image result as PNG with the metadata of the input: a cut-out, or the image
/// of the plugin.
///
/// # Errors
/// [`PluginError::Encode`], and [`PluginError::NoImage`] for text.
pub fn image_png(output: PluginOutput, options: &EncodeOptions) -> Result<Vec<u8>, PluginError> {
    match output.value {
        PluginValue::Selection { image, coverage } => {
            cut_out_png(&image, &coverage, output.preserved, options)
        }
        PluginValue::Image(image) => resized_png(&image, output.preserved, options),
        PluginValue::Text { .. } => Err(PluginError::NoImage),
    }
}

/// Encodes `image` with `alpha`, on top of the input's own alpha, and with colours free of the background.
fn cut_out_png(
    image: &RgbImage,
    alpha: &Coverage,
    preserved: PreservedData,
    options: &EncodeOptions,
) -> Result<Vec<u8>, PluginError> {
    let foreground = estimate_foreground(options.threads.get(), image, alpha, &Unmonitored)?;
    // Opaque pixels keep their 16-bit samples.
    let changed = alpha.values().iter().map(|alpha| *alpha < 255);
    let changed = Mask::from_flags(image.width(), image.height(), changed)
        .unwrap_or_else(|| Mask::full(image.width(), image.height()));
    let alpha = match &preserved.alpha {
        Some(own) => product(alpha.as_gray(), own),
        None => alpha.as_gray().clone(),
    };
    let preserved = preserved.with_alpha(alpha)?;
    Ok(preserved
        .encode_as(ImageFormat::Png, &foreground, &changed, options)?
        .bytes)
}

fn resized_png(
    image: &RgbImage,
    preserved: PreservedData,
    options: &EncodeOptions,
) -> Result<Vec<u8>, PluginError> {
    let size = image.dimensions();
    let alpha = preserved
        .alpha
        .as_ref()
        .map(|alpha| upscale_alpha(alpha, size.0, size.1));
    let preserved = preserved.resized(size, alpha);
    let changed = Mask::full(size.0, size.1);
    Ok(preserved
        .encode_as(ImageFormat::Png, image, &changed, options)?
        .bytes)
}

/// Returns the product of two alpha channels of one size, 255 as 1.
fn product(one: &GrayImage, other: &GrayImage) -> GrayImage {
    let mut product = one.clone();
    for (value, factor) in product.iter_mut().zip(other.iter()) {
        *value = ((u16::from(*value) * u16::from(*factor) + 127) / 255) as u8;
    }
    product
}

//! Upscaling of images by a network, tile by tile.
//!
//! Sizes, padding and rounding follow Real-ESRGAN's own program, and so `IOPaint` 1.6.0's plugin.

mod axis;
mod lanczos;
mod options;
mod tiles;

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{ForwardError, Monitor};

use crate::Network;
use lanczos::resize;
pub use options::UpscaleOptions;
use tiles::run;

/// The largest ratio of a result's sides to the image's.
pub const MAX_SCALE: f64 = 4.0;

/// Enlarges an image by `scale`, in (0, [`MAX_SCALE`]], to floor(width * scale) x floor(height * scale)
/// pixels, at least 1 x 1. `network_scale` is the network's own factor; for another `scale`, its output is
/// resized by Lanczos resampling (a = 4).
///
/// `monitor.crop` is called before each tile and after the last one.
///
/// # Errors
/// The network's error, [`ForwardError::Stopped`] if the monitor stops the run, [`ForwardError::OutOfMemory`]
/// if a limit of `options` can't be respected, and [`ForwardError::Failed`] for an invalid scale, an empty
/// image or an output of the wrong shape.
pub fn upscale(
    network: &mut dyn Network,
    network_scale: u32,
    image: &RgbImage,
    scale: f64,
    options: UpscaleOptions,
    monitor: &dyn Monitor,
) -> Result<RgbImage, ForwardError> {
    let (width, height) = image.dimensions();
    if width == 0 || height == 0 || network_scale == 0 {
        return Err(ForwardError::Failed(String::from("the image is empty")));
    }
    let (target_width, target_height) = upscaled_size(width, height, scale)
        .ok_or_else(|| ForwardError::Failed(format!("the scale {scale} is not in 0 to {MAX_SCALE}")))?;
    let output = run(network, network_scale, image, options, monitor)?;
    if output.dimensions() == (target_width, target_height) {
        return Ok(output);
    }
    let pixels = resize::<3>(
        output.as_raw(),
        output.dimensions(),
        (target_width, target_height),
    );
    drop(output);
    RgbImage::from_raw(target_width, target_height, pixels)
        .ok_or_else(|| ForwardError::Failed(String::from("the result has the wrong size")))
}

/// Returns the size in pixels of the result of [`upscale`]; `None` for a scale outside (0, [`MAX_SCALE`]].
#[must_use]
pub fn upscaled_size(width: u32, height: u32, scale: f64) -> Option<(u32, u32)> {
    if !(scale > 0.0 && scale <= MAX_SCALE) {
        return None;
    }
    let side = |side: u32| ((f64::from(side) * scale) as u32).max(1);
    Some((side(width), side(height)))
}

/// Resizes an alpha channel to the size of the upscaled image by the resampling of [`upscale`].
#[must_use]
pub fn upscale_alpha(alpha: &GrayImage, width: u32, height: u32) -> GrayImage {
    let pixels = resize::<1>(alpha.as_raw(), alpha.dimensions(), (width, height));
    GrayImage::from_raw(width, height, pixels).unwrap_or_else(|| GrayImage::new(width, height))
}

#[cfg(test)]
mod tests;

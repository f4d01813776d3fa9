//! Forward passes of inpainting networks: on a batch of images, and on a small image when a model is loaded.

use iopaint_imaging::{Coverage, Mask, RgbImage};
use iopaint_inpaint::{ForwardError, Padding};
use tch::{TchError, Tensor};

use crate::TorchScriptError;
use crate::tensor::{batched, forward_error, to_rgb_batch};

/// Side of the image of the first pass in pixels, if the padding requires no larger one.
const FIRST_SIDE: u32 = 64;

/// Runs one forward pass on images of one size.
///
/// `inputs` returns the network's inputs for an image and its mask, `[1, C, H, W]` each; `forward` runs the
/// network on those of the batch and returns `[N, 3, H, W]` in 0..255.
///
/// # Errors
/// The sizes differ, or the network fails or returns other images.
pub(crate) fn run_batch(
    images: &[(&RgbImage, &Coverage)],
    inputs: impl Fn(&RgbImage, &Coverage) -> Result<Vec<Tensor>, TchError>,
    forward: impl FnOnce(&mut [Tensor]) -> Result<Tensor, ForwardError>,
) -> Result<Vec<RgbImage>, ForwardError> {
    let Some(size) = images.first().map(|(image, _)| image.dimensions()) else {
        return Ok(Vec::new());
    };
    let mut inputs = images
        .iter()
        .map(|(image, mask)| inputs(image, mask))
        .collect::<Result<Vec<_>, _>>()
        .and_then(batched)
        .map_err(|error| forward_error(&error))?;
    to_rgb_batch(&forward(&mut inputs)?, images.len(), size)
}

/// Returns the image of a batch of one.
pub(crate) fn single(mut images: Vec<RgbImage>) -> Result<RgbImage, ForwardError> {
    let image = images.pop();
    image.ok_or_else(|| ForwardError::Failed(String::from("the model returned no image")))
}

/// Returns the side in pixels of a small image that a model with this padding accepts.
pub(crate) fn small_side(padding: Padding) -> u32 {
    padding
        .min_size
        .max(FIRST_SIDE)
        .next_multiple_of(padding.modulo.max(1))
}

/// Runs a model on a small black image without a hole, so that a file with another contract is rejected when
/// it is loaded.
pub(crate) fn check_contract(
    padding: Padding,
    fill: impl FnOnce(&RgbImage, &Coverage) -> Result<RgbImage, ForwardError>,
) -> Result<(), TorchScriptError> {
    let side = small_side(padding);
    fill(&RgbImage::new(side, side), Mask::empty(side, side).as_coverage())
        .map(drop)
        .map_err(|error| TorchScriptError::Contract(error.to_string()))
}

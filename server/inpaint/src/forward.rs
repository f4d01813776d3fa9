//! A forward pass of a model on a region.

use iopaint_imaging::{Coverage, RgbImage};

use crate::{
    Context, ForwardError, Inpainter, Rect,
    pad::{padded_mask, padded_rgb},
};

/// Pads `region` to the sides that the model accepts and runs the model on it. The result has the padded
/// size; the region is its upper left corner.
///
/// # Errors
/// The model's error, or [`ForwardError::Failed`] if the result has another size than the input.
pub(crate) fn forward(
    model: &mut dyn Inpainter,
    image: &RgbImage,
    mask: &Coverage,
    region: Rect,
    context: &Context<'_>,
) -> Result<RgbImage, ForwardError> {
    let (width, height) = model.padding().size(region.width, region.height);
    let too_large =
        |_| ForwardError::OutOfMemory(format!("a forward pass of {width}x{height} pixels is too large"));
    let size = (
        u32::try_from(width).map_err(too_large)?,
        u32::try_from(height).map_err(too_large)?,
    );
    let (image, mask) = (padded_rgb(image, region, size), padded_mask(mask, region, size));
    let result = model.forward(&image, &mask, context)?;
    if result.dimensions() != size {
        let (got_width, got_height) = result.dimensions();
        return Err(ForwardError::Failed(format!(
            "the model returned {got_width}x{got_height} pixels for an input of {width}x{height}"
        )));
    }
    Ok(result)
}

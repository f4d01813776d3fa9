//! One forward of a model.

use iopaint_imaging::{GrayImage, RgbImage};

use crate::{
    Context, ForwardError, Inpainter, Rect,
    pad::{padded_gray, padded_rgb},
};

/// Pads a region and runs it. The result has the region in its upper left corner.
pub(crate) fn forward(
    model: &mut dyn Inpainter,
    image: &RgbImage,
    mask: &GrayImage,
    region: Rect,
    context: &Context<'_>,
) -> Result<RgbImage, ForwardError> {
    let (width, height) = model.padding().size(region.width, region.height);
    let too_large =
        |_| ForwardError::OutOfMemory(format!("a forward of {width}x{height} pixels is too large"));
    let size = (
        u32::try_from(width).map_err(too_large)?,
        u32::try_from(height).map_err(too_large)?,
    );
    let (image, mask) = (padded_rgb(image, region, size), padded_gray(mask, region, size));
    let result = model.forward(&image, &mask, context)?;
    if result.dimensions() != size {
        let (got_width, got_height) = result.dimensions();
        return Err(ForwardError::Failed(format!(
            "the model answered {got_width}x{got_height} pixels to {width}x{height}"
        )));
    }
    Ok(result)
}

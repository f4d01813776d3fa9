//! The network's input from an image's pixels.

use iopaint_imaging::RgbImage;
use tch::{Kind, TchError, Tensor};

/// Mean and standard deviation of each channel of `ImageNet`, for values in 0..1.
const STATISTICS: [(f64, f64); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];

/// Returns `[1, side, side, 3]` on the CPU: the image stretched to a square by a triangle filter that covers
/// all pixels when it reduces, and normalized.
pub(super) fn transform(image: &RgbImage, side: usize) -> Result<Tensor, TchError> {
    let (width, height) = (i64::from(image.width()), i64::from(image.height()));
    let pixels = Tensor::f_from_data_size(image.as_raw(), &[1, height, width, 3], Kind::Uint8)?;
    let side = side as i64;
    let mut planes = Vec::new();
    // One channel at a time, since float32 takes 4 times the image's memory.
    for (channel, (mean, deviation)) in (0..).zip(STATISTICS) {
        let plane = pixels
            .f_narrow(3, channel, 1)?
            .f_permute([0, 3, 1, 2])?
            .f_to_kind(Kind::Float)?
            .f_contiguous()?
            .f_div_scalar(255.0)?
            .f_internal_upsample_bilinear2d_aa([side, side], false, None, None)?;
        planes.push(
            plane
                .f_sub_scalar(mean)?
                .f_div_scalar(deviation)?
                .f_squeeze_dim(1)?,
        );
    }
    Tensor::f_stack(&planes, -1)
}

//! The input of SAM's image encoders.

use iopaint_imaging::{RgbImage, bilinear};
use tch::{Kind, TchError, Tensor};

use crate::Device;

/// Mean of `ImageNet`'s training images per channel, RGB, in the range 0 to 255.
const MEAN: [f32; 3] = [123.675, 116.28, 103.53];

/// Standard deviation of `ImageNet`'s training images per channel, RGB, in the range 0 to 255.
const STD: [f32; 3] = [58.395, 57.12, 57.375];

/// Returns an image scaled to `size` (width, height), normalized, and padded by zeros at the right and the
/// bottom to `[1, side, side, 3]`.
pub(super) fn normalized(
    image: &RgbImage,
    (width, height): (u32, u32),
    side: usize,
    device: Device,
) -> Result<Tensor, TchError> {
    let scaled = bilinear::resize_rgb(image, width, height);
    let shape = [1, i64::from(height), i64::from(width), 3];
    let device = device.to_tch();
    let of_channels = |values: [f32; 3]| Tensor::f_from_slice(&values)?.f_to_device(device);
    Tensor::f_from_data_size(scaled.as_raw(), &shape, Kind::Uint8)?
        .f_to_device(device)?
        .f_to_kind(Kind::Float)?
        .f_sub(&of_channels(MEAN)?)?
        .f_div(&of_channels(STD)?)?
        .f_constant_pad_nd([
            0,
            0,
            0,
            side as i64 - i64::from(width),
            0,
            side as i64 - i64::from(height),
        ])
}

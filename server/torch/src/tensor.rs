//! Pixels to tensors and back.

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::ForwardError;
use tch::{Kind, TchError, Tensor};

use crate::Device;

/// `[1, 3, H, W]` float32 in 0..255 on `device`.
pub(crate) fn from_rgb(image: &RgbImage, device: Device) -> Result<Tensor, TchError> {
    let size = [i64::from(image.height()), i64::from(image.width()), 3];
    Tensor::f_from_data_size(image.as_raw(), &size, Kind::Uint8)?
        .f_to_device(device.to_tch())?
        .f_permute([2, 0, 1])?
        .f_unsqueeze(0)?
        .f_to_kind(Kind::Float)?
        .f_contiguous()
}

/// `[1, 1, H, W]` uint8 on `device`.
pub(crate) fn from_gray(image: &GrayImage, device: Device) -> Result<Tensor, TchError> {
    let size = [1, 1, i64::from(image.height()), i64::from(image.width())];
    Tensor::f_from_data_size(image.as_raw(), &size, Kind::Uint8)?.f_to_device(device.to_tch())
}

/// `[1, 1, H, W]` float32: 1 where the mask is above `threshold`, 0 elsewhere.
pub(crate) fn from_mask(mask: &GrayImage, threshold: u8, device: Device) -> Result<Tensor, TchError> {
    from_gray(mask, device)?
        .f_gt(i64::from(threshold))?
        .f_to_kind(Kind::Float)
}

/// `[1, 3, H, W]` in 0..255, or `[1, 1, H, W]` for gray, to the picture of `width` x `height` pixels that was due.
/// Values are clamped and truncated.
pub(crate) fn to_rgb(output: &Tensor, width: u32, height: u32) -> Result<RgbImage, ForwardError> {
    let shape = output.size();
    let due = [i64::from(height), i64::from(width)];
    if !matches!(shape.as_slice(), [1, 1 | 3, sides @ ..] if *sides == due) {
        return Err(ForwardError::Failed(format!(
            "the model answered {shape:?} where an image of {width}x{height} pixels was due"
        )));
    }
    let pixels = to_bytes(output).map_err(|error| forward_error(&error))?;
    RgbImage::from_raw(width, height, pixels).ok_or_else(|| {
        ForwardError::Failed(String::from("the model's answer has the wrong number of pixels"))
    })
}

fn to_bytes(output: &Tensor) -> Result<Vec<u8>, TchError> {
    let pixels = output
        .f_expand([1, 3, -1, -1], false)?
        .f_squeeze_dim(0)?
        .f_permute([1, 2, 0])?
        .f_to_kind(Kind::Float)?
        .f_clamp(0.0, 255.0)?
        .f_to_kind(Kind::Uint8)?
        .f_to_device(tch::Device::Cpu)?
        .f_contiguous()?
        .f_flatten(0, -1)?;
    let count = pixels.numel();
    let mut bytes = vec![0; count];
    pixels.f_copy_data_u8(&mut bytes, count)?;
    Ok(bytes)
}

/// What went wrong with a tensor, to the pipeline.
pub(crate) fn forward_error(error: &TchError) -> ForwardError {
    let message = error.to_string();
    if message.contains("DefaultCPUAllocator") || message.contains("out of memory") {
        ForwardError::OutOfMemory(message)
    } else {
        ForwardError::Failed(message)
    }
}

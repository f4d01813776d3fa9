//! Pixels to tensors and back.

use std::ptr;

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::ForwardError;
use tch::{Kind, TchError, Tensor};

use crate::{Device, shim};

/// `[1, 3, H, W]` float32 in 0..255 on `device`; on a GPU with the channels last in memory, as the bytes come.
pub(crate) fn from_rgb(image: &RgbImage, device: Device) -> Result<Tensor, TchError> {
    let size = [i64::from(image.height()), i64::from(image.width()), 3];
    let planes = to_device(image.as_raw(), &size, device)?
        .f_permute([2, 0, 1])?
        .f_unsqueeze(0)?
        .f_to_kind(Kind::Float)?;
    if device.is_cuda() {
        Ok(planes)
    } else {
        planes.f_contiguous()
    }
}

/// `[1, 1, H, W]` uint8 on `device`.
pub(crate) fn from_gray(image: &GrayImage, device: Device) -> Result<Tensor, TchError> {
    let size = [1, 1, i64::from(image.height()), i64::from(image.width())];
    to_device(image.as_raw(), &size, device)
}

/// Bytes as a uint8 tensor on `device`. To a GPU they go by way of pinned memory, which it reads while this thread goes on.
fn to_device(bytes: &[u8], size: &[i64], device: Device) -> Result<Tensor, TchError> {
    if !device.is_cuda() {
        return Tensor::f_from_data_size(bytes, size, Kind::Uint8);
    }
    let pinned = pinned(bytes.len())?;
    // SAFETY: the tensor owns as many bytes as there are, which nothing else uses yet.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), pinned.data_ptr().cast(), bytes.len()) };
    pinned
        .f_view_(size)?
        .f_to_device_(device.to_tch(), Kind::Uint8, true, false)
}

/// `count` bytes in memory that a GPU reads and writes by itself.
fn pinned(count: usize) -> Result<Tensor, TchError> {
    let count = i64::try_from(count).map_err(|_| TchError::Torch("too many bytes".into()))?;
    let mut error = ptr::null_mut();
    // SAFETY: takes a plain value; `error` is writable.
    let tensor = unsafe { shim::iopaint_pinned_bytes(count, &raw mut error) };
    if tensor.is_null() {
        // SAFETY: the call failed, so `error` is its text.
        return Err(TchError::Torch(unsafe { shim::take_text(error) }));
    }
    // SAFETY: the shim hands over a new heap-allocated tensor, as tch's own constructors do.
    Ok(unsafe { Tensor::from_ptr(tensor) })
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
        .f_contiguous()?
        .f_flatten(0, -1)?;
    let count = pixels.numel();
    let here = if pixels.device().is_cuda() {
        let mut pinned = pinned(count)?;
        pinned.f_copy_(&pixels)?;
        pinned
    } else {
        pixels
    };
    let mut bytes = vec![0; count];
    here.f_copy_data_u8(&mut bytes, count)?;
    Ok(bytes)
}

/// What went wrong with a tensor, to the pipeline.
pub(crate) fn forward_error(error: &TchError) -> ForwardError {
    failure(error.to_string())
}

/// How libtorch's parts say that memory ran out where they don't say it by the error's type: its allocator on the
/// processor, CUDA, and the libraries that take memory of a GPU for themselves.
const OUT_OF_MEMORY: &[&str] = &[
    "DefaultCPUAllocator",
    "out of memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUFFT_ALLOC_FAILED",
];

/// An error of libtorch's by its text.
pub(crate) fn failure(message: String) -> ForwardError {
    if OUT_OF_MEMORY.iter().any(|said| message.contains(said)) {
        ForwardError::OutOfMemory(message)
    } else {
        ForwardError::Failed(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_ran_out_is_known_by_what_libtorch_says() {
        for said in [
            "[enforce fail at alloc_cpu.cpp:119] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes",
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB",
            "CUDA error: out of memory",
            "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            "cuFFT error: CUFFT_ALLOC_FAILED",
        ] {
            assert!(
                matches!(failure(said.into()), ForwardError::OutOfMemory(_)),
                "{said}"
            );
        }
        let other = failure("CUDA error: an illegal memory access was encountered".into());
        assert!(matches!(other, ForwardError::Failed(_)));
    }

    #[test]
    fn without_a_gpu_there_is_no_pinned_memory() {
        if crate::cuda_device_count() == 0 {
            assert!(pinned(16).is_err());
        }
    }

    #[test]
    fn pixels_come_back_as_they_went() {
        let image = RgbImage::from_fn(37, 23, |x, y| [x as u8, y as u8, (x * y) as u8].into());
        let devices = (0..crate::cuda_device_count()).map(Device::Cuda);
        for device in devices.chain([Device::Cpu]) {
            let there = from_rgb(&image, device).unwrap();
            assert_eq!(there.size(), [1, 3, 23, 37]);
            assert_eq!(to_rgb(&there, 37, 23).unwrap(), image, "{device}");
        }
    }
}

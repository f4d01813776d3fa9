//! Conversions between pixels and tensors.

use std::ptr;

use iopaint_imaging::{Coverage, GrayImage, RgbImage, Threshold};
use iopaint_inpaint::ForwardError;
use tch::{Kind, TchError, Tensor};

use crate::{Device, bridge};

/// Returns `[1, 3, H, W]` float32 in 0..255 on `device`; channels-last in memory on a GPU, like the bytes.
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

/// Returns `[1, 1, H, W]` uint8 on `device`.
pub(crate) fn from_gray(image: &GrayImage, device: Device) -> Result<Tensor, TchError> {
    let size = [1, 1, i64::from(image.height()), i64::from(image.width())];
    to_device(image.as_raw(), &size, device)
}

/// Returns bytes as a uint8 tensor on `device`. Copies to a GPU go through pinned memory and are
/// asynchronous.
fn to_device(bytes: &[u8], size: &[i64], device: Device) -> Result<Tensor, TchError> {
    if !device.is_cuda() {
        return Tensor::f_from_data_size(bytes, size, Kind::Uint8);
    }
    let pinned = pinned(bytes.len())?;
    // SAFETY: the tensor has `bytes.len()` bytes and isn't shared yet.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), pinned.data_ptr().cast(), bytes.len()) };
    pinned
        .f_view_(size)?
        .f_to_device_(device.to_tch(), Kind::Uint8, true, false)
}

/// Returns `count` uninitialized bytes in page-locked host memory, which a GPU accesses by DMA.
fn pinned(count: usize) -> Result<Tensor, TchError> {
    let count = i64::try_from(count).map_err(|_| TchError::Torch("the image is too large".into()))?;
    let mut error = ptr::null_mut();
    // SAFETY: a plain value; `error` is writable.
    let tensor = unsafe { bridge::iopaint_pinned_bytes(count, &raw mut error) };
    if tensor.is_null() {
        // SAFETY: the call failed, so `error` is its message.
        return Err(TchError::Torch(unsafe { bridge::take_error(error) }));
    }
    // SAFETY: the bridge returns a new heap-allocated tensor, as tch's own constructors do.
    Ok(unsafe { Tensor::from_ptr(tensor) })
}

/// Returns `[1, 1, H, W]` float32: 1 in the hole at `threshold`, otherwise 0.
pub(crate) fn from_mask(mask: &Coverage, threshold: Threshold, device: Device) -> Result<Tensor, TchError> {
    from_gray(mask.as_gray(), device)?
        .f_ge(i64::from(threshold.value()))?
        .f_to_kind(Kind::Float)
}

/// Converts `[1, 3, H, W]` (or `[1, 1, H, W]`, gray) in 0..255 to pixels, clamping and truncating.
///
/// # Errors
/// H and W aren't `height` and `width`, or libtorch fails.
pub(crate) fn to_rgb(output: &Tensor, width: u32, height: u32) -> Result<RgbImage, ForwardError> {
    let shape = output.size();
    let expected = [i64::from(height), i64::from(width)];
    if !matches!(shape.as_slice(), [1, 1 | 3, sides @ ..] if *sides == expected) {
        return Err(ForwardError::Failed(format!(
            "the model returned a tensor of shape {shape:?} instead of an image of {width}x{height} pixels"
        )));
    }
    let pixels = to_bytes(output).map_err(|error| forward_error(&error))?;
    RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| ForwardError::Failed(String::from("the model returned the wrong number of pixels")))
}

/// Converts `[N, 3, H, W]` in 0..255 to N images, as [`to_rgb`].
///
/// # Errors
/// N isn't `count`, or those of [`to_rgb`].
pub(crate) fn to_rgb_batch(
    output: &Tensor,
    count: usize,
    (width, height): (u32, u32),
) -> Result<Vec<RgbImage>, ForwardError> {
    let images = output.size().first().copied().unwrap_or_default();
    if usize::try_from(images) != Ok(count) {
        return Err(ForwardError::Failed(format!(
            "the model returned {images} images for a batch of {count}"
        )));
    }
    (0..images)
        .map(|index| {
            let image = output
                .f_narrow(0, index, 1)
                .map_err(|error| forward_error(&error))?;
            to_rgb(&image, width, height)
        })
        .collect()
}

/// Concatenates the inputs of several images, `[1, C, H, W]` each, to those of a batch. `inputs` has the
/// inputs of each image, in one order; those of a single image are returned as they are.
pub(crate) fn batched(mut inputs: Vec<Vec<Tensor>>) -> Result<Vec<Tensor>, TchError> {
    if inputs.len() == 1 {
        return Ok(inputs.swap_remove(0));
    }
    let count = inputs.first().map_or(0, Vec::len);
    (0..count)
        .map(|index| {
            let parts: Vec<&Tensor> = inputs.iter().filter_map(|tensors| tensors.get(index)).collect();
            Tensor::f_cat(&parts, 0)
        })
        .collect()
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
    let host = if pixels.device().is_cuda() {
        let mut pinned = pinned(count)?;
        pinned.f_copy_(&pixels)?;
        pinned
    } else {
        pixels
    };
    let mut bytes = vec![0; count];
    host.f_copy_data_u8(&mut bytes, count)?;
    Ok(bytes)
}

/// Copies a tensor to `device`.
pub(crate) fn upload(input: &iopaint_vision::Tensor, device: Device) -> Result<Tensor, ForwardError> {
    let shape: Vec<i64> = input.shape().iter().map(|side| *side as i64).collect();
    Tensor::f_from_slice(input.values())
        .and_then(|values| values.f_view(shape.as_slice()))
        .and_then(|values| values.f_to_device(device.to_tch()))
        .map_err(|error| forward_error(&error))
}

/// Copies a float32 tensor to the host.
pub(crate) fn download(output: &Tensor) -> Result<iopaint_vision::Tensor, ForwardError> {
    let mut values = vec![0.0_f32; output.numel()];
    let count = values.len();
    output
        .f_to_device(tch::Device::Cpu)
        .and_then(|output| output.f_contiguous())
        .and_then(|output| output.f_copy_data(&mut values, count))
        .map_err(|error| forward_error(&error))?;
    let shape = output.size().into_iter().map(|side| side as usize).collect();
    iopaint_vision::Tensor::new(shape, values).map_err(|error| ForwardError::Failed(error.to_string()))
}

/// Converts an error of libtorch's to the pipeline's, without the stack trace after the first line.
pub(crate) fn forward_error(error: &TchError) -> ForwardError {
    let text = error.to_string();
    failure(text.lines().next().unwrap_or_default().to_owned())
}

/// Substrings of out-of-memory messages whose exception has no type for it: libtorch's CPU allocator, CUDA,
/// and libraries with their own GPU allocations.
const OUT_OF_MEMORY: &[&str] = &[
    "DefaultCPUAllocator",
    "out of memory",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUFFT_ALLOC_FAILED",
];

/// Classifies an error message of libtorch's.
pub(crate) fn failure(message: String) -> ForwardError {
    if OUT_OF_MEMORY.iter().any(|text| message.contains(text)) {
        ForwardError::OutOfMemory(message)
    } else {
        ForwardError::Failed(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_memory_is_recognized_by_message() {
        for message in [
            "[enforce fail at alloc_cpu.cpp:119] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes",
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB",
            "CUDA error: out of memory",
            "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            "cuFFT error: CUFFT_ALLOC_FAILED",
        ] {
            assert!(
                matches!(failure(message.into()), ForwardError::OutOfMemory(_)),
                "{message}"
            );
        }
        let other = failure("CUDA error: an illegal memory access was encountered".into());
        assert!(matches!(other, ForwardError::Failed(_)));
    }

    #[test]
    fn pinned_memory_needs_gpu() {
        if crate::cuda_device_count() == 0 {
            assert!(pinned(16).is_err());
        }
    }

    #[test]
    fn pixels_round_trip() {
        let image = RgbImage::from_fn(37, 23, |x, y| [x as u8, y as u8, (x * y) as u8].into());
        let devices = (0..crate::cuda_device_count()).map(Device::Cuda);
        for device in devices.chain([Device::Cpu]) {
            let tensor = from_rgb(&image, device).unwrap();
            assert_eq!(tensor.size(), [1, 3, 23, 37]);
            assert_eq!(to_rgb(&tensor, 37, 23).unwrap(), image, "{device}");
        }
    }
}

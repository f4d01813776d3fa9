//! Models of the LaMa contract: one image and one mask in, one image out.

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{ForwardError, Inpainter, Padding};
use tch::{Kind, TchError, Tensor};

use crate::module::Module;
use crate::{Device, LoadError, Source};

/// A TorchScript network `forward(image, mask) -> image`, as LaMa is published (Suvorov et al. 2021,
/// "Resolution-robust Large Mask Inpainting with Fourier Convolutions").
///
/// `image` is float32 `[1, 3, H, W]` in 0..1, `mask` float32 `[1, 1, H, W]` of 0 and 1 (1 = to be filled), the
/// answer float32 `[1, 3, H, W]` in 0..1. H and W are multiples of the padding's modulo.
pub struct LamaModel {
    module: Module,
    device: Device,
    padding: Padding,
}

impl LamaModel {
    /// Loads, freezes and tries out a model: its first forward pass runs here, on a small empty image, so that a file
    /// of another contract is found out before a user's photo meets it.
    ///
    /// # Errors
    /// The file can't be read as TorchScript, or doesn't answer an image for an image and a mask.
    pub fn load(source: Source<'_>, device: Device, padding: Padding) -> Result<Self, LoadError> {
        let mut model = Self { module: Module::load(source, device)?, device, padding };
        let side = padding.min_size.max(64).next_multiple_of(padding.modulo.max(1));
        let mut mask = GrayImage::new(side, side);
        mask.put_pixel(side / 2, side / 2, [255].into());
        model
            .forward(&RgbImage::new(side, side), &mask)
            .map_err(|error| LoadError::Contract(error.message))?;
        Ok(model)
    }

    /// `[1, 3, H, W]` float32 in 0..1 on the model's device.
    fn image_tensor(&self, image: &RgbImage) -> Result<Tensor, TchError> {
        let size = [i64::from(image.height()), i64::from(image.width()), 3];
        Tensor::f_from_data_size(image.as_raw(), &size, Kind::Uint8)?
            .f_to_device(self.device.to_tch())?
            .f_permute([2, 0, 1])?
            .f_unsqueeze(0)?
            .f_to_kind(Kind::Float)?
            .f_contiguous()?
            .f_div_scalar(255.0)
    }

    /// `[1, 1, H, W]` float32: 1 where the mask is above 0.
    fn mask_tensor(&self, mask: &GrayImage) -> Result<Tensor, TchError> {
        let size = [1, 1, i64::from(mask.height()), i64::from(mask.width())];
        Tensor::f_from_data_size(mask.as_raw(), &size, Kind::Uint8)?
            .f_to_device(self.device.to_tch())?
            .f_gt(0)?
            .f_to_kind(Kind::Float)
    }
}

impl Inpainter for LamaModel {
    fn padding(&self) -> Padding {
        self.padding
    }

    fn forward(&mut self, image: &RgbImage, mask: &GrayImage) -> Result<RgbImage, ForwardError> {
        let (width, height) = image.dimensions();
        let mut inputs = [
            self.image_tensor(image).map_err(tensor_error)?,
            self.mask_tensor(mask).map_err(tensor_error)?,
        ];
        let output = self.module.forward(&mut inputs)?;
        let expected = [1, 3, i64::from(height), i64::from(width)];
        if output.size() != expected {
            return Err(ForwardError {
                message: format!("the model answered {:?} where {expected:?} was due", output.size()),
                out_of_memory: false,
            });
        }
        let pixels = to_pixels(&output).map_err(tensor_error)?;
        RgbImage::from_raw(width, height, pixels).ok_or_else(|| ForwardError {
            message: String::from("the model's answer has the wrong number of pixels"),
            out_of_memory: false,
        })
    }
}

/// x 255, clamped, truncated: `[1, 3, H, W]` in 0..1 to H x W x 3 bytes.
fn to_pixels(output: &Tensor) -> Result<Vec<u8>, TchError> {
    let pixels = output
        .f_squeeze_dim(0)?
        .f_permute([1, 2, 0])?
        .f_to_kind(Kind::Float)?
        .f_mul_scalar(255.0)?
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

fn tensor_error(error: TchError) -> ForwardError {
    let message = error.to_string();
    let out_of_memory = message.contains("DefaultCPUAllocator") || message.contains("out of memory");
    ForwardError { message, out_of_memory }
}

//! Models of the LaMa contract: one image and one mask in, one image out.

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding};
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
        let mut model = Self {
            module: Module::load(source, device)?,
            device,
            padding,
        };
        let side = padding.min_size.max(64).next_multiple_of(padding.modulo.max(1));
        let mut mask = GrayImage::new(side, side);
        mask.put_pixel(side / 2, side / 2, [255].into());
        model
            .fill(&RgbImage::new(side, side), &mask)
            .map_err(|error| LoadError::Contract(error.to_string()))?;
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

    /// One pass of the network.
    fn fill(&mut self, image: &RgbImage, mask: &GrayImage) -> Result<RgbImage, ForwardError> {
        let (width, height) = image.dimensions();
        let mut inputs = [
            self.image_tensor(image).map_err(|error| tensor_error(&error))?,
            self.mask_tensor(mask).map_err(|error| tensor_error(&error))?,
        ];
        let output = self.module.forward(&mut inputs)?;
        let expected = [1, 3, i64::from(height), i64::from(width)];
        if output.size() != expected {
            return Err(ForwardError::Failed(format!(
                "the model answered {:?} where {expected:?} was due",
                output.size()
            )));
        }
        let pixels = to_pixels(&output).map_err(|error| tensor_error(&error))?;
        RgbImage::from_raw(width, height, pixels).ok_or_else(|| {
            ForwardError::Failed(String::from("the model's answer has the wrong number of pixels"))
        })
    }
}

impl Inpainter for LamaModel {
    fn padding(&self) -> Padding {
        self.padding
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &GrayImage,
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        self.fill(image, mask)
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

fn tensor_error(error: &TchError) -> ForwardError {
    let message = error.to_string();
    if message.contains("DefaultCPUAllocator") || message.contains("out of memory") {
        ForwardError::OutOfMemory(message)
    } else {
        ForwardError::Failed(message)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const BUILTIN: &[u8] = include_bytes!("../../../models/builtin/lama-mini.pt");
    const PADDING: Padding = Padding {
        modulo: 8,
        min_size: 0,
        square: false,
    };

    /// A smooth picture with a white disc that the mask covers.
    fn disc(side: u32) -> (RgbImage, GrayImage) {
        let inside = |x: u32, y: u32| x.abs_diff(side / 2).pow(2) + y.abs_diff(side / 2).pow(2) < 100;
        let image = RgbImage::from_fn(side, side, |x, y| {
            if inside(x, y) {
                [255, 255, 255].into()
            } else {
                [40 + (x / 4) as u8, 90, 60 + (y / 4) as u8].into()
            }
        });
        let mask = GrayImage::from_fn(side, side, |x, y| [if inside(x, y) { 255 } else { 0 }].into());
        (image, mask)
    }

    #[test]
    fn a_model_in_memory_fills_the_hole() {
        let mut model = LamaModel::load(Source::Bytes(BUILTIN), Device::Cpu, PADDING).unwrap();
        let (image, mask) = disc(128);
        let result = model.fill(&image, &mask).unwrap();
        assert_eq!(result.dimensions(), (128, 128));
        let centre = result.get_pixel(64, 64).0;
        assert!(
            centre.iter().all(|&value| value < 200),
            "the white disc is still there: {centre:?}"
        );
    }

    #[test]
    fn a_file_and_its_bytes_are_the_same_model() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(BUILTIN).unwrap();
        let (image, mask) = disc(64);
        let [from_file, from_bytes] = [Source::File(file.path()), Source::Bytes(BUILTIN)].map(|source| {
            LamaModel::load(source, Device::Cpu, PADDING)
                .unwrap()
                .fill(&image, &mask)
                .unwrap()
        });
        assert_eq!(from_file, from_bytes);
    }

    #[test]
    fn a_truncated_model_is_an_error_that_says_so() {
        for length in [0, 1, 100, BUILTIN.len() / 2, BUILTIN.len() - 1] {
            let error = LamaModel::load(Source::Bytes(&BUILTIN[..length]), Device::Cpu, PADDING)
                .err()
                .unwrap();
            assert!(
                matches!(error, LoadError::NotTorchScript(_)),
                "{length} bytes: {error}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_torchscript_is_an_error_that_says_so() {
        let garbage: Vec<u8> = (0..100_000_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        for bytes in [b"<html>Not found</html>".as_slice(), &garbage] {
            let error = LamaModel::load(Source::Bytes(bytes), Device::Cpu, PADDING)
                .err()
                .unwrap();
            assert!(
                error.to_string().contains("damaged or not TorchScript"),
                "{error}"
            );
        }
        let missing = LamaModel::load(Source::File("/nowhere/lama.pt".as_ref()), Device::Cpu, PADDING)
            .err()
            .unwrap();
        assert!(matches!(missing, LoadError::NotTorchScript(_)), "{missing}");
    }

    #[test]
    fn a_forward_that_fails_is_an_error_and_the_model_goes_on() {
        let mut model = LamaModel::load(Source::Bytes(BUILTIN), Device::Cpu, PADDING).unwrap();
        assert!(
            model
                .fill(&RgbImage::new(64, 64), &GrayImage::new(128, 64))
                .is_err()
        );
        let (image, mask) = disc(64);
        assert!(model.fill(&image, &mask).is_ok());
    }
}

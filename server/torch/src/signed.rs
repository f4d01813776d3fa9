//! Networks that take and give pixels in -1..1: MI-GAN, `FcF` and MAT.

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding, Window};
use tch::{TchError, Tensor};

use crate::module::Module;
use crate::random::seeded;
use crate::tensor::{forward_error, from_mask, from_rgb, to_rgb};
use crate::{Device, LoadError, Source};

/// Seeds what MAT draws in each pass, so that a picture is always filled in the same way.
const SEED: i64 = 240;

/// What such a network takes besides pixels in -1..1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedInput {
    /// `forward(cat(0.5 - m, x (1 - m)) [1, 4, H, W])` with the mask m of 0 and 1 (1 = to be filled) and the image x,
    /// as MI-GAN (Sargsyan et al. 2023) and `FcF` (Jain et al. 2023) have it.
    Erased,
    /// `forward(x [1, 3, H, W], k [1, 1, H, W])` with k = 1 where the image is kept, as MAT (Li et al. 2022) has it.
    ImageAndKept,
}

/// A TorchScript network that answers float32 `[1, 3, H, W]` in -1..1.
pub struct SignedModel {
    module: Module,
    device: Device,
    padding: Padding,
    input: SignedInput,
    window: Option<Window>,
}

impl SignedModel {
    /// Loads, freezes and tries out a model. With a `window` every part of the hole is seen through it.
    ///
    /// # Errors
    /// The file can't be read as TorchScript, or doesn't answer an image to what it takes.
    pub fn load(
        source: Source<'_>,
        device: Device,
        padding: Padding,
        input: SignedInput,
        window: Option<Window>,
    ) -> Result<Self, LoadError> {
        let mut model = Self {
            module: Module::load(source, device)?,
            device,
            padding,
            input,
            window,
        };
        let side = padding.min_size.max(64).next_multiple_of(padding.modulo.max(1));
        model
            .fill(&RgbImage::new(side, side), &GrayImage::new(side, side))
            .map_err(|error| LoadError::Contract(error.to_string()))?;
        Ok(model)
    }

    fn inputs(&self, image: &RgbImage, mask: &GrayImage) -> Result<Vec<Tensor>, TchError> {
        let image = from_rgb(image, self.device)?
            .f_div_scalar(255.0)?
            .f_mul_scalar(2.0)?
            .f_sub_scalar(1.0)?;
        // The thresholds differ in the original; they matter where scaling has left values between.
        match self.input {
            SignedInput::Erased => {
                let mask = from_mask(mask, 120, self.device)?;
                let erased = image.f_mul(&one_minus(&mask)?)?;
                let flag = mask.f_neg()?.f_add_scalar(0.5)?;
                Ok(vec![Tensor::f_cat(&[flag, erased], 1)?])
            }
            SignedInput::ImageAndKept => {
                let kept = one_minus(&from_mask(mask, 127, self.device)?)?;
                Ok(vec![image, kept])
            }
        }
    }

    fn fill(&mut self, image: &RgbImage, mask: &GrayImage) -> Result<RgbImage, ForwardError> {
        let mut inputs = self.inputs(image, mask).map_err(|error| forward_error(&error))?;
        let output = seeded(SEED, || self.module.forward(&mut inputs))?;
        let pixels = output
            .f_mul_scalar(127.5)
            .and_then(|output| output.f_add_scalar(127.5)?.f_round())
            .map_err(|error| forward_error(&error))?;
        to_rgb(&pixels, image.width(), image.height())
    }
}

fn one_minus(tensor: &Tensor) -> Result<Tensor, TchError> {
    tensor.f_neg()?.f_add_scalar(1.0)
}

impl Inpainter for SignedModel {
    fn padding(&self) -> Padding {
        self.padding
    }

    fn window(&self) -> Option<Window> {
        self.window
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_another_contract_is_found_out_when_it_is_loaded() {
        let lama = Source::Bytes(include_bytes!("../../../models/builtin/lama-mini.pt"));
        let padding = Padding {
            modulo: 8,
            min_size: 0,
            square: true,
        };
        let error = SignedModel::load(lama, Device::Cpu, padding, SignedInput::Erased, None)
            .err()
            .unwrap();
        assert!(matches!(error, LoadError::Contract(_)), "{error}");
    }
}

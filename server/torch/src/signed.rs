//! Networks with pixels in -1..1: MI-GAN, `FcF` and MAT.

use iopaint_imaging::{Coverage, Mask, RgbImage, Threshold};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding, Window};
use tch::{TchError, Tensor};

use crate::module::{Loading, Module};
use crate::random::seeded;
use crate::tensor::{forward_error, from_mask, from_rgb, to_rgb};
use crate::{Device, NetworkLoadError, Source, TorchScriptError, fcf, mat};

/// Seed of MAT's noise in each pass, fixed so that results are reproducible.
const SEED: i64 = 240;

/// Input format of a network with pixels in -1..1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedInput {
    /// `forward(cat(0.5 - m, x (1 - m)) [1, 4, H, W])` with the mask m of 0 and 1 (1 = hole) and the image x:
    /// MI-GAN (Sargsyan et al. 2023) and `FcF` (Jain et al. 2023).
    Erased,
    /// `forward(x [1, 3, H, W], k [1, 1, H, W])` with k = 1 outside the hole: MAT (Li et al. 2022).
    ImageAndKept,
}

/// A network that returns float32 `[1, 3, H, W]` in -1..1.
pub struct SignedModel {
    module: Module,
    device: Device,
    padding: Padding,
    input: SignedInput,
    window: Option<Window>,
}

impl SignedModel {
    /// Loads and freezes a model and runs it once on a small black image. `window`: the fixed size of image
    /// that the network accepts, if any; each part of the hole is inpainted in such a window.
    ///
    /// # Errors
    /// The file can't be read as TorchScript, or the network doesn't return an image.
    pub fn load(
        source: Source<'_>,
        device: Device,
        padding: Padding,
        input: SignedInput,
        window: Option<Window>,
    ) -> Result<Self, TorchScriptError> {
        let mut model = Self {
            module: Module::load(source, device)?,
            device,
            padding,
            input,
            window,
        };
        let side = padding.min_size.max(64).next_multiple_of(padding.modulo.max(1));
        model
            .fill(&RgbImage::new(side, side), Mask::empty(side, side).as_coverage())
            .map_err(|error| TorchScriptError::Contract(error.to_string()))?;
        Ok(model)
    }

    /// Loads the state dict of MAT ([`SignedInput::ImageAndKept`]) or `FcF` ([`SignedInput::Erased`]). The
    /// other arguments are those of [`Self::load`].
    ///
    /// # Errors
    /// See [`NetworkLoadError`].
    pub fn load_state_dict(
        file: &[u8],
        device: Device,
        padding: Padding,
        input: SignedInput,
        window: Option<Window>,
    ) -> Result<Self, NetworkLoadError> {
        let loading = Loading::on(device);
        let module = match input {
            SignedInput::Erased => fcf::load(file, loading)?,
            SignedInput::ImageAndKept => mat::load(file, loading)?,
        };
        Ok(Self {
            module,
            device,
            padding,
            input,
            window,
        })
    }

    fn inputs(&self, image: &RgbImage, mask: &Coverage) -> Result<Vec<Tensor>, TchError> {
        let image = from_rgb(image, self.device)?
            .f_div_scalar(255.0)?
            .f_mul_scalar(2.0)?
            .f_sub_scalar(1.0)?;
        // IOPaint's thresholds, which differ; they matter for intermediate mask values that scaling produces.
        match self.input {
            SignedInput::Erased => {
                let mask = from_mask(mask, Threshold::MIGAN, self.device)?;
                let erased = image.f_mul(&one_minus(&mask)?)?;
                let flag = mask.f_neg()?.f_add_scalar(0.5)?;
                Ok(vec![Tensor::f_cat(&[flag, erased], 1)?])
            }
            SignedInput::ImageAndKept => {
                let kept = one_minus(&from_mask(mask, Threshold::MAT, self.device)?)?;
                Ok(vec![image, kept])
            }
        }
    }

    fn fill(&mut self, image: &RgbImage, mask: &Coverage) -> Result<RgbImage, ForwardError> {
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
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(Self {
            module: self.module.share()?,
            ..*self
        }))
    }

    fn padding(&self) -> Padding {
        self.padding
    }

    fn window(&self) -> Option<Window> {
        self.window
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        self.fill(image, mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_contract_is_rejected_on_load() {
        let lama = Source::Bytes(include_bytes!("../../../models/builtin/lama-mini.pt"));
        let padding = Padding {
            modulo: 8,
            min_size: 0,
            square: true,
        };
        let error = SignedModel::load(lama, Device::Cpu, padding, SignedInput::Erased, None)
            .err()
            .unwrap();
        assert!(matches!(error, TorchScriptError::Contract(_)), "{error}");
    }
}

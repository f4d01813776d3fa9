//! Networks with pixels in -1..1: MI-GAN, `FcF` and MAT.

use iopaint_imaging::{Coverage, RgbImage, Threshold};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding, Window};
use tch::{TchError, Tensor};

use crate::module::{Loading, Module};
use crate::passes::{check_contract, run_batch, single};
use crate::random::seeded;
use crate::tensor::{forward_error, from_mask, from_rgb};
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

impl SignedInput {
    /// Returns the network's inputs for an image.
    fn tensors(self, image: &RgbImage, mask: &Coverage, device: Device) -> Result<Vec<Tensor>, TchError> {
        let image = from_rgb(image, device)?
            .f_div_scalar(255.0)?
            .f_mul_scalar(2.0)?
            .f_sub_scalar(1.0)?;
        // IOPaint's thresholds, which differ; they matter for intermediate mask values that scaling produces.
        match self {
            Self::Erased => {
                let mask = from_mask(mask, Threshold::MIGAN, device)?;
                let erased = image.f_mul(&one_minus(&mask)?)?;
                let flag = mask.f_neg()?.f_add_scalar(0.5)?;
                Ok(vec![Tensor::f_cat(&[flag, erased], 1)?])
            }
            Self::ImageAndKept => {
                let kept = one_minus(&from_mask(mask, Threshold::MAT, device)?)?;
                Ok(vec![image, kept])
            }
        }
    }
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
        check_contract(padding, |image, mask| model.fill(image, mask))?;
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

    /// Runs one forward pass on one image.
    fn fill(&mut self, image: &RgbImage, mask: &Coverage) -> Result<RgbImage, ForwardError> {
        single(self.fill_batch(&[(image, mask)])?)
    }

    /// Runs one forward pass on images of one size.
    fn fill_batch(&mut self, images: &[(&RgbImage, &Coverage)]) -> Result<Vec<RgbImage>, ForwardError> {
        let (input, device) = (self.input, self.device);
        run_batch(
            images,
            |image, mask| input.tensors(image, mask, device),
            |inputs| {
                seeded(SEED, || self.module.forward(inputs))?
                    .f_mul_scalar(127.5)
                    .and_then(|output| output.f_add_scalar(127.5)?.f_round())
                    .map_err(|error| forward_error(&error))
            },
        )
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

    /// MAT draws noise for the whole batch, so that results would depend on an image's position in it.
    fn runs_batches(&self) -> bool {
        self.input == SignedInput::Erased
    }

    fn forward_batch(
        &mut self,
        inputs: &[(&RgbImage, &Coverage)],
        context: &Context<'_>,
    ) -> Result<Vec<RgbImage>, ForwardError> {
        if self.runs_batches() {
            return self.fill_batch(inputs);
        }
        inputs
            .iter()
            .map(|(image, mask)| self.forward(image, mask, context))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use iopaint_imaging::Mask;

    use super::*;

    #[test]
    fn batch_equals_single_passes() {
        let padding = Padding {
            modulo: 8,
            min_size: 0,
            square: true,
        };
        let context = Context {
            options: &iopaint_inpaint::InpaintOptions::default(),
            monitor: &iopaint_inpaint::Unmonitored,
        };
        let files: [(&[u8], _); 2] = [
            (
                include_bytes!("../../../tests/fixtures/goldens/models/migan.pt"),
                SignedInput::Erased,
            ),
            (
                include_bytes!("../../../tests/fixtures/goldens/models/mat.pt"),
                SignedInput::ImageAndKept,
            ),
        ];
        for (file, input) in files {
            let mut model =
                SignedModel::load(Source::Bytes(file), Device::Cpu, padding, input, None).unwrap();
            let image = RgbImage::from_fn(64, 64, |x, y| [x as u8 * 3, y as u8 * 2, 90].into());
            let other = RgbImage::from_fn(64, 64, |x, y| [y as u8, 255 - x as u8, x as u8].into());
            let mask = Mask::from_fn(64, 64, |x, y| x > 20 && y > 30).into_coverage();
            let results = model
                .forward_batch(&[(&image, &mask), (&other, &mask)], &context)
                .unwrap();
            assert_eq!(model.runs_batches(), input == SignedInput::Erased);
            for (image, result) in [image, other].iter().zip(results) {
                let single = model.fill(image, &mask).unwrap();
                let differences = single
                    .as_raw()
                    .iter()
                    .zip(result.as_raw())
                    .map(|(a, b)| a.abs_diff(*b));
                assert_eq!(differences.max(), Some(0), "{input:?}");
            }
        }
    }

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

//! Latent diffusion for inpainting (Rombach et al. 2022, section 4.5): an encoder, a diffusion network and a
//! decoder.

mod sampler;
mod schedule;

use iopaint_imaging::{Coverage, RgbImage, Threshold};
use iopaint_inpaint::{Context, ForwardError, InpaintOptions, Inpainter, LdmOptions, Padding, Unmonitored};
use tch::{Kind, TchError, Tensor};

use crate::module::{Loading, Module};
use crate::passes::check_contract;
use crate::random::seeded;
use crate::tensor::{forward_error, from_mask, from_rgb, to_rgb};
use crate::{Device, Source, TorchScriptError};

/// Seed of the noise: that of a freshly started `IOPaint`. Each forward pass starts with it, so that results
/// are reproducible.
const SEED: i64 = 42;

/// Three TorchScript networks for pixels in -1..1.
///
/// `encoder(image [1, 3, H, W]) -> [1, C, H / 4, W / 4]`, `diffusion(latent [1, C, h, w], timestep [1, 256],
/// condition [1, C + 1, h, w]) -> [1, C, h, w]`, the noise in the latent image, and `decoder(latent) ->
/// [1, 3, H, W]`. The condition is the encoded image without the hole, and the mask in -1..1 (1 = hole).
pub struct LdmModel {
    encoder: Module,
    decoder: Module,
    diffusion: Module,
    device: Device,
    padding: Padding,
}

impl LdmModel {
    /// Loads and freezes the networks and runs them for one step on a small black image. `sources`: the
    /// encoder, the decoder and the diffusion network.
    ///
    /// # Errors
    /// A file can't be read as TorchScript, or the networks don't return an image for an image and a mask.
    pub fn load(
        sources: [Source<'_>; 3],
        device: Device,
        padding: Padding,
    ) -> Result<Self, TorchScriptError> {
        let [encoder, decoder, diffusion] = sources;
        let mut model = Self {
            encoder: Module::load(encoder, device)?,
            decoder: Module::load(decoder, device)?,
            // The rewriting of graphs requires four-dimensional inputs, and the timestep has two dimensions.
            diffusion: Module::read(
                diffusion,
                Loading {
                    optimize: false,
                    ..Loading::on(device)
                },
            )?,
            device,
            padding,
        };
        let mut options = InpaintOptions::default();
        options.ldm.steps = 1;
        let context = Context {
            options: &options,
            monitor: &Unmonitored,
        };
        check_contract(padding, |image, mask| model.forward(image, mask, &context))?;
        Ok(model)
    }

    /// Returns the condition of the diffusion network.
    fn condition(&mut self, image: &RgbImage, mask: &Coverage) -> Result<Tensor, ForwardError> {
        let failed = |error: TchError| forward_error(&error);
        let mask = from_mask(mask, Threshold::LDM, self.device).map_err(failed)?;
        let known = known_pixels(image, &mask, self.device).map_err(failed)?;
        let encoded = self.encoder.forward(&mut [known])?;
        let &[_, _, height, width] = encoded.size().as_slice() else {
            let shape = encoded.size();
            return Err(ForwardError::Failed(format!(
                "the encoder returned a tensor of shape {shape:?} instead of a latent image"
            )));
        };
        signed(&mask)
            .and_then(|mask| mask.f_upsample_nearest2d([height, width], None, None))
            .and_then(|mask| Tensor::f_cat(&[&encoded, &mask], 1))
            .map_err(failed)
    }
}

/// Returns the image in -1..1 with a hole of -1.
fn known_pixels(image: &RgbImage, mask: &Tensor, device: Device) -> Result<Tensor, TchError> {
    let kept = mask.f_neg()?.f_add_scalar(1.0)?;
    signed(&from_rgb(image, device)?.f_div_scalar(255.0)?.f_mul(&kept)?)
}

/// Maps 0..1 to -1..1.
fn signed(values: &Tensor) -> Result<Tensor, TchError> {
    values.f_mul_scalar(2.0)?.f_sub_scalar(1.0)
}

/// Maps -1..1 to 0..255.
fn pixels(values: &Tensor) -> Result<Tensor, TchError> {
    values
        .f_add_scalar(1.0)?
        .f_div_scalar(2.0)?
        .f_clamp(0.0, 1.0)?
        .f_mul_scalar(255.0)
}

/// Returns the noise that sampling starts from: of the condition's shape without the mask.
fn noise(condition: &Tensor, device: Device) -> Result<Tensor, TchError> {
    let mut shape = condition.size();
    if let Some(channels) = shape.get_mut(1) {
        *channels -= 1;
    }
    // Always generated on the CPU: CUDA generators return other numbers.
    seeded(SEED, || Tensor::f_randn(&shape, (Kind::Float, tch::Device::Cpu)))?.f_to_device(device.to_tch())
}

impl Inpainter for LdmModel {
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(Self {
            encoder: self.encoder.share()?,
            decoder: self.decoder.share()?,
            diffusion: self.diffusion.share()?,
            ..*self
        }))
    }

    fn padding(&self) -> Padding {
        self.padding
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let failed = |error: TchError| forward_error(&error);
        let condition = self.condition(image, mask)?;
        let noise = noise(&condition, self.device).map_err(failed)?;
        let LdmOptions { steps, sampler } = context.options.ldm;
        let (device, diffusion) = (self.device, &mut self.diffusion);
        let steps = schedule::steps(steps);
        let latent = sampler::sample(sampler, &steps, noise, context.monitor, |latent, timestep| {
            let timestep = schedule::embedding(timestep, device).map_err(failed)?;
            diffusion.forward(&mut [latent.shallow_clone(), timestep, condition.shallow_clone()])
        })?;
        let output = self.decoder.forward(&mut [latent])?;
        to_rgb(&pixels(&output).map_err(failed)?, image.width(), image.height())
    }
}

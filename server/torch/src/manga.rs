//! The manga model: one network extracts the lines of a drawing, the other inpaints it.

use iopaint_imaging::{Coverage, GrayImage, RgbImage, Threshold};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding};
use tch::{Kind, TchError, Tensor};

use crate::module::Module;
use crate::passes::check_contract;
use crate::random::seeded;
use crate::tensor::{forward_error, from_gray, from_mask, to_rgb};
use crate::{Device, Source, TorchScriptError};

/// Seed of the noise, fixed so that results are reproducible.
const SEED: i64 = 42;

/// Two TorchScript networks with the interface of "Seamless Manga Inpainting with Semantics Awareness" (Xie
/// et al. 2021).
///
/// `lines(gray [1, 1, H, W] in 0..255) -> [1, 1, H, W]` and `inpaintor(gray, lines, mask, noise, ones)`, all
/// `[1, 1, H, W]`, the first two in -1..1, mask 0 and 1 (1 = hole) `-> [1, 1, H, W]` in -1..1.
pub struct MangaModel {
    inpaintor: Module,
    lines: Module,
    device: Device,
    padding: Padding,
}

impl MangaModel {
    /// Loads and freezes both networks and runs them once on a small black image.
    ///
    /// # Errors
    /// A file can't be read as TorchScript, or the networks don't return an image for an image and a mask.
    pub fn load(
        inpaintor: Source<'_>,
        lines: Source<'_>,
        device: Device,
        padding: Padding,
    ) -> Result<Self, TorchScriptError> {
        let mut model = Self {
            inpaintor: Module::load(inpaintor, device)?,
            lines: Module::load(lines, device)?,
            device,
            padding,
        };
        check_contract(padding, |image, mask| model.fill(image, mask))?;
        Ok(model)
    }

    fn fill(&mut self, image: &RgbImage, mask: &Coverage) -> Result<RgbImage, ForwardError> {
        let failed = |error: TchError| forward_error(&error);
        let gray = from_gray(&luma(image), self.device)
            .and_then(|gray| gray.f_to_kind(Kind::Float))
            .map_err(failed)?;
        let lines = self.lines.forward(&mut [gray.shallow_clone()])?;
        let mut inputs = self.inputs(&gray, &lines, mask).map_err(failed)?;
        let output = self.inpaintor.forward(&mut inputs)?;
        let pixels = output
            .f_mul_scalar(127.5)
            .and_then(|output| output.f_add_scalar(127.5))
            .map_err(failed)?;
        to_rgb(&pixels, image.width(), image.height())
    }

    fn inputs(&self, gray: &Tensor, lines: &Tensor, mask: &Coverage) -> Result<[Tensor; 5], TchError> {
        let mask = from_mask(mask, Threshold::ANY, self.device)?;
        // Always generated on the CPU: CUDA generators return other numbers.
        let noise = seeded(SEED, || {
            Tensor::f_randn(mask.size(), (Kind::Float, tch::Device::Cpu))
        })?
        .f_to_device(self.device.to_tch())?;
        let ones = mask.f_ones_like()?;
        Ok([
            signed(gray)?,
            signed(&lines.f_clamp(0.0, 255.0)?)?,
            mask,
            noise,
            ones,
        ])
    }
}

/// Maps 0..255 to -1..1.
fn signed(values: &Tensor) -> Result<Tensor, TchError> {
    values.f_div_scalar(255.0)?.f_mul_scalar(2.0)?.f_sub_scalar(1.0)
}

/// Returns ITU-R 601 luma in the fixed-point arithmetic of `OpenCV`'s `cvtColor`, which the networks were
/// trained with.
fn luma(image: &RgbImage) -> GrayImage {
    GrayImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue] = image.get_pixel(x, y).0.map(u32::from);
        [((9798 * red + 19235 * green + 3735 * blue + (1 << 14)) >> 15) as u8].into()
    })
}

impl Inpainter for MangaModel {
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(Self {
            inpaintor: self.inpaintor.share()?,
            lines: self.lines.share()?,
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
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        self.fill(image, mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luma_equals_opencv() {
        for (rgb, gray) in [
            ([0, 0, 0], 0),
            ([255, 255, 255], 255),
            ([255, 0, 0], 76),
            ([0, 255, 0], 150),
            ([0, 0, 255], 29),
            ([3, 120, 77], 80),
        ] {
            let image = RgbImage::from_pixel(1, 1, rgb.into());
            assert_eq!(luma(&image).as_raw()[0], gray, "{rgb:?}");
        }
    }
}

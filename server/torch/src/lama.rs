//! Models of the LaMa contract: one image and one mask in, one image out.

use iopaint_imaging::{Coverage, Mask, RgbImage, Threshold};
use iopaint_inpaint::{Context, ForwardError, Inpainter, Padding};
use tch::{TchError, Tensor};

use crate::module::{Loading, Module};
use crate::passes::{run_batch, single, small_side};
use crate::tensor::{forward_error, from_mask, from_rgb};
use crate::{Device, Source, TorchScriptError};

/// A TorchScript network `forward(image, mask) -> image` with LaMa's interface (Suvorov et al. 2021,
/// "Resolution-robust Large Mask Inpainting with Fourier Convolutions").
///
/// `image` is float32 `[1, 3, H, W]` in 0..1, `mask` float32 `[1, 1, H, W]` of 0 and 1 (1 = hole), the result
/// float32 `[1, 3, H, W]` in 0..1. H and W are multiples of the padding's modulo.
pub struct LamaModel {
    module: Module,
    device: Device,
    padding: Padding,
}

impl LamaModel {
    /// Loads and freezes a model, and runs it once on a small black image, so that a file with another
    /// contract is rejected when it is loaded.
    ///
    /// # Errors
    /// The file can't be read as TorchScript, or the network doesn't return an image for an image and a mask.
    pub fn load(source: Source<'_>, device: Device, padding: Padding) -> Result<Self, TorchScriptError> {
        let mut model = Self {
            module: Module::load_with(source, Loading::of_lama(device))?,
            device,
            padding,
        };
        let side = small_side(padding);
        let mask = Mask::from_fn(side, side, |x, y| (x, y) == (side / 2, side / 2));
        model
            .fill(&RgbImage::new(side, side), mask.as_coverage())
            .map_err(|error| TorchScriptError::Contract(error.to_string()))?;
        Ok(model)
    }

    /// Runs one forward pass on one image.
    fn fill(&mut self, image: &RgbImage, mask: &Coverage) -> Result<RgbImage, ForwardError> {
        single(self.fill_batch(&[(image, mask)])?)
    }

    /// Runs one forward pass on images of one size.
    fn fill_batch(&mut self, images: &[(&RgbImage, &Coverage)]) -> Result<Vec<RgbImage>, ForwardError> {
        let device = self.device;
        run_batch(
            images,
            |image, mask| inputs(image, mask, device),
            |inputs| {
                self.module
                    .forward(inputs)?
                    .f_mul_scalar(255.0)
                    .map_err(|error| forward_error(&error))
            },
        )
    }
}

fn inputs(image: &RgbImage, mask: &Coverage, device: Device) -> Result<Vec<Tensor>, TchError> {
    Ok(vec![
        from_rgb(image, device)?.f_div_scalar(255.0)?,
        from_mask(mask, Threshold::ANY, device)?,
    ])
}

impl Inpainter for LamaModel {
    fn share(&self) -> Option<Box<dyn Inpainter>> {
        Some(Box::new(Self {
            module: self.module.share()?,
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

    fn runs_batches(&self) -> bool {
        true
    }

    fn forward_batch(
        &mut self,
        inputs: &[(&RgbImage, &Coverage)],
        _: &Context<'_>,
    ) -> Result<Vec<RgbImage>, ForwardError> {
        self.fill_batch(inputs)
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

    /// Returns a smooth gradient with a white disc, and a mask of the disc.
    fn disc(side: u32) -> (RgbImage, Coverage) {
        let inside = |x: u32, y: u32| x.abs_diff(side / 2).pow(2) + y.abs_diff(side / 2).pow(2) < 100;
        let image = RgbImage::from_fn(side, side, |x, y| {
            if inside(x, y) {
                [255, 255, 255].into()
            } else {
                [40 + (x / 4) as u8, 90, 60 + (y / 4) as u8].into()
            }
        });
        (image, Mask::from_fn(side, side, inside).into_coverage())
    }

    #[test]
    fn model_in_memory_fills_hole() {
        let mut model = LamaModel::load(Source::Bytes(BUILTIN), Device::Cpu, PADDING).unwrap();
        let (image, mask) = disc(128);
        let result = model.fill(&image, &mask).unwrap();
        assert_eq!(result.dimensions(), (128, 128));
        let centre = result.get_pixel(64, 64).0;
        assert!(
            centre.iter().all(|&value| value < 200),
            "the white disc remains: {centre:?}"
        );
    }

    #[test]
    fn batch_equals_single_passes() {
        let mut model = LamaModel::load(Source::Bytes(BUILTIN), Device::Cpu, PADDING).unwrap();
        let (image, mask) = disc(96);
        let turned = iopaint_imaging::RgbImage::from_fn(96, 96, |x, y| *image.get_pixel(y, 95 - x));
        let other = Mask::from_fn(96, 96, |x, y| x > 30 && y > 50 && x + y < 150).into_coverage();
        let inputs = [(&image, &mask), (&turned, &other), (&image, &other)];
        let context = Context {
            options: &iopaint_inpaint::InpaintOptions::default(),
            monitor: &iopaint_inpaint::Unmonitored,
        };
        let batch = model.forward_batch(&inputs, &context).unwrap();
        assert_eq!(batch.len(), 3);
        for ((image, mask), result) in inputs.into_iter().zip(batch) {
            assert!(result == model.fill(image, mask).unwrap());
        }
        assert!(model.forward_batch(&[], &context).unwrap().is_empty());
        let (small, small_mask) = disc(64);
        let sizes_differ = [(&image, &mask), (&small, &small_mask)];
        assert!(model.forward_batch(&sizes_differ, &context).is_err());
    }

    #[test]
    fn file_and_bytes_give_equal_models() {
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
    fn truncated_model_is_not_torchscript() {
        for length in [0, 1, 100, BUILTIN.len() / 2, BUILTIN.len() - 1] {
            let error = LamaModel::load(Source::Bytes(&BUILTIN[..length]), Device::Cpu, PADDING)
                .err()
                .unwrap();
            assert!(
                matches!(error, TorchScriptError::NotTorchScript(_)),
                "{length} bytes: {error}"
            );
        }
    }

    #[test]
    fn other_file_is_not_torchscript() {
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
        assert!(
            matches!(missing, TorchScriptError::NotTorchScript(_)),
            "{missing}"
        );
    }

    #[test]
    fn model_survives_failed_forward() {
        let mut model = LamaModel::load(Source::Bytes(BUILTIN), Device::Cpu, PADDING).unwrap();
        assert!(
            model
                .fill(&RgbImage::new(64, 64), Mask::empty(128, 64).as_coverage())
                .is_err()
        );
        let (image, mask) = disc(64);
        assert!(model.fill(&image, &mask).is_ok());
    }
}

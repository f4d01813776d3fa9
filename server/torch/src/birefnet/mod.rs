//! `BiRefNet` with a Swin transformer (Zheng et al. 2024, "Bilateral Reference for High-Resolution
//! Dichotomous Image Segmentation") from its state dict. RMBG-2.0 has it.
//!
//! Numbers of channels, blocks and heads and the sizes of windows and kernels follow from the tensors'
//! shapes. Batch norms are folded into the convolutions.

mod batch_norm;
mod decoder;
mod deformable;
mod swin;
#[cfg(test)]
mod tests;

use iopaint_inpaint::ForwardError;
use iopaint_vision::Network;
use tch::{TchError, Tensor};

use decoder::{Block, Decoder, resize};
use swin::Swin;

use crate::Device;
use crate::sam::layers::sides;
use crate::state_dict::{StateDict, TensorFile, Tensors};
use crate::tensor::{download, failure, forward_error, upload};
use crate::weights::{NetworkLoadError, Weights};

/// The supported architecture, for error messages.
const ARCHITECTURE: &str = "BiRefNet with a Swin transformer";

/// The sides of the input are multiples of this number of pixels: the smallest feature map of the image at
/// half its size has a 64th of its sides.
const MODULO: usize = 64;

/// Prefixes of the tensors that only training needs: predictions of the deeper levels and of edges.
const TRAINING: &[&str] = &["decoder.conv_ms_spvn_", "decoder.gdt_convs_pred_"];

/// A loaded network. It maps an image `[1, 3, H, W]` to the logits of the main object, `[1, 1, H, W]`.
pub struct BirefnetNetwork {
    encoder: Swin,
    squeeze: Block,
    decoder: Decoder,
    device: Device,
}

impl BirefnetNetwork {
    /// Loads a network from a safetensors file or a state dict. Tensors are read one by one.
    ///
    /// # Errors
    /// See [`NetworkLoadError`].
    pub fn load<'a>(file: impl Into<TensorFile<'a>>, device: Device) -> Result<Self, NetworkLoadError> {
        let file = file.into();
        Self::build(file, StateDict::parse(file)?.root, device)
    }

    fn build(file: TensorFile<'_>, tensors: Tensors, device: Device) -> Result<Self, NetworkLoadError> {
        let mut weights = Weights::new(file, tensors).on(device);
        let first = "bb.patch_embed.proj.weight";
        if weights.shape(first).is_none() || weights.shape("squeeze_module.0.conv_in.weight").is_none() {
            return Err(NetworkLoadError::Architecture {
                expected: ARCHITECTURE,
            });
        }
        for prefix in TRAINING {
            weights.skip_all(prefix);
        }
        let encoder = Swin::take(&mut weights, "bb")?;
        // The maps of the image and of the image at half its size.
        let channels = encoder.channels().map(|channels| 2 * channels);
        let (squeeze, smallest) = Block::take(&mut weights, "squeeze_module.0", channels.iter().sum())?;
        let [first, second, third, _] = channels;
        let network = Self {
            encoder,
            squeeze,
            decoder: Decoder::take(&mut weights, [first, second, third, smallest])?,
            device,
        };
        let parameters = weights.finish()?;
        tracing::info!(
            architecture = "BiRefNet",
            parameters,
            "A segmentation network was loaded"
        );
        Ok(network)
    }

    /// Returns the logits `[1, H, W, 1]` of an image `[1, H, W, 3]`.
    fn logits(&self, image: &Tensor) -> Result<Tensor, TchError> {
        let (height, width) = sides(image)?;
        let half = resize(image, (height / 2, width / 2))?;
        let of_half = self.encoder.forward(&half)?;
        let maps = self
            .encoder
            .forward(image)?
            .into_iter()
            .zip(of_half)
            .map(|(map, of_half)| {
                let of_half = resize(&of_half, sides(&map)?)?;
                Tensor::f_cat(&[map, of_half], 3)
            })
            .collect::<Result<Vec<_>, TchError>>()?;
        let size = (height / 32, width / 32);
        let context = maps
            .iter()
            .map(|map| resize(map, size))
            .collect::<Result<Vec<_>, TchError>>()?;
        let smallest = self.squeeze.forward(&Tensor::f_cat(&context, 3)?)?;
        self.decoder.forward(image, smallest, &maps)
    }
}

impl Network for BirefnetNetwork {
    fn forward(
        &mut self,
        input: iopaint_vision::Tensor,
    ) -> Result<Vec<iopaint_vision::Tensor>, ForwardError> {
        let &[1, 3, height, width] = input.shape() else {
            return Err(failure(format!(
                "{:?} is not the shape of an image",
                input.shape()
            )));
        };
        if height == 0 || width == 0 || height % MODULO != 0 || width % MODULO != 0 {
            return Err(failure(format!(
                "the sides of {width} x {height} pixels are no multiples of {MODULO}"
            )));
        }
        let input = upload(&input, self.device)?;
        let logits = input
            .f_permute([0, 2, 3, 1])
            .and_then(|image| image.f_contiguous())
            .and_then(|image| self.logits(&image))
            .and_then(|logits| logits.f_permute([0, 3, 1, 2]))
            .map_err(|error| forward_error(&error))?;
        Ok(vec![download(&logits)?])
    }
}

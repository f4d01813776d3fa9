//! SAM (Kirillov et al. 2023, "Segment Anything"), MobileSAM and HQ-SAM from their state dicts.
//!
//! The state dict's names and shapes determine the architecture. The networks run as operations of libtorch,
//! image features channels-last throughout.

mod decoder;
mod input;
pub(crate) mod layers;
mod neck;
pub(crate) mod prompt_encoder;
#[cfg(test)]
mod tests;
mod tiny_vit;
pub(crate) mod transformer;
mod vit;

use iopaint_imaging::RgbImage;
use iopaint_inpaint::{ForwardError, Monitor};
use iopaint_vision::selection::{Embedding, InputFrame, PromptNetwork, PromptPoint};
use tch::Tensor;

use decoder::MaskDecoder;
use prompt_encoder::{PointsEnd, PromptEncoder};
use tiny_vit::TinyVit;
use vit::{Encoded, VisionTransformer};

use crate::Device;
use crate::state_dict::{StateDict, TensorFile, Tensors};
use crate::tensor::{download, forward_error, upload};
use crate::weights::{NetworkLoadError, Weights};

/// The supported architectures, for error messages.
const ARCHITECTURES: &str = "SAM, MobileSAM or HQ-SAM";

/// A loaded network. Embeddings are the image's features, `[1, H, W, C]`, and for HQ-SAM those of its second
/// mask.
pub struct SamNetwork {
    encoder: ImageEncoder,
    prompts: PromptEncoder,
    decoder: MaskDecoder,
    /// The encoding of the positions of features.
    positions: Tensor,
    /// Side of the input in pixels.
    side: usize,
    device: Device,
    is_refined: bool,
}

enum ImageEncoder {
    Vit(VisionTransformer),
    TinyVit(TinyVit),
}

impl SamNetwork {
    /// Loads a network from a state dict (`.pth`). Tensors are read one by one.
    ///
    /// # Errors
    /// See [`NetworkLoadError`].
    pub fn load<'a>(file: impl Into<TensorFile<'a>>, device: Device) -> Result<Self, NetworkLoadError> {
        let file = file.into();
        let state = StateDict::parse(file)?;
        Self::build(file, state.root, device)
    }

    fn build(file: TensorFile<'_>, tensors: Tensors, device: Device) -> Result<Self, NetworkLoadError> {
        let mut weights = Weights::new(file, tensors).on(device);
        let (encoder, side, grid, channels) = if weights.shape("image_encoder.pos_embed").is_some() {
            let encoder = VisionTransformer::take(&mut weights)?;
            let (side, grid, channels) = (encoder.side, encoder.grid, encoder.features);
            (ImageEncoder::Vit(encoder), side, grid, channels)
        } else if weights
            .shape("image_encoder.patch_embed.seq.0.c.weight")
            .is_some()
        {
            let encoder = TinyVit::take(&mut weights)?;
            let (grid, channels) = (encoder.grid, encoder.features);
            (ImageEncoder::TinyVit(encoder), tiny_vit::SIDE, grid, channels)
        } else {
            return Err(NetworkLoadError::Architecture {
                expected: ARCHITECTURES,
            });
        };
        let prompts = PromptEncoder::take(&mut weights, "prompt_encoder", PointsEnd::WithoutBox)?;
        if prompts.channels != channels || !channels.is_multiple_of(8) {
            return Err(NetworkLoadError::Architecture {
                expected: ARCHITECTURES,
            });
        }
        let early_channels = match &encoder {
            ImageEncoder::Vit(encoder) if weights.shape("mask_decoder.hf_token.weight").is_some() => {
                Some(encoder.channels)
            }
            _ => None,
        };
        let decoder = MaskDecoder::take(&mut weights, channels, early_channels)?;
        let parameters = weights.finish()?;
        let positions = prompts.grid(grid)?;
        tracing::info!(parameters, side, "A network for selection by prompts was loaded");
        Ok(Self {
            encoder,
            prompts,
            decoder,
            positions,
            side,
            device,
            is_refined: early_channels.is_some(),
        })
    }
}

impl PromptNetwork for SamNetwork {
    fn frame(&self) -> InputFrame {
        InputFrame::LongSide(self.side as u32)
    }

    fn encode(&mut self, image: &RgbImage, monitor: &dyn Monitor) -> Result<Embedding, ForwardError> {
        let size = self.frame().scaled_size(image.dimensions());
        let image =
            input::normalized(image, size, self.side, self.device).map_err(|error| forward_error(&error))?;
        let Encoded { features, early } = match &self.encoder {
            ImageEncoder::Vit(encoder) => encoder.forward(&image, monitor)?,
            ImageEncoder::TinyVit(encoder) => encoder.forward(&image, monitor)?,
        };
        let refined = self
            .decoder
            .image_features(&features, early.as_ref())
            .map_err(|error| forward_error(&error))?;
        // Every decoding adds the token of a missing mask.
        let features = features
            .f_add(&self.prompts.no_mask)
            .map_err(|error| forward_error(&error))?;
        let tensors = [Some(features), refined].into_iter().flatten();
        Ok(Embedding(
            tensors
                .map(|tensor| download(&tensor))
                .collect::<Result<_, _>>()?,
        ))
    }

    fn decode(
        &mut self,
        embedding: &Embedding,
        points: &[PromptPoint],
        area: Option<[f32; 4]>,
    ) -> Result<iopaint_vision::Tensor, ForwardError> {
        let tensors = embedding
            .0
            .iter()
            .map(|tensor| upload(tensor, self.device))
            .collect::<Result<Vec<_>, _>>()?;
        let (features, refined) = match tensors.as_slice() {
            [features] if !self.is_refined => (features, None),
            [features, refined] if self.is_refined => (features, Some(refined)),
            _ => {
                return Err(ForwardError::Failed(String::from(
                    "the embedding is that of another network",
                )));
            }
        };
        let logits = self
            .prompts
            .forward(points, area, self.side)
            .and_then(|prompt| self.decoder.forward(features, &self.positions, &prompt, refined))
            .map_err(|error| forward_error(&error))?;
        download(&logits)
    }
}

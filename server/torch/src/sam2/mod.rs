//! SAM 2 and SAM 2.1 for single images (Ravi et al. 2024, "SAM 2: Segment Anything in Images and Videos")
//! from their state dicts: an encoder that runs once per image, and a decoder that runs once per prompt.

mod configuration;
mod mask_decoder;
mod neck;
#[cfg(test)]
mod tests;
mod transform;
mod trunk;

use iopaint_imaging::RgbImage;
use iopaint_inpaint::{ForwardError, Monitor};
use iopaint_vision::selection::{Embedding, InputFrame, PromptNetwork, PromptPoint};
use tch::Tensor;

use configuration::{Configuration, PUBLISHED};
use mask_decoder::MaskDecoder;
use neck::{Features, Neck};
use transform::transform;
use trunk::Trunk;

use crate::Device;
use crate::sam::prompt_encoder::{PointsEnd, PromptEncoder};
use crate::state_dict::{StateDict, TensorFile, Tensors};
use crate::tensor::{download, forward_error, upload};
use crate::weights::{NetworkLoadError, Weights};

/// Prefixes of the tensors that a single mask of an image doesn't depend on: the memory of videos,
/// predicted scores, and the candidates for ambiguous prompts.
const UNUSED: &[&str] = &[
    "memory_attention.",
    "memory_encoder.",
    "maskmem_tpos_enc",
    "mask_downsample.",
    "no_mem_pos_enc",
    "no_obj_embed_spatial",
    "no_obj_ptr",
    "obj_ptr_proj.",
    "obj_ptr_tpos_proj.",
    "sam_mask_decoder.iou_prediction_head.",
    "sam_mask_decoder.output_hypernetworks_mlps.1.",
    "sam_mask_decoder.output_hypernetworks_mlps.2.",
    "sam_mask_decoder.output_hypernetworks_mlps.3.",
    "sam_mask_decoder.pred_obj_score_head.",
];

/// A loaded network. Embeddings are the features of the decoder at a sixteenth, an eighth and a quarter of
/// the input's sides, 16 MiB for the published networks.
pub struct Sam2Network {
    trunk: Trunk,
    neck: Neck,
    prompts: PromptEncoder,
    decoder: MaskDecoder,
    /// The encoding of the positions of the coarse features.
    positions: Tensor,
    configuration: Configuration,
    device: Device,
}

impl Sam2Network {
    /// Loads a network from a state dict (`.pt`): the tensors under `model`, or else those of the outermost
    /// dictionary. Tensors are read one by one.
    ///
    /// # Errors
    /// See [`NetworkLoadError`].
    pub fn load<'a>(file: impl Into<TensorFile<'a>>, device: Device) -> Result<Self, NetworkLoadError> {
        Self::load_with(file.into(), device, PUBLISHED)
    }

    fn load_with(
        file: TensorFile<'_>,
        device: Device,
        known: &[Configuration],
    ) -> Result<Self, NetworkLoadError> {
        let mut state = StateDict::parse(file)?;
        let tensors = state.groups.remove("model").unwrap_or(state.root);
        Self::build(file, tensors, device, known)
    }

    fn build(
        file: TensorFile<'_>,
        tensors: Tensors,
        device: Device,
        known: &[Configuration],
    ) -> Result<Self, NetworkLoadError> {
        let mut weights = Weights::new(file, tensors).on(device);
        let configuration = Configuration::find(&weights, known)?;
        for prefix in UNUSED {
            weights.skip_all(prefix);
        }
        let prompts = PromptEncoder::take(&mut weights, "sam_prompt_encoder", PointsEnd::Always)?;
        let channels = prompts.channels;
        if !channels.is_multiple_of(8) {
            return Err(NetworkLoadError::Architecture {
                expected: configuration::ARCHITECTURES,
            });
        }
        let network = Self {
            trunk: Trunk::take(&mut weights, &configuration)?,
            neck: Neck::take(&mut weights, &configuration, channels)?,
            decoder: MaskDecoder::take(&mut weights, channels)?,
            positions: prompts.grid(configuration.grid())?,
            prompts,
            configuration,
            device,
        };
        let parameters = weights.finish()?;
        tracing::info!(
            trunk = configuration.name,
            parameters,
            "A network of SAM 2 was loaded"
        );
        Ok(network)
    }

    /// Returns the shapes of the tensors of an embedding.
    fn shapes(&self) -> [Vec<usize>; 3] {
        let (grid, channels) = (self.configuration.grid(), self.prompts.channels);
        let cells = grid * grid;
        [
            vec![1, grid, grid, channels],
            vec![4 * cells, channels / 4],
            vec![16 * cells, channels / 8],
        ]
    }
}

impl PromptNetwork for Sam2Network {
    fn frame(&self) -> InputFrame {
        InputFrame::Stretched(self.configuration.image_side as u32)
    }

    fn encode(&mut self, image: &RgbImage, monitor: &dyn Monitor) -> Result<Embedding, ForwardError> {
        let input = transform(image, self.configuration.image_side)
            .and_then(|input| input.f_to_device(self.device.to_tch()))
            .map_err(|error| forward_error(&error))?;
        let maps = self.trunk.forward(&input, monitor)?;
        let Features { coarse, medium, fine } =
            self.neck.forward(&maps).map_err(|error| forward_error(&error))?;
        // Every decoding adds the token of a missing mask.
        let coarse = coarse
            .f_add(&self.prompts.no_mask)
            .map_err(|error| forward_error(&error))?;
        Ok(Embedding(vec![
            download(&coarse)?,
            download(&medium)?,
            download(&fine)?,
        ]))
    }

    fn decode(
        &mut self,
        embedding: &Embedding,
        points: &[PromptPoint],
        area: Option<[f32; 4]>,
    ) -> Result<iopaint_vision::Tensor, ForwardError> {
        let foreign = || ForwardError::Failed(String::from("the embedding is that of another network"));
        let [coarse, medium, fine] = embedding.0.as_slice() else {
            return Err(foreign());
        };
        if [coarse, medium, fine].map(|tensor| tensor.shape().to_vec()) != self.shapes() {
            return Err(foreign());
        }
        let features = Features {
            coarse: upload(coarse, self.device)?,
            medium: upload(medium, self.device)?,
            fine: upload(fine, self.device)?,
        };
        let logits = self
            .prompts
            .forward(points, area, self.configuration.image_side)
            .and_then(|prompt| self.decoder.forward(&features, &self.positions, &prompt))
            .map_err(|error| forward_error(&error))?;
        download(&logits)
    }
}

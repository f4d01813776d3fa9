//! SAM 2 and SAM 2.1 for single images (Ravi et al. 2024, "SAM 2: Segment Anything in Images and Videos")
//! from their state dicts: an encoder that runs once per image, and a decoder that runs once per prompt.

mod configuration;
mod layers;
mod mask_decoder;
mod neck;
mod prompts;
#[cfg(test)]
mod tests;
mod transform;
mod transformer;
mod trunk;

use iopaint_imaging::RgbImage;
use iopaint_inpaint::ForwardError;
use iopaint_vision::selection::Click;
use tch::{TchError, Tensor};

use configuration::{Configuration, PUBLISHED};
use layers::Parts;
use mask_decoder::MaskDecoder;
use neck::{Features, Neck};
use prompts::PromptEncoder;
use transform::transform;
use transformer::{CROSS_REDUCTION, HEADS};
use trunk::Trunk;

use crate::Device;
use crate::state_dict::{StateDict, Tensors};
use crate::tensor::forward_error;
use crate::weights::{NetworkLoadError, Weights};

/// Prefixes of the tensors that a single mask of an image doesn't depend on: the memory of videos, masks as
/// prompts, predicted scores, and the candidates for ambiguous prompts.
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
    "sam_prompt_encoder.mask_downscaling.",
];

/// A loaded network.
pub struct Sam2 {
    trunk: Trunk,
    neck: Neck,
    prompt_encoder: PromptEncoder,
    /// The embeddings of the positions of the image embedding's cells.
    positions: Tensor,
    mask_decoder: MaskDecoder,
    configuration: Configuration,
    device: Device,
}

/// The features of an image, on the network's device.
pub struct Sam2Embedding {
    features: Features,
    /// Width and height of the image in pixels.
    size: (u32, u32),
}

impl Sam2Embedding {
    /// Returns the memory of the features in bytes: 16 MiB for the published networks.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let Features {
            embedding,
            medium,
            fine,
        } = &self.features;
        [embedding, medium, fine].map(Tensor::numel).iter().sum::<usize>() * size_of::<f32>()
    }
}

impl Sam2 {
    /// Loads a network from the contents of a state dict (`.pt`): the tensors under `model`, or else those
    /// of the outermost dictionary.
    ///
    /// # Errors
    /// See [`NetworkLoadError`].
    pub fn load(file: &[u8], device: Device) -> Result<Self, NetworkLoadError> {
        Self::load_with(file, device, PUBLISHED)
    }

    fn load_with(file: &[u8], device: Device, known: &[Configuration]) -> Result<Self, NetworkLoadError> {
        let mut state = StateDict::parse(file)?;
        let tensors = state.groups.remove("model").unwrap_or(state.root);
        Self::build(file, tensors, device, known)
    }

    fn build(
        file: &[u8],
        tensors: Tensors,
        device: Device,
        known: &[Configuration],
    ) -> Result<Self, NetworkLoadError> {
        let mut weights = Weights::new(file, tensors);
        let configuration = Configuration::find(&weights, known)?;
        for prefix in UNUSED {
            weights.discard(prefix);
        }
        let mut parts = Parts {
            weights: &mut weights,
            device: device.to_tch(),
        };
        let channels = decoder_channels(&parts)?;
        let prompt_encoder = PromptEncoder::take(&mut parts, channels, configuration.image_side)?;
        let network = Self {
            trunk: Trunk::take(&mut parts, &configuration)?,
            neck: Neck::take(&mut parts, &configuration, channels)?,
            positions: prompt_encoder.grid(configuration.embedding_side())?,
            prompt_encoder,
            mask_decoder: MaskDecoder::take(&mut parts, channels)?,
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

    /// Computes the features of an image.
    ///
    /// # Errors
    /// [`ForwardError`] if the network fails or runs out of memory.
    pub fn encode(&mut self, image: &RgbImage) -> Result<Sam2Embedding, ForwardError> {
        let features = self.features(image).map_err(|error| forward_error(&error))?;
        Ok(Sam2Embedding {
            features,
            size: image.dimensions(),
        })
    }

    fn features(&self, image: &RgbImage) -> Result<Features, TchError> {
        let input = transform(image, self.configuration.image_side)?.f_to_device(self.device.to_tch())?;
        self.neck.forward(&self.trunk.forward(&input)?)
    }

    /// Returns the logits of the mask that clicks and a box (left, top, right, bottom), in pixels of the
    /// image, describe: `[256, 256]` for the published networks, stretched over the image. Positive logits
    /// belong to the object.
    ///
    /// # Errors
    /// [`ForwardError`] if there is neither a click nor a box, the network fails or runs out of memory.
    pub fn decode(
        &mut self,
        embedding: &Sam2Embedding,
        clicks: &[Click],
        area: Option<[f32; 4]>,
    ) -> Result<iopaint_vision::Tensor, ForwardError> {
        if clicks.is_empty() && area.is_none() {
            return Err(ForwardError::Failed(String::from(
                "the network requires a click or a box",
            )));
        }
        let logits = self
            .logits(embedding, clicks, area)
            .map_err(|error| forward_error(&error))?;
        download(&logits)
    }

    fn logits(
        &self,
        embedding: &Sam2Embedding,
        clicks: &[Click],
        area: Option<[f32; 4]>,
    ) -> Result<Tensor, TchError> {
        let features = &embedding.features;
        let prompts = self.prompt_encoder.prompts(clicks, area, embedding.size)?;
        let image = features.embedding.f_add(&self.prompt_encoder.no_mask)?;
        let side = self.configuration.embedding_side() as i64;
        self.mask_decoder
            .forward(image, features, &self.positions, &prompts, side)
    }
}

/// Returns the width of the mask decoder, a multiple of what its attention and enlargements divide it by.
fn decoder_channels(parts: &Parts<'_, '_>) -> Result<usize, NetworkLoadError> {
    let name = "no_mem_embed";
    let found = parts
        .weights
        .shape(name)
        .ok_or_else(|| NetworkLoadError::Missing(name.to_owned()))?;
    match *found {
        [1, 1, channels] if channels > 0 && channels % (HEADS * CROSS_REDUCTION) == 0 => Ok(channels),
        _ => Err(NetworkLoadError::Shape {
            name: name.to_owned(),
            found: found.to_vec(),
            expected: format!("[1, 1, a multiple of {}]", HEADS * CROSS_REDUCTION),
        }),
    }
}

/// Copies logits to the host.
fn download(logits: &Tensor) -> Result<iopaint_vision::Tensor, ForwardError> {
    let mut values = vec![0.0_f32; logits.numel()];
    let count = values.len();
    logits
        .f_to_device(tch::Device::Cpu)
        .and_then(|logits| logits.f_copy_data(&mut values, count))
        .map_err(|error| forward_error(&error))?;
    let shape = logits.size().into_iter().map(|side| side as usize).collect();
    iopaint_vision::Tensor::new(shape, values).map_err(|error| ForwardError::Failed(error.to_string()))
}

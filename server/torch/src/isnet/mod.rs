//! IS-Net from its state dict: the network of "Highly Accurate Dichotomous Image Segmentation" (Qin et al.
//! 2022), a U-shaped network of U-shaped blocks as U-2-Net ("U^2-Net: Going Deeper with Nested U-Structure
//! for Salient Object Detection", Qin et al. 2020). anime-segmentation (`isnetis.pth`) and RMBG-1.4 have it.
//!
//! The numbers of channels follow from the tensors' shapes. Batch norms are folded into the convolutions.

mod block;
#[cfg(test)]
mod tests;

use block::Block;

use crate::Device;
use crate::module::{Loading, Module};
use crate::network::TorchNetwork;
use crate::program::{Convolution, Image, Program, output_channels};
use crate::state_dict::{StateDict, Tensors};
use crate::weights::{NetworkLoadError, Weights};

/// Channels of the input: red, green and blue.
const COLOURS: usize = 3;

/// The blocks of the encoder, from the largest feature maps to the smallest.
const ENCODER: [(&str, Block); 6] = [
    ("stage1", Block::Pooled(7)),
    ("stage2", Block::Pooled(6)),
    ("stage3", Block::Pooled(5)),
    ("stage4", Block::Pooled(4)),
    ("stage5", Block::Dilated),
    ("stage6", Block::Dilated),
];

/// The blocks of the decoder, from the smallest feature maps to the largest.
const DECODER: [(&str, Block); 5] = [
    ("stage5d", Block::Dilated),
    ("stage4d", Block::Pooled(4)),
    ("stage3d", Block::Pooled(5)),
    ("stage2d", Block::Pooled(6)),
    ("stage1d", Block::Pooled(7)),
];

/// Side outputs of deeper stages, which only training needs.
const TRAINING_OUTPUTS: [&str; 5] = ["side2", "side3", "side4", "side5", "side6"];

impl TorchNetwork {
    /// Loads IS-Net from the contents of a state dict. The network maps RGB images `[N, 3, H, W]` to the
    /// probability of the main object, `[N, 1, H, W]` in 0..1.
    ///
    /// # Errors
    /// See [`NetworkLoadError`].
    pub fn load_isnet(file: &[u8], device: Device) -> Result<Self, NetworkLoadError> {
        load_with(file, Loading::on(device))
    }
}

fn load_with(file: &[u8], loading: Loading) -> Result<TorchNetwork, NetworkLoadError> {
    let mut program = Program::new(1, loading.rewrites());
    let (result, parameters) = build(file, StateDict::parse(file)?.root, &mut program)?;
    let (source, tensors) = program.finish(result);
    let module = Module::compile(&source, tensors, loading).map_err(NetworkLoadError::Torch)?;
    tracing::info!(
        architecture = "IS-Net",
        parameters,
        "A segmentation network was loaded"
    );
    Ok(TorchNetwork::from_module(module, loading.device))
}

/// Adds the network to `program`. Returns its result and the number of weights.
fn build(file: &[u8], tensors: Tensors, program: &mut Program) -> Result<(Image, usize), NetworkLoadError> {
    let mut weights = Weights::new(file, tensors);
    if weights.shape("conv_in.weight").is_none() || weights.shape("side1.weight").is_none() {
        return Err(NetworkLoadError::Architecture { expected: "IS-Net" });
    }
    let input = Program::argument(0, COLOURS);
    let features = output_channels(&weights, "conv_in")?;
    let convolution = Convolution {
        stride: 2,
        ..Convolution::take(&mut weights, "conv_in", COLOURS, features)?
    };
    let mut image = program.convolve(&[input], convolution)?;
    let mut skipped = Vec::new();
    for (name, block) in ENCODER {
        if !skipped.is_empty() {
            image = program.max_pool(image);
        }
        image = block.build(&mut weights, program, &[image], name)?;
        skipped.push(image);
    }
    // The last encoder block is the decoder's first input.
    skipped.pop();
    for ((name, block), skip) in DECODER.into_iter().zip(skipped.into_iter().rev()) {
        let enlarged = program.resize_like(image, skip);
        image = block.build(&mut weights, program, &[enlarged, skip], name)?;
    }
    let convolution = Convolution::take(&mut weights, "side1", image.channels, 1)?;
    image = program.convolve(&[image], convolution)?;
    image = program.resize_like(image, input);
    image = program.assign(image.channels, &format!("torch.sigmoid({image})"));
    for name in TRAINING_OUTPUTS {
        weights.discard(&format!("{name}.weight"));
        weights.discard(&format!("{name}.bias"));
    }
    Ok((image, weights.finish()?))
}

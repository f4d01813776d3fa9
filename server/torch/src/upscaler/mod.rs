//! Upscaling networks of Real-ESRGAN (Wang et al. 2021, "Real-ESRGAN: Training Real-World Blind
//! Super-Resolution with Pure Synthetic Data") from their state dicts.
//!
//! The state dict's names and shapes determine the architecture. The network is compiled as a TorchScript
//! function, so that it runs in the rewritten graph's kernels as other models do.

mod architecture;
mod rrdb;
mod srvgg;
#[cfg(test)]
mod tests;

use iopaint_inpaint::ForwardError;
use iopaint_vision::Network;

use architecture::{Architecture, COLOURS};

use crate::Device;
use crate::module::{Loading, Module};
use crate::program::Program;
use crate::state_dict::{StateDict, Tensors};
use crate::tensor::{download, upload};
use crate::weights::{NetworkLoadError, Weights};

/// A loaded upscaling network. It maps RGB images in 0..1 to larger ones, `[N, 3, H, W]` to
/// `[N, 3, scale * H, scale * W]`.
pub struct Upscaler {
    module: Module,
    device: Device,
    architecture: Architecture,
}

impl Upscaler {
    /// Loads a network from the contents of a state dict (`.pth`): the tensors under `params_ema`, or else
    /// those under `params`, or else those of the outermost dictionary.
    ///
    /// # Errors
    /// See [`NetworkLoadError`].
    pub fn load(file: &[u8], device: Device) -> Result<Self, NetworkLoadError> {
        Self::load_with(file, Loading::on(device))
    }

    fn load_with(file: &[u8], loading: Loading) -> Result<Self, NetworkLoadError> {
        let mut state = StateDict::parse(file)?;
        let tensors = ["params_ema", "params"]
            .into_iter()
            .find_map(|group| state.groups.remove(group))
            .unwrap_or(state.root);
        Self::build(file, tensors, loading)
    }

    fn build(file: &[u8], tensors: Tensors, loading: Loading) -> Result<Self, NetworkLoadError> {
        let mut weights = Weights::new(file, tensors);
        // A sum of convolutions is one node of a rewritten graph, and needs no copy of its inputs.
        let mut program = Program::new(1, loading.rewrites());
        let (mut architecture, result) = if weights.shape("conv_first.weight").is_some() {
            rrdb::build(&mut weights, &mut program)?
        } else if weights.shape("body.0.weight").is_some() {
            srvgg::build(&mut weights, &mut program)?
        } else {
            return Err(NetworkLoadError::Architecture {
                expected: "RRDBNet or SRVGGNetCompact",
            });
        };
        architecture.parameters = weights.finish()?;
        let (source, tensors) = program.finish(result);
        let module = Module::compile(&source, tensors, loading).map_err(NetworkLoadError::Torch)?;
        tracing::info!(
            architecture = architecture.name,
            scale = architecture.scale,
            parameters = architecture.parameters,
            "An upscaling network was loaded"
        );
        Ok(Self {
            module,
            device: loading.device,
            architecture,
        })
    }

    /// Returns the ratio of the output's sides to the input's: 1, 2 or 4 for `RRDBNet`, any for
    /// `SRVGGNetCompact`.
    #[must_use]
    pub fn scale(&self) -> u32 {
        self.architecture.scale
    }

    /// Returns the ratio of the sides of the largest feature map to the input's, which determines the memory
    /// of a forward pass.
    #[must_use]
    pub fn feature_scale(&self) -> u32 {
        self.architecture.feature_scale
    }

    /// Returns the number of weights.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.architecture.parameters
    }
}

impl Network for Upscaler {
    fn scale(&self) -> u32 {
        Self::scale(self)
    }

    fn feature_scale(&self) -> u32 {
        Self::feature_scale(self)
    }

    fn forward(
        &mut self,
        input: iopaint_vision::Tensor,
    ) -> Result<Vec<iopaint_vision::Tensor>, ForwardError> {
        let multiple = self.architecture.multiple as usize;
        let fits = matches!(input.shape(), &[images, COLOURS, height, width]
            if images > 0 && height > 0 && width > 0 && height % multiple == 0 && width % multiple == 0);
        if !fits {
            return Err(ForwardError::Failed(format!(
                "the network requires [N, 3, H, W] with sides that are multiples of {multiple}, but got {:?}",
                input.shape()
            )));
        }
        let output = self.module.forward(&mut [upload(&input, self.device)?])?;
        download(&output).map(|output| vec![output])
    }
}

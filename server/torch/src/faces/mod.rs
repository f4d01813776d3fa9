//! The networks that restore faces, from their state dicts: `RetinaFace`, `ParseNet`, GFP-GAN and
//! `RestoreFormer`.
//!
//! The state dict's names and shapes determine the architecture. The networks are compiled as `TorchScript`
//! functions, so that they run in the rewritten graph's kernels as other models do.

mod gfpgan;
mod layers;
mod parse_net;
mod restoreformer;
mod retinaface;
#[cfg(test)]
mod tests;

use iopaint_inpaint::ForwardError;
use iopaint_vision::Network;

use layers::Builder;

use crate::Device;
use crate::module::{Loading, Module};
use crate::state_dict::{StateDict, TensorFile, Tensors};
use crate::tensor::{download, upload};
use crate::weights::{NetworkLoadError, Weights};

/// Prefix of the tensors' names in files of networks that were trained on several GPUs.
const PARALLEL_PREFIX: &str = "module.";

/// The architecture of a network for faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceArchitecture {
    /// `RetinaFace` on a `ResNet`, a detector.
    RetinaFace,
    /// GFP-GAN without custom operations, a restorer.
    Gfpgan,
    /// `RestoreFormer`, a restorer.
    RestoreFormer,
    /// `ParseNet`, a parser.
    ParseNet,
}

/// A loaded network that maps an image `[1, 3, H, W]` to one tensor; see [`iopaint_vision::FaceStages`].
pub struct FaceNetwork {
    module: Module,
    device: Device,
}

impl FaceNetwork {
    /// Loads a network from a state dict (`.pth`): the tensors under `params_ema`, or else those under
    /// `params`, or else those of the outermost dictionary.
    ///
    /// # Errors
    /// See [`NetworkLoadError`].
    pub fn load<'a>(
        file: impl Into<TensorFile<'a>>,
        architecture: FaceArchitecture,
        device: Device,
    ) -> Result<Self, NetworkLoadError> {
        let file = file.into();
        let mut state = StateDict::parse(file)?;
        let tensors = ["params_ema", "params"]
            .into_iter()
            .find_map(|group| state.groups.remove(group))
            .unwrap_or(state.root);
        Self::build(file, tensors, architecture, Loading::on(device))
    }

    fn build(
        file: TensorFile<'_>,
        tensors: Tensors,
        architecture: FaceArchitecture,
        loading: Loading,
    ) -> Result<Self, NetworkLoadError> {
        let tensors = tensors.into_iter().map(|(name, layout)| {
            let name = name
                .strip_prefix(PARALLEL_PREFIX)
                .map_or_else(|| name.clone(), str::to_owned);
            (name, layout)
        });
        let mut weights = Weights::new(file, tensors.collect());
        let mut builder = Builder::new(&mut weights);
        let result = match architecture {
            FaceArchitecture::RetinaFace => retinaface::build(&mut builder)?,
            FaceArchitecture::Gfpgan => gfpgan::build(&mut builder)?,
            FaceArchitecture::RestoreFormer => restoreformer::build(&mut builder)?,
            FaceArchitecture::ParseNet => parse_net::build(&mut builder)?,
        };
        let (source, constants) = builder.script.finish(result);
        let parameters = weights.finish()?;
        let module = Module::compile(&source, constants, loading).map_err(NetworkLoadError::Torch)?;
        tracing::info!(?architecture, parameters, "A network for faces was loaded");
        Ok(Self {
            module,
            device: loading.device,
        })
    }
}

impl Network for FaceNetwork {
    fn forward(
        &mut self,
        input: iopaint_vision::Tensor,
    ) -> Result<Vec<iopaint_vision::Tensor>, ForwardError> {
        if !matches!(input.shape(), &[1, 3, height, width] if height > 0 && width > 0) {
            return Err(ForwardError::Failed(format!(
                "the network requires [1, 3, H, W], but got {:?}",
                input.shape()
            )));
        }
        let output = self.module.forward(&mut [upload(&input, self.device)?])?;
        download(&output).map(|output| vec![output])
    }
}

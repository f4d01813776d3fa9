//! TorchScript networks behind [`iopaint_vision::Network`]: one batch of images in, one tensor out.

use iopaint_inpaint::ForwardError;
use iopaint_vision::{Network, Tensor};
use tch::{Kind, TchError};

use crate::module::Module;
use crate::tensor::{failure, forward_error};
use crate::{Device, Source, TorchScriptError};

/// A TorchScript network `forward(images [N, C, H, W]) -> tensor`, both float32.
pub struct TorchNetwork {
    module: Module,
    device: Device,
}

impl TorchNetwork {
    /// Loads and freezes a network, and runs it once on zeros of the shape `[N, C, H, W]`, so that a file
    /// with another contract is rejected when it is loaded.
    ///
    /// # Errors
    /// The file can't be read as TorchScript, or the network doesn't return a tensor for such a batch.
    pub fn load(source: Source<'_>, device: Device, shape: [usize; 4]) -> Result<Self, TorchScriptError> {
        let mut network = Self {
            module: Module::load(source, device)?,
            device,
        };
        let zeros = vec![0.0; shape.iter().product()];
        Tensor::new(shape.to_vec(), zeros)
            .map_err(|error| failure(error.to_string()))
            .and_then(|zeros| network.forward(zeros))
            .map_err(|error| TorchScriptError::ImageContract(error.to_string()))?;
        Ok(network)
    }

    /// Creates a network from a compiled module.
    pub(crate) fn from_module(module: Module, device: Device) -> Self {
        Self { module, device }
    }

    /// Returns the network's module.
    #[cfg(test)]
    pub(crate) fn module(&mut self) -> &mut Module {
        &mut self.module
    }

    fn to_device(&self, input: &Tensor) -> Result<tch::Tensor, TchError> {
        let shape: Vec<_> = input.shape().iter().map(|&length| length as i64).collect();
        tch::Tensor::f_from_slice(input.values())?
            .f_view(shape.as_slice())?
            .f_to(self.device.to_tch())
    }
}

impl Network for TorchNetwork {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        let input = self.to_device(&input).map_err(|error| forward_error(&error))?;
        let output = self.module.forward(&mut [input])?;
        let shape = output.size().iter().map(|&length| length as usize).collect();
        let values = to_values(&output).map_err(|error| forward_error(&error))?;
        let output = Tensor::new(shape, values).map_err(|error| failure(error.to_string()))?;
        Ok(vec![output])
    }
}

/// Copies a tensor to the host.
fn to_values(output: &tch::Tensor) -> Result<Vec<f32>, TchError> {
    let flat = output
        .f_to_kind(Kind::Float)?
        .f_to(tch::Device::Cpu)?
        .f_contiguous()?
        .f_flatten(0, -1)?;
    let mut values = vec![0.0; flat.numel()];
    flat.f_copy_data(&mut values, flat.numel())?;
    Ok(values)
}

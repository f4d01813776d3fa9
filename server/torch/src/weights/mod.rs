//! The tensors of a state dict, taken by name.

mod error;

use tch::Tensor;

pub use error::NetworkLoadError;

use crate::Device;
use crate::state_dict::{TensorFile, TensorLayout, Tensors};

/// The tensors of a file that weren't taken yet.
pub(crate) struct Weights<'a> {
    file: TensorFile<'a>,
    remaining: Tensors,
    device: Device,
    parameters: usize,
}

impl<'a> Weights<'a> {
    pub fn new(file: impl Into<TensorFile<'a>>, tensors: Tensors) -> Self {
        Self {
            file: file.into(),
            remaining: tensors,
            device: Device::Cpu,
            parameters: 0,
        }
    }

    /// Sets the device of the tensors.
    pub fn on(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Returns the shape of a tensor that wasn't taken yet.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.remaining.get(name).map(|layout| layout.shape.as_slice())
    }

    /// Returns the names of the tensors that weren't taken yet.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.remaining.keys().map(String::as_str)
    }

    /// Takes a tensor of the given shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Tensor, NetworkLoadError> {
        let layout = self.remove(name, shape)?;
        Ok(layout.to_float(self.file)?.f_to_device(self.device.to_tch())?)
    }

    /// Takes a tensor of the given shape that the network doesn't use, without reading its values.
    pub fn skip(&mut self, name: &str, shape: &[usize]) -> Result<(), NetworkLoadError> {
        self.remove(name, shape).map(|_| ())
    }

    /// Takes all tensors whose names begin with `prefix` and that the network doesn't use.
    pub fn skip_all(&mut self, prefix: &str) {
        self.remaining.retain(|name, _| !name.starts_with(prefix));
    }

    fn remove(&mut self, name: &str, shape: &[usize]) -> Result<TensorLayout, NetworkLoadError> {
        let layout = self
            .remaining
            .remove(name)
            .ok_or_else(|| NetworkLoadError::Missing(name.to_owned()))?;
        if layout.shape != shape {
            return Err(NetworkLoadError::Shape {
                name: name.to_owned(),
                found: layout.shape,
                expected: format!("{shape:?}"),
            });
        }
        self.parameters += shape.iter().product::<usize>();
        Ok(layout)
    }

    /// Removes a tensor that the forward pass doesn't need, if there is one.
    pub fn discard(&mut self, name: &str) {
        self.remaining.remove(name);
    }

    /// Returns the number of weights taken, or an error if any tensor is left.
    pub fn finish(self) -> Result<usize, NetworkLoadError> {
        match self.remaining.into_keys().next() {
            Some(name) => Err(NetworkLoadError::Unknown(name)),
            None => Ok(self.parameters),
        }
    }
}

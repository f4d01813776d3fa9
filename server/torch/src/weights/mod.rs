//! The tensors of a state dict, taken by name.

mod error;

use tch::Tensor;

pub use error::NetworkLoadError;

use crate::state_dict::Tensors;

/// The tensors of a file that weren't taken yet.
pub(crate) struct Weights<'a> {
    file: &'a [u8],
    remaining: Tensors,
    parameters: usize,
}

impl<'a> Weights<'a> {
    pub fn new(file: &'a [u8], tensors: Tensors) -> Self {
        Self {
            file,
            remaining: tensors,
            parameters: 0,
        }
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
        Ok(layout.to_float(self.file)?)
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

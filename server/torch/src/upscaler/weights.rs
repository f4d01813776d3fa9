//! The tensors of a state dict, taken by name.

use tch::Tensor;

use super::error::UpscalerLoadError;
use crate::state_dict::Tensors;

/// Sides of all convolution kernels, in pixels.
const KERNEL: usize = 3;

/// A convolution's filters `[out, in, 3, 3]` and biases `[out]`.
pub(super) struct Convolution {
    pub weight: Tensor,
    pub bias: Tensor,
    pub outputs: usize,
}

impl Convolution {
    /// Multiplies filters and biases, which scales the result.
    pub fn scaled(&self, factor: f64) -> Result<Self, UpscalerLoadError> {
        Ok(Self {
            weight: self.weight.f_mul_scalar(factor)?,
            bias: self.bias.f_mul_scalar(factor)?,
            outputs: self.outputs,
        })
    }
}

/// The tensors of a file that weren't taken yet.
pub(super) struct Weights<'a> {
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

    /// Returns the number of output channels of a convolution that wasn't taken yet.
    pub fn outputs(&self, name: &str) -> Result<usize, UpscalerLoadError> {
        let weight = format!("{name}.weight");
        match self.shape(&weight) {
            Some(&[outputs, inputs, KERNEL, KERNEL]) if outputs > 0 && inputs > 0 => Ok(outputs),
            Some(found) => Err(UpscalerLoadError::Shape {
                found: found.to_vec(),
                expected: String::from("[outputs, inputs, 3, 3]"),
                name: weight,
            }),
            None => Err(UpscalerLoadError::Missing(weight)),
        }
    }

    /// Takes a tensor of the given shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Tensor, UpscalerLoadError> {
        let layout = self
            .remaining
            .remove(name)
            .ok_or_else(|| UpscalerLoadError::Missing(name.to_owned()))?;
        if layout.shape != shape {
            return Err(UpscalerLoadError::Shape {
                name: name.to_owned(),
                found: layout.shape,
                expected: format!("{shape:?}"),
            });
        }
        self.parameters += shape.iter().product::<usize>();
        Ok(layout.to_float(self.file)?)
    }

    /// Takes a convolution's filters and biases.
    pub fn convolution(
        &mut self,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Convolution, UpscalerLoadError> {
        Ok(Convolution {
            weight: self.take(&format!("{name}.weight"), &[outputs, inputs, KERNEL, KERNEL])?,
            bias: self.take(&format!("{name}.bias"), &[outputs])?,
            outputs,
        })
    }

    /// Returns the number of weights taken, or an error if any tensor is left.
    pub fn finish(self) -> Result<usize, UpscalerLoadError> {
        match self.remaining.into_keys().next() {
            Some(name) => Err(UpscalerLoadError::Unknown(name)),
            None => Ok(self.parameters),
        }
    }
}

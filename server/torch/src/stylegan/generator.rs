//! Compilation of a generator from its state dict.

use std::ops::RangeInclusive;

use super::Layers;
use crate::module::{Loading, Module};
use crate::program::{Image, Program};
use crate::state_dict::{StateDict, Tensors};
use crate::weights::{NetworkLoadError, Weights};

/// A generator with one block of layers per size of its feature maps.
pub(crate) struct Generator {
    /// Name in errors and in the log.
    pub architecture: &'static str,
    /// Number of inputs of the network.
    pub inputs: usize,
    /// The feature maps' possible sides in pixels, as powers of two.
    pub powers: RangeInclusive<u32>,
    /// Returns the name of a weight that exists if there is a feature map of this side.
    pub weight: fn(usize) -> String,
    /// Adds all layers, given the sides of the feature maps in pixels, ascending and not empty.
    pub build: fn(&mut Layers<'_, '_>, &[usize]) -> Result<Image, NetworkLoadError>,
}

impl Generator {
    /// Compiles the generator of a state dict.
    pub fn load(&self, file: &[u8], loading: Loading) -> Result<Module, NetworkLoadError> {
        let mut program = Program::new(self.inputs, loading.rewrites());
        let (result, parameters) = self.add_to(&mut program, file, StateDict::parse(file)?.root)?;
        let (source, tensors) = program.finish(result);
        let module = Module::compile(&source, tensors, loading).map_err(NetworkLoadError::Torch)?;
        tracing::info!(
            architecture = self.architecture,
            parameters,
            "An inpainting network was loaded"
        );
        Ok(module)
    }

    /// Adds the network to `program`. Returns its result and the number of weights.
    pub fn add_to(
        &self,
        program: &mut Program,
        file: &[u8],
        tensors: Tensors,
    ) -> Result<(Image, usize), NetworkLoadError> {
        let mut weights = Weights::new(file, tensors);
        let sides = self.powers.clone().map(|power| 1_usize << power);
        let sides: Vec<usize> = sides
            .filter(|side| weights.shape(&(self.weight)(*side)).is_some())
            .collect();
        if sides.is_empty() {
            return Err(NetworkLoadError::Architecture {
                expected: self.architecture,
            });
        }
        let mut layers = Layers {
            weights: &mut weights,
            program,
        };
        let result = (self.build)(&mut layers, &sides)?;
        Ok((result, weights.finish()?))
    }
}

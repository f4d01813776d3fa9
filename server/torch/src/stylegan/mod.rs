//! Layers of `StyleGAN2` ("Analyzing and Improving the Image Quality of `StyleGAN`", Karras et al. 2020),
//! which MAT and `FcF` are made of, for batches of any size.
//!
//! Filters are constants: instead of scaling each filter by its style, the layer's input is scaled per input
//! channel, and its output per output channel, which is equal (equations 1 to 3) and lets the rewritten graph
//! prepare them once. Factors of activations and of learning rates are folded into the weights.

mod convolution;
mod dense;
mod generator;
mod modulated;
mod resampling;

pub(crate) use convolution::Resampling;
pub(crate) use dense::{Activation, Dense, map_constant};
pub(crate) use generator::Generator;
pub(crate) use modulated::Modulated;

use crate::program::{Image, Program};
use crate::weights::Weights;

/// Slope of all leaky `ReLU` functions for negative values.
const SLOPE: f64 = 0.2;

/// Factor after a leaky `ReLU`, which keeps the variance.
const GAIN: f64 = std::f64::consts::SQRT_2;

/// Adds layers of a state dict to a program.
pub(crate) struct Layers<'l, 'f> {
    pub weights: &'l mut Weights<'f>,
    pub program: &'l mut Program,
}

impl Layers<'_, '_> {
    /// Returns an image with all values within `limit` of zero.
    fn clamped(&mut self, image: Image, limit: Option<f64>) -> Image {
        match limit {
            Some(limit) => {
                let expression = format!("torch.clamp({image}, {:?}, {limit:?})", -limit);
                self.program.assign(image.channels, &expression)
            }
            None => image,
        }
    }

    /// Concatenates two batches of vectors or the channels of two images.
    pub fn concatenate(&mut self, left: Image, right: Image) -> Image {
        self.program.concatenate(&[left, right])
    }
}

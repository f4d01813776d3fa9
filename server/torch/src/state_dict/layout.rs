//! The structure of a state dict.

use std::collections::BTreeMap;
use std::ops::Range;

use super::dtype::DType;

/// Location and layout of a tensor in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorLayout {
    /// The type of the elements.
    pub dtype: DType,
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// The distance between neighbours along each dimension, in elements.
    pub strides: Vec<usize>,
    /// The bytes of the file from the first to the last element, little-endian. Tensors may overlap.
    pub bytes: Range<usize>,
}

/// Tensors by name.
pub type Tensors = BTreeMap<String, TensorLayout>;

/// The tensors of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateDict {
    /// Tensors of the outermost dictionary.
    pub root: Tensors,
    /// Tensors of the dictionaries in the outermost one, such as `params_ema`, by key.
    pub groups: BTreeMap<String, Tensors>,
}

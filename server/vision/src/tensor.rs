//! Dense tensors of single precision.

/// A dense, row-major tensor of `f32`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// The number of values differs from the product of the shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    /// The shape.
    pub shape: Vec<usize>,
    /// The number of values.
    pub len: usize,
}

impl std::fmt::Display for ShapeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} values do not have the shape {:?}", self.len, self.shape)
    }
}

impl std::error::Error for ShapeError {}

impl Tensor {
    /// Creates a tensor from its values in row-major order.
    ///
    /// # Errors
    /// [`ShapeError`] if the number of values differs from the product of `shape`.
    pub fn new(shape: Vec<usize>, values: Vec<f32>) -> Result<Self, ShapeError> {
        let expected = shape
            .iter()
            .try_fold(1_usize, |product, &side| product.checked_mul(side));
        if expected == Some(values.len()) {
            Ok(Self { shape, values })
        } else {
            Err(ShapeError {
                len: values.len(),
                shape,
            })
        }
    }

    /// Returns the length of each dimension.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the values in row-major order.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Returns the shape and the values in row-major order.
    #[must_use]
    pub fn into_parts(self) -> (Vec<usize>, Vec<f32>) {
        (self.shape, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_must_match_values() {
        assert!(Tensor::new(vec![1, 2, 3], vec![0.0; 6]).is_ok());
        assert!(Tensor::new(vec![1, 2, 3], vec![0.0; 5]).is_err());
        assert!(Tensor::new(vec![usize::MAX, 2], vec![0.0; 2]).is_err());
    }
}

//! Conversion of a state dict's tensors to libtorch's.

use tch::{Kind, TchError, Tensor};

use super::dtype::DType;
use super::file::TensorFile;
use super::layout::TensorLayout;

impl TensorLayout {
    /// Returns a contiguous float32 copy of the tensor in `file`, on the CPU.
    ///
    /// # Errors
    /// The tensor isn't of a floating-point type, `file` isn't the file of the layout, or libtorch fails.
    pub(crate) fn to_float<'a>(&self, file: impl Into<TensorFile<'a>>) -> Result<Tensor, TchError> {
        let kind = match self.dtype {
            DType::Float64 => Kind::Double,
            DType::Float32 => Kind::Float,
            DType::Float16 => Kind::Half,
            DType::BFloat16 => Kind::BFloat16,
            _ => {
                return Err(TchError::Kind(format!(
                    "{:?} is no floating-point type",
                    self.dtype
                )));
            }
        };
        let bytes = file
            .into()
            .read(self.bytes.clone())
            .map_err(|error| TchError::FileFormat(error.to_string()))?;
        let signed = |sizes: &[usize]| -> Vec<i64> { sizes.iter().map(|size| *size as i64).collect() };
        let elements = (bytes.len() / self.dtype.size()) as i64;
        Tensor::f_from_data_size(&bytes, &[elements], kind)?
            .f_as_strided(signed(&self.shape), signed(&self.strides), None)?
            .f_to_kind(Kind::Float)?
            .f_contiguous()
    }
}

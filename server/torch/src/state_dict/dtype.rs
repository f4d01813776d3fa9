//! Element types of tensors.

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DType {
    /// Double precision.
    Float64,
    /// Single precision.
    Float32,
    /// IEEE 754 half precision.
    Float16,
    /// The upper half of a single-precision value.
    BFloat16,
    /// Signed, 64 bits.
    Int64,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 8 bits.
    Int8,
    /// Unsigned, 8 bits.
    UInt8,
    /// A byte, 0 or 1.
    Bool,
}

impl DType {
    /// Returns the element type of `PyTorch`'s storage class `name` in the module `torch`.
    pub(super) fn of_storage(name: &str) -> Option<Self> {
        Some(match name {
            "DoubleStorage" => Self::Float64,
            "FloatStorage" => Self::Float32,
            "HalfStorage" => Self::Float16,
            "BFloat16Storage" => Self::BFloat16,
            "LongStorage" => Self::Int64,
            "IntStorage" => Self::Int32,
            "ShortStorage" => Self::Int16,
            "CharStorage" => Self::Int8,
            "ByteStorage" => Self::UInt8,
            "BoolStorage" => Self::Bool,
            _ => return None,
        })
    }

    /// Returns the element type `name` of a safetensors file.
    pub(super) fn of_safetensors(name: &str) -> Option<Self> {
        Some(match name {
            "F64" => Self::Float64,
            "F32" => Self::Float32,
            "F16" => Self::Float16,
            "BF16" => Self::BFloat16,
            "I64" => Self::Int64,
            "I32" => Self::Int32,
            "I16" => Self::Int16,
            "I8" => Self::Int8,
            "U8" => Self::UInt8,
            "BOOL" => Self::Bool,
            _ => return None,
        })
    }

    /// Returns the size of an element in bytes.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Float64 | Self::Int64 => 8,
            Self::Float32 | Self::Int32 => 4,
            Self::Float16 | Self::BFloat16 | Self::Int16 => 2,
            Self::Int8 | Self::UInt8 | Self::Bool => 1,
        }
    }
}

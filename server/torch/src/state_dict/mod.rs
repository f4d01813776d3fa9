//! State dicts: named tensors, read without executing code from the files of `PyTorch` (`.pth`, `.pt`) and of
//! safetensors.
//!
//! `torch.save` writes a pickle, which in general is a program. The reader here interprets the opcodes that
//! describe tensors and rejects all others, as well as every global name outside a fixed list. Nothing in
//! this folder but `to_tensor.rs` depends on libtorch.

mod archive;
mod collect;
mod dtype;
mod error;
mod file;
mod layout;
mod legacy;
mod opcode;
mod pickle;
mod safetensors;
#[cfg(test)]
mod safetensors_tests;
#[cfg(test)]
mod tests;
mod to_tensor;
mod value;
mod view;

pub use dtype::DType;
pub use error::StateDictError;
pub use file::TensorFile;
pub use layout::{StateDict, TensorLayout, Tensors};

/// Bytes of a file's start that show its format.
const START_BYTES: usize = 9;

/// The first bytes of a zip file.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// The first bytes of a pickle of protocol 2, with which the format before `PyTorch` 1.6 begins.
const PICKLE_MAGIC: &[u8] = &[0x80, 2];

impl StateDict {
    /// Reads the structure of a file; the tensors' values stay in `file`. Entries other than tensors and
    /// dictionaries of tensors are skipped.
    ///
    /// # Errors
    /// See [`StateDictError`].
    pub fn parse<'a>(file: impl Into<TensorFile<'a>>) -> Result<Self, StateDictError> {
        let file = file.into();
        let start = file.read(0..file.len().min(START_BYTES))?;
        // First, since the length of a header may begin with the bytes of another format.
        if safetensors::is_safetensors(&start) {
            safetensors::parse(file)
        } else if start.starts_with(ZIP_MAGIC) {
            archive::parse(file)
        } else if start.starts_with(PICKLE_MAGIC) {
            // The pickles have no length of their own.
            legacy::parse(&file.read(0..file.len())?)
        } else {
            Err(StateDictError::UnknownFormat)
        }
    }
}

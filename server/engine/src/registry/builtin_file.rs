//! The model files in this program.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

/// Name, size in bytes and content, compressed by zlib, of all model files in this program.
#[allow(clippy::unreadable_literal, reason = "the list is generated")]
const FILES: &[(&str, usize, &[u8])] = include!(concat!(env!("OUT_DIR"), "/builtin_files.rs"));

/// A model file in this program, compressed by zlib: weights of single precision lose a tenth of their size.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BuiltinFile {
    name: &'static str,
    size: usize,
    compressed: &'static [u8],
}

/// The content of a built-in file is damaged: the program's file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the built-in file {0} is damaged")]
pub struct DamagedBuiltinFile(&'static str);

impl BuiltinFile {
    /// Returns the file `name`, if this program contains it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let found = FILES.iter().find(|(known, _, _)| *known == name);
        found.map(|&(name, size, compressed)| Self {
            name,
            size,
            compressed,
        })
    }

    /// Returns the size of the content in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size as u64
    }

    /// Decompresses the content, at about 200 MB per second.
    ///
    /// # Errors
    /// [`DamagedBuiltinFile`].
    pub fn content(&self) -> Result<Vec<u8>, DamagedBuiltinFile> {
        decompress_to_vec_zlib_with_limit(self.compressed, self.size)
            .ok()
            .filter(|content| content.len() == self.size)
            .ok_or(DamagedBuiltinFile(self.name))
    }
}

impl std::fmt::Debug for BuiltinFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("BuiltinFile").field(&self.name).finish()
    }
}

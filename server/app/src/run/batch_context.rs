//! The parts of a batch that its work needs for each image.

use std::path::PathBuf;

use anyhow::Context;
use iopaint_engine::Engine;
use iopaint_imaging::{DecodeLimits, EncodeOptions};

use super::atomic_write::write_atomically;
use crate::codec::CodecPool;

/// The parts of a batch that its work needs for each image.
pub struct BatchContext {
    pub engine: Engine,
    pub codecs: CodecPool,
    /// Maximum number of pixels per forward pass.
    pub max_forward_pixels: u64,
    pub limits: DecodeLimits,
    pub encode: EncodeOptions,
    /// Folder of the images.
    pub images: PathBuf,
    /// Folder of the results.
    pub output: PathBuf,
}

impl BatchContext {
    /// Reads a file on a codec thread.
    pub async fn read(&self, path: PathBuf) -> anyhow::Result<Vec<u8>> {
        Ok(self.codecs.run(move || std::fs::read(path)).await??)
    }

    /// Encodes a result on a codec thread and writes it atomically.
    pub async fn write<E>(
        &self,
        path: PathBuf,
        encode: impl FnOnce(&EncodeOptions) -> Result<Vec<u8>, E> + Send + 'static,
    ) -> anyhow::Result<()>
    where
        E: Into<anyhow::Error> + Send + 'static,
    {
        let options = self.encode;
        let write = move || {
            let bytes = encode(&options).map_err(Into::into)?;
            write_atomically(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))
        };
        self.codecs.run(write).await?
    }
}

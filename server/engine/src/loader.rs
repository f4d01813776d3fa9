//! From a model's file to a model that runs.

use std::io;

use iopaint_inpaint::Inpainter;
use iopaint_torch::{Device, LamaModel, Source};

use crate::download::DownloadError;
use crate::locate::ModelFile;
use crate::registry::{Format, ModelSpec};
use crate::verify::{VerifyError, verify};

/// Loads models. The engine knows no more of a backend than this.
pub trait ModelLoader: Send + Sync + 'static {
    /// Reads the file of `spec` and makes the model ready to run. Takes seconds; called on a thread of its own.
    ///
    /// # Errors
    /// [`LoadError`]; nothing else changes.
    fn load(&self, spec: &ModelSpec, file: &ModelFile) -> Result<Box<dyn Inpainter>, LoadError>;
}

/// Why a model can't serve.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Only known files are wanted and this isn't one, or it can't be read.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The file is no model of this kind.
    #[error(transparent)]
    Module(#[from] iopaint_torch::LoadError),
    /// The file isn't on this machine and was not to be downloaded.
    #[error("its file is not on this machine")]
    Absent,
    /// The file could not be downloaded.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The backend failed in a way that it shouldn't.
    #[error("loading it failed unexpectedly")]
    Panicked,
    /// The system has no room for another thread.
    #[error("no thread could be started to load it: {0}")]
    Thread(#[source] io::Error),
}

/// Loads `TorchScript` files through libtorch.
#[derive(Clone, Copy, Debug)]
pub struct TorchLoader {
    /// Where models run.
    pub device: Device,
    /// Whether files with unknown hashes are refused.
    pub strict: bool,
}

impl ModelLoader for TorchLoader {
    fn load(&self, spec: &ModelSpec, file: &ModelFile) -> Result<Box<dyn Inpainter>, LoadError> {
        verify(spec, file, self.strict)?;
        let source = match file {
            ModelFile::Path(path) => Source::File(path),
            ModelFile::Builtin(bytes) => Source::Bytes(bytes),
        };
        match spec.format {
            Format::Lama => Ok(Box::new(LamaModel::load(source, self.device, spec.padding)?)),
        }
    }
}

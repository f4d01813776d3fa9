//! From a model's files to a model that runs.

use std::num::NonZeroUsize;
use std::thread;

use iopaint_classical::{Cv2, HybridInpainter, PatchMatch};
use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{
    Detail, HdStrategy, InpaintError, InpaintOptions, Inpainter, Unmonitored, Window, inpaint,
};
use iopaint_torch::{Device, LamaModel, MangaModel, SignedInput, SignedModel, Source};

use crate::download::DownloadError;
use crate::locate::ModelFile;
use crate::registry::{ModelContract, ModelSpec};
use crate::verify::{VerifyError, report, verify};

/// The images that MI-GAN and `FcF` were trained on, and the context that IOPaint gives them.
const MIGAN_WINDOW: Window = Window {
    side: 512,
    margin: 128,
};

/// The side of the picture that a model is tried with, in pixels; it is padded to what the model takes.
const TRIAL: u32 = 64;

/// The same picture is filled the same way every time.
const PATCH_SEED: u64 = 0;

/// Loads models. The engine knows no more of a backend than this.
pub trait ModelLoader: Send + Sync + 'static {
    /// Reads the `files` of `spec`, in its order, and makes the model ready to run. Takes seconds; called on a thread of its own.
    ///
    /// # Errors
    /// [`LoadError`]; nothing else changes.
    fn load(&self, spec: &ModelSpec, files: &[ModelFile]) -> Result<Box<dyn Inpainter>, LoadError>;

    /// What gives detail back to fillings that were made scaled down; they stay soft where there is nothing.
    fn detail(&self) -> Option<Box<dyn Detail>> {
        None
    }
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
    /// The file is a model, but it can't fill a picture.
    #[error("it can't fill a picture: {0}")]
    Trial(InpaintError),
    /// A file isn't on this machine and was not to be downloaded.
    #[error("its file is not on this machine")]
    Absent,
    /// The file could not be downloaded.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The backend failed in a way that it shouldn't.
    #[error("loading it failed unexpectedly")]
    Panicked,
}

/// Loads `TorchScript` files through libtorch, and this program's own algorithms.
#[derive(Clone, Copy, Debug)]
pub struct TorchLoader {
    /// Where models run.
    pub device: Device,
    /// Whether files with unknown hashes are refused.
    pub strict: bool,
    /// How many threads this program's own algorithms use; libtorch has its own number.
    pub threads: NonZeroUsize,
}

impl ModelLoader for TorchLoader {
    fn load(&self, spec: &ModelSpec, files: &[ModelFile]) -> Result<Box<dyn Inpainter>, LoadError> {
        // A file is a program: where only known ones may run, it is looked at before. Elsewhere the look is for the log,
        // and nobody waits for it: it takes as long as reading the file does.
        if self.strict {
            for (expected, found) in spec.files.iter().zip(files) {
                verify(&spec.name, expected, found)?;
            }
        }
        let model = self.read(spec, files)?;
        if !self.strict {
            report_later(spec, files);
        }
        Ok(model)
    }

    fn detail(&self) -> Option<Box<dyn Detail>> {
        Some(Box::new(self.patches()))
    }
}

impl TorchLoader {
    fn read(&self, spec: &ModelSpec, files: &[ModelFile]) -> Result<Box<dyn Inpainter>, LoadError> {
        let sources: Vec<Source<'_>> = files
            .iter()
            .map(|file| match file {
                ModelFile::Path(path) => Source::File(path),
                ModelFile::Builtin(bytes) => Source::Bytes(bytes),
            })
            .collect();
        let mut model = self.model(spec, &sources)?;
        try_out(model.as_mut()).map_err(LoadError::Trial)?;
        Ok(model)
    }

    fn model(&self, spec: &ModelSpec, sources: &[Source<'_>]) -> Result<Box<dyn Inpainter>, LoadError> {
        match spec.format {
            ModelContract::Lama => {
                let [source] = exactly(sources)?;
                Ok(Box::new(LamaModel::load(source, self.device, spec.padding)?))
            }
            ModelContract::Migan => self.signed(sources, spec, SignedInput::Erased, Some(MIGAN_WINDOW)),
            ModelContract::Mat => self.signed(sources, spec, SignedInput::ImageAndKept, None),
            ModelContract::Manga => {
                let [inpaintor, lines] = exactly(sources)?;
                let model = MangaModel::load(inpaintor, lines, self.device, spec.padding)?;
                Ok(Box::new(model))
            }
            ModelContract::LamaPatches => {
                let [source] = exactly(sources)?;
                let network = LamaModel::load(source, self.device, spec.padding)?;
                Ok(Box::new(HybridInpainter::new(Box::new(network), self.patches())))
            }
            ModelContract::Patchmatch => Ok(Box::new(self.patches())),
            ModelContract::Cv2 => Ok(Box::new(Cv2)),
        }
    }

    fn patches(&self) -> PatchMatch {
        PatchMatch::new(self.threads, PATCH_SEED)
    }

    fn signed(
        &self,
        sources: &[Source<'_>],
        spec: &ModelSpec,
        input: SignedInput,
        window: Option<Window>,
    ) -> Result<Box<dyn Inpainter>, LoadError> {
        let [source] = exactly(sources)?;
        let model = SignedModel::load(source, self.device, spec.padding, input, window)?;
        Ok(Box::new(model))
    }
}

/// Says in the log which files aren't the known ones, on a thread of its own.
fn report_later(spec: &ModelSpec, files: &[ModelFile]) {
    let (name, expected, found) = (spec.name.clone(), spec.files.clone(), files.to_vec());
    let reporting = thread::Builder::new().name("verify".into()).spawn(move || {
        for (expected, found) in expected.iter().zip(&found) {
            report(&name, expected, found);
        }
    });
    if let Err(error) = reporting {
        tracing::warn!(model = spec.name, %error, "its files were not compared with the known ones");
    }
}

/// The sources of a format that has `COUNT` files.
fn exactly<'a, const COUNT: usize>(sources: &[Source<'a>]) -> Result<[Source<'a>; COUNT], LoadError> {
    sources.try_into().map_err(|_| LoadError::Absent)
}

/// Fills a small picture. The first forward of a network is slower than those after it, and a file that is a network
/// of another kind is found out here, while the old model still serves.
fn try_out(model: &mut dyn Inpainter) -> Result<(), InpaintError> {
    let image = RgbImage::from_pixel(TRIAL, TRIAL, [128; 3].into());
    let hole = |x: u32, y: u32| (24..40).contains(&x) && (24..40).contains(&y);
    let mask = GrayImage::from_fn(TRIAL, TRIAL, |x, y| [u8::from(hole(x, y)) * 255].into());
    let options = InpaintOptions {
        strategy: HdStrategy::Original,
        ..InpaintOptions::default()
    };
    inpaint(model, None, &image, &mask, &options, &Unmonitored).map(|_| ())
}

//! Loading of models from their files.

use std::borrow::Cow;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::Path;

use iopaint_classical::{Cv2, HybridInpainter, PatchMatch};
use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{
    Detail, HdStrategy, InpaintError, InpaintOptions, Inpainter, LdmOptions, Unmonitored, Window, inpaint,
};
use iopaint_onnx::OnnxNetwork;
use iopaint_torch::{
    BirefnetNetwork, Device, FaceArchitecture, FaceNetwork, LamaModel, LdmModel, MangaModel,
    NetworkLoadError, Sam2Network, SamNetwork, SignedInput, SignedModel, Source, TensorFile, TorchNetwork,
    Upscaler, ZitsModel,
};
use iopaint_vision::selection::PromptNetwork;
use iopaint_vision::{FaceNetworks, Network, TextNetworks};

use crate::download::DownloadError;
use crate::loaded_model::LoadedModel;
use crate::model_store::ModelFile;
use crate::plugin_devices::PluginDevices;
use crate::registry::{BuiltinFile, ModelContract, ModelSpec, ModelTask};
use crate::verify::{VerifyError, log_mismatch_in_background, verify};

/// Window of MI-GAN in pixels: the side of its training images, and the context margin that IOPaint uses.
const MIGAN_WINDOW: Window = Window {
    side: 512,
    margin: 128,
};

/// Side of the warm-up image in pixels, before the model's padding.
const WARMUP_SIDE_PX: u32 = 64;

/// The built-in network that segments the strokes of text, beside every text detector.
const STROKES_FILE: &str = "text-strokes.onnx";

/// Seed of the patch search; fixed, so that results are reproducible.
const PATCHMATCH_SEED: u64 = 0;

/// Loads models on one device; the engine's interface to a backend.
pub trait ModelLoader: Send + Sync + 'static {
    /// Loads the model `spec` from `files`, in the order of `spec.files`. Takes seconds; called on its own
    /// thread.
    ///
    /// # Errors
    /// [`ModelLoadError`]; loaded models are not affected.
    fn load(&self, spec: &ModelSpec, files: &[ModelFile]) -> Result<LoadedModel, ModelLoadError>;

    /// Returns the device that models are loaded on.
    fn device(&self) -> Device {
        Device::Cpu
    }

    /// Returns the algorithm that restores detail in regions inpainted at reduced size; without it they stay
    /// soft.
    fn detail(&self) -> Option<Box<dyn Detail>> {
        None
    }
}

/// Error of loading a model.
#[derive(Debug, thiserror::Error)]
pub enum ModelLoadError {
    /// The file failed strict verification or could not be read.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The file is not a model of this contract.
    #[error(transparent)]
    Module(#[from] iopaint_torch::TorchScriptError),
    /// The file is not an ONNX model that can run.
    #[error(transparent)]
    Onnx(#[from] iopaint_onnx::ModelFileError),
    /// The file is not the state dict of a known network.
    #[error(transparent)]
    StateDict(#[from] NetworkLoadError),
    /// The file can't be read.
    #[error("its file can't be read: {0}")]
    Read(String),
    /// The model failed on the warm-up image.
    #[error("it failed on a test image: {0}")]
    WarmUp(InpaintError),
    /// A file is missing and has no URL, or downloads are disabled.
    #[error("its file is not on this machine")]
    Absent,
    /// A file could not be downloaded.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// The backend panicked.
    #[error("internal error; see the server log")]
    Panicked,
}

/// Loads `TorchScript` files and state dicts through libtorch, ONNX files, and the algorithms without
/// weights.
#[derive(Clone, Copy, Debug)]
pub struct TorchLoader {
    /// Device on which networks run.
    pub device: Device,
    /// Devices of the plugins' networks where they differ.
    pub plugin_devices: PluginDevices,
    /// If true, files without a matching pinned hash are rejected.
    pub strict: bool,
    /// Threads of ONNX models and of the algorithms without weights; libtorch's threads are set separately.
    pub threads: NonZeroUsize,
}

impl ModelLoader for TorchLoader {
    fn load(&self, spec: &ModelSpec, files: &[ModelFile]) -> Result<LoadedModel, ModelLoadError> {
        // TorchScript files contain code. In strict mode they are verified before they are loaded; otherwise
        // a mismatch is only logged, and hashing in the background keeps loading fast.
        if self.strict {
            for (expected, found) in spec.files.iter().zip(files) {
                verify(&spec.name, expected, found)?;
            }
        }
        let model = self.load_files(spec, files)?;
        if !self.strict {
            log_mismatch_in_background(spec, files);
        }
        Ok(model)
    }

    fn device(&self) -> Device {
        self.device
    }

    fn detail(&self) -> Option<Box<dyn Detail>> {
        Some(Box::new(self.patchmatch()))
    }
}

impl TorchLoader {
    fn load_files(&self, spec: &ModelSpec, files: &[ModelFile]) -> Result<LoadedModel, ModelLoadError> {
        let contents = files
            .iter()
            .map(|file| match file {
                ModelFile::Path(_) => Ok(Vec::new()),
                ModelFile::Builtin(file) => file.content(),
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| ModelLoadError::Read(error.to_string()))?;
        let sources: Vec<Source<'_>> = files
            .iter()
            .zip(&contents)
            .map(|(file, content)| match file {
                ModelFile::Path(path) => Source::File(path),
                ModelFile::Builtin(_) => Source::Bytes(content),
            })
            .collect();
        match spec.task() {
            ModelTask::Inpaint => {
                let mut model = self.load_inpainter(spec, &sources)?;
                // LaMa's loader has run it already.
                if spec.format != ModelContract::Lama {
                    warm_up(model.as_mut()).map_err(ModelLoadError::WarmUp)?;
                }
                Ok(LoadedModel::Inpainter(model))
            }
            ModelTask::Segment | ModelTask::DetectText | ModelTask::Upscale => {
                Ok(self.load_network(spec, &sources)?.into())
            }
            ModelTask::SegmentByPrompt => Ok(self.load_prompt_network(spec, &sources)?.into()),
            ModelTask::RestoreFaces => Ok(self.load_face_networks(spec, &sources)?.into()),
        }
    }

    fn load_inpainter(
        &self,
        spec: &ModelSpec,
        sources: &[Source<'_>],
    ) -> Result<Box<dyn Inpainter>, ModelLoadError> {
        match spec.format {
            ModelContract::Lama => {
                let [source] = expect_files(sources)?;
                Ok(Box::new(LamaModel::load(source, self.device, spec.padding)?))
            }
            ModelContract::Migan => self.signed(sources, spec, SignedInput::Erased, Some(MIGAN_WINDOW)),
            ModelContract::Mat => self.generator(sources, spec, SignedInput::ImageAndKept, None),
            ModelContract::Fcf => self.generator(sources, spec, SignedInput::Erased, Some(MIGAN_WINDOW)),
            ModelContract::Manga => {
                let [inpainter, line_extractor] = expect_files(sources)?;
                let model = MangaModel::load(inpainter, line_extractor, self.device, spec.padding)?;
                Ok(Box::new(model))
            }
            ModelContract::Ldm => Ok(Box::new(LdmModel::load(
                expect_files(sources)?,
                self.device,
                spec.padding,
            )?)),
            ModelContract::Zits => Ok(Box::new(ZitsModel::load(
                expect_files(sources)?,
                self.device,
                spec.padding,
            )?)),
            ModelContract::LamaPatches => {
                let [source] = expect_files(sources)?;
                let network = LamaModel::load(source, self.device, spec.padding)?;
                Ok(Box::new(HybridInpainter::new(
                    Box::new(network),
                    self.patchmatch(),
                )))
            }
            ModelContract::Patchmatch => Ok(Box::new(self.patchmatch())),
            ModelContract::Cv2 => Ok(Box::new(Cv2)),
            ModelContract::U2net
            | ModelContract::Isnet
            | ModelContract::Birefnet
            | ModelContract::AnimeSeg
            | ModelContract::Rmbg
            | ModelContract::Rmbg2
            | ModelContract::DbText
            | ModelContract::RealEsrgan
            | ModelContract::Sam
            | ModelContract::Sam2
            | ModelContract::Gfpgan
            | ModelContract::RestoreFormer => Err(ModelLoadError::Absent),
        }
    }

    fn plugin_device(&self, spec: &ModelSpec) -> Device {
        let selected = self.plugin_devices.of_contract(spec.format);
        selected.unwrap_or(self.device)
    }

    fn load_network(
        &self,
        spec: &ModelSpec,
        sources: &[Source<'_>],
    ) -> Result<Box<dyn Network>, ModelLoadError> {
        let [source] = expect_files(sources)?;
        let device = self.plugin_device(spec);
        match spec.format {
            ModelContract::RealEsrgan => return Ok(Box::new(Upscaler::load(&read(source)?, device)?)),
            ModelContract::AnimeSeg | ModelContract::Rmbg => {
                return Ok(Box::new(TorchNetwork::load_isnet(&read(source)?, device)?));
            }
            ModelContract::Rmbg2 => {
                let network = with_tensor_file(source, |file| BirefnetNetwork::load(file, device))?;
                return Ok(Box::new(network));
            }
            _ => {}
        }
        let is_torchscript = spec.files.iter().any(|file| {
            Path::new(&file.name)
                .extension()
                .is_some_and(|extension| extension == "pt")
        });
        if let Some(saliency) = spec.format.saliency_spec().filter(|_| is_torchscript) {
            let side = saliency.side as usize;
            let network = TorchNetwork::load(source, device, [1, 3, side, side])?;
            return Ok(Box::new(network));
        }
        if device != Device::Cpu {
            tracing::info!(model = spec.name, %device, "ONNX networks run on the CPU");
        }
        let threads = self.threads.get();
        let network: Box<dyn Network> = match source {
            Source::File(path) => Box::new(OnnxNetwork::load_file(path, threads)?),
            Source::Bytes(bytes) => Box::new(OnnxNetwork::load_bytes(bytes.to_vec(), threads)?),
        };
        match spec.task() {
            ModelTask::DetectText => Ok(Box::new(TextNetworks::new(network, self.stroke_network()?))),
            _ => Ok(network),
        }
    }

    fn load_prompt_network(
        &self,
        spec: &ModelSpec,
        sources: &[Source<'_>],
    ) -> Result<Box<dyn PromptNetwork>, ModelLoadError> {
        let [source] = expect_files(sources)?;
        let device = self.plugin_device(spec);
        Ok(match spec.format {
            ModelContract::Sam2 => {
                Box::new(with_tensor_file(source, |file| Sam2Network::load(file, device))?)
            }
            _ => Box::new(with_tensor_file(source, |file| SamNetwork::load(file, device))?),
        })
    }

    /// Loads the networks that restore faces: the restorer, the detector and the parser.
    fn load_face_networks(
        &self,
        spec: &ModelSpec,
        sources: &[Source<'_>],
    ) -> Result<Box<dyn Network>, ModelLoadError> {
        let [restorer, detector, parser] = expect_files(sources)?;
        let device = self.plugin_device(spec);
        let load = |source, architecture| -> Result<Box<dyn Network>, ModelLoadError> {
            let load = |file: TensorFile<'_>| FaceNetwork::load(file, architecture, device);
            Ok(Box::new(with_tensor_file(source, load)?))
        };
        let architecture = match spec.format {
            ModelContract::RestoreFormer => FaceArchitecture::RestoreFormer,
            _ => FaceArchitecture::Gfpgan,
        };
        Ok(Box::new(FaceNetworks::new(
            load(detector, FaceArchitecture::RetinaFace)?,
            load(restorer, architecture)?,
            load(parser, FaceArchitecture::ParseNet)?,
        )))
    }

    /// Loads the network that segments the strokes of text.
    fn stroke_network(&self) -> Result<Box<dyn Network>, ModelLoadError> {
        let content = BuiltinFile::named(STROKES_FILE)
            .ok_or(ModelLoadError::Absent)?
            .content();
        let content = content.map_err(|error| ModelLoadError::Read(error.to_string()))?;
        Ok(Box::new(OnnxNetwork::load_bytes(content, self.threads.get())?))
    }

    fn patchmatch(&self) -> PatchMatch {
        PatchMatch::new(self.threads, PATCHMATCH_SEED)
    }

    /// Loads a TorchScript file or a state dict, whichever the file contains.
    fn generator(
        &self,
        sources: &[Source<'_>],
        spec: &ModelSpec,
        input: SignedInput,
        window: Option<Window>,
    ) -> Result<Box<dyn Inpainter>, ModelLoadError> {
        let [source] = expect_files(sources)?;
        let is_torchscript = source
            .is_torchscript()
            .map_err(|error| ModelLoadError::Read(error.to_string()))?;
        if is_torchscript {
            return self.signed(sources, spec, input, window);
        }
        let file = read(source)?;
        let model = SignedModel::load_state_dict(&file, self.device, spec.padding, input, window)?;
        Ok(Box::new(model))
    }

    fn signed(
        &self,
        sources: &[Source<'_>],
        spec: &ModelSpec,
        input: SignedInput,
        window: Option<Window>,
    ) -> Result<Box<dyn Inpainter>, ModelLoadError> {
        let [source] = expect_files(sources)?;
        let model = SignedModel::load(source, self.device, spec.padding, input, window)?;
        Ok(Box::new(model))
    }
}

/// Opens a state dict and loads a network from it. Tensors of a file on disk are read one by one.
fn with_tensor_file<T>(
    source: Source<'_>,
    load: impl FnOnce(TensorFile<'_>) -> Result<T, NetworkLoadError>,
) -> Result<T, ModelLoadError> {
    let read_error = |error: std::io::Error| ModelLoadError::Read(error.to_string());
    Ok(match source {
        Source::File(path) => {
            let file = File::open(path).map_err(read_error)?;
            load(TensorFile::try_from(&file).map_err(read_error)?)?
        }
        Source::Bytes(bytes) => load(bytes.into())?,
    })
}

/// Returns the contents of a file.
fn read(source: Source<'_>) -> Result<Cow<'_, [u8]>, ModelLoadError> {
    match source {
        Source::File(path) => fs::read(path)
            .map(Cow::Owned)
            .map_err(|error| ModelLoadError::Read(error.to_string())),
        Source::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
    }
}

/// Converts the sources of a contract with `COUNT` files to an array.
fn expect_files<'a, const COUNT: usize>(
    sources: &[Source<'a>],
) -> Result<[Source<'a>; COUNT], ModelLoadError> {
    sources.try_into().map_err(|_| ModelLoadError::Absent)
}

/// Runs one small image, since a network's first forward is slow, and to detect files of another contract
/// while the previous model still serves.
fn warm_up(model: &mut dyn Inpainter) -> Result<(), InpaintError> {
    let image = RgbImage::from_pixel(WARMUP_SIDE_PX, WARMUP_SIDE_PX, [128; 3].into());
    let hole = |x: u32, y: u32| (24..40).contains(&x) && (24..40).contains(&y);
    let mask = Mask::from_fn(WARMUP_SIDE_PX, WARMUP_SIDE_PX, hole);
    let options = InpaintOptions {
        strategy: HdStrategy::Original,
        ldm: LdmOptions {
            steps: 1,
            ..LdmOptions::default()
        },
        ..InpaintOptions::default()
    };
    inpaint(model, None, &image, mask.as_coverage(), &options, &Unmonitored).map(|_| ())
}

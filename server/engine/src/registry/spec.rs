//! Static description of a model.

use std::path::PathBuf;

use iopaint_inpaint::Padding;
use iopaint_vision::SaliencySpec;
use serde::Deserialize;

use super::builtin_file::BuiltinFile;

/// A model: its name, input contract and files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSpec {
    /// Unique name: ASCII letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Display name.
    pub title: String,
    /// Inputs and outputs.
    pub format: ModelContract,
    /// Constraints on the sides of its input.
    pub padding: Padding,
    /// Largest forward in pixels (width x height after padding); `None`: only the server's limit applies.
    pub max_forward_pixels: Option<u64>,
    /// Licence of the weights as an SPDX expression; `None` if unknown.
    pub licence: Option<String>,
    /// The weights: [`ModelContract::file_count`] files, in the order of the contract.
    pub files: Vec<FileSpec>,
}

impl ModelSpec {
    /// Returns the task that the model performs.
    #[must_use]
    pub fn task(&self) -> ModelTask {
        self.format.task()
    }

    /// Returns true if the model needs no files on disk: its weights are compiled in, or it has none.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        self.files
            .iter()
            .all(|file| matches!(file.origin, Origin::Builtin(_)))
    }
}

/// A model file: its name, origin and expected contents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSpec {
    /// File name, without folders.
    pub name: String,
    /// Source of the file.
    pub origin: Origin,
    /// Expected hashes; empty if none is pinned.
    pub hashes: Hashes,
    /// Expected size in bytes.
    pub size: Option<u64>,
    /// Approximate size in bytes, for display if `size` is `None`.
    pub approximate_size: Option<u64>,
    /// The same file in a repository of Hugging Face, whose cache is searched too.
    pub hub: Option<HubFile>,
    /// Prefix of the environment variables `<env>_URL` and `<env>_MD5`, which override URL and hash.
    pub env: Option<String>,
}

/// A file of a repository of Hugging Face.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HubFile {
    /// Owner of the repository.
    pub owner: String,
    /// Name of the repository.
    pub repository: String,
    /// Name of the file.
    pub file: String,
}

impl TryFrom<String> for HubFile {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.split('/').collect::<Vec<_>>()[..] {
            [owner, repository, file] => Ok(Self {
                owner: owner.to_owned(),
                repository: repository.to_owned(),
                file: file.to_owned(),
            }),
            _ => Err("`hub` must be `<owner>/<repository>/<file>`"),
        }
    }
}

/// Source of a model file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The model folders, searched by name.
    #[default]
    Disk,
    /// The model folders, searched by name; a missing file is downloaded from this URL.
    Url(String),
    /// This path: beside a user's description, or from the environment.
    Path(PathBuf),
    /// Compiled into the program.
    Builtin(BuiltinFile),
}

/// Pinned hashes in lower-case hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    /// MD5, the hash that IOPaint pins.
    pub md5: Option<String>,
    /// SHA-256.
    pub sha256: Option<String>,
}

impl Hashes {
    /// Returns true if no hash is pinned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.md5.is_none() && self.sha256.is_none()
    }
}

/// Inputs and outputs of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelContract {
    /// `TorchScript` with `forward(image [1, 3, H, W] in 0..1, mask [1, 1, H, W] of 0 and 1) -> [1, 3, H, W]
    /// in 0..1`.
    Lama,
    /// `TorchScript` with `forward(cat(0.5 - mask, image x (1 - mask)) [1, 4, H, W]) -> [1, 3, H, W]`, images
    /// in -1..1; each part of the hole is processed in a window.
    Migan,
    /// `TorchScript` with `forward(image [1, 3, H, W], known [1, 1, H, W] of 0 and 1) -> [1, 3, H, W]`,
    /// images in -1..1, or MAT's state dict.
    Mat,
    /// As [`ModelContract::Migan`], or `FcF`'s state dict.
    Fcf,
    /// Two `TorchScript` files: an inpainting network for gray images and a line extractor.
    Manga,
    /// Three `TorchScript` files: the encoder, the decoder and the diffusion network of latent diffusion.
    Ldm,
    /// Four `TorchScript` files: the networks that find lines, complete edges and lines, enlarge them, and
    /// inpaint along them.
    Zits,
    /// [`ModelContract::Lama`] for pixels near the hole's boundary, `PatchMatch` for deeper ones.
    LamaPatches,
    /// `PatchMatch`, without weights.
    Patchmatch,
    /// `OpenCV`'s `inpaint`, without weights.
    Cv2,
    /// ONNX: `U^2-Net` and its relatives of rembg, a saliency network for 320 x 320 pixels.
    U2net,
    /// ONNX: `IS-Net`, a saliency network for 1024 x 1024 pixels.
    Isnet,
    /// ONNX: `BiRefNet`, a saliency network for 1024 x 1024 pixels.
    Birefnet,
    /// `PyTorch` state dict: anime-segmentation's `IS-Net`, for 1024 x 1024 pixels.
    AnimeSeg,
    /// `PyTorch` state dict: RMBG-1.4, an `IS-Net` for 1024 x 1024 pixels.
    Rmbg,
    /// Safetensors or a `PyTorch` state dict: RMBG-2.0, a `BiRefNet` for 1024 x 1024 pixels.
    Rmbg2,
    /// ONNX: a text detector with differentiable binarization (DB), as `PaddleOCR`'s.
    DbText,
    /// `PyTorch` state dict: an upscaling network of Real-ESRGAN.
    RealEsrgan,
    /// `PyTorch` state dict: SAM, MobileSAM or HQ-SAM.
    Sam,
    /// `PyTorch` state dict: SAM 2 or SAM 2.1.
    Sam2,
    /// Three `PyTorch` state dicts: GFP-GAN, the detector `RetinaFace` and `ParseNet`.
    Gfpgan,
    /// As [`ModelContract::Gfpgan`], with `RestoreFormer` as the first file.
    #[serde(rename = "restoreformer")]
    RestoreFormer,
}

impl ModelContract {
    /// Returns the number of files of a model; 0 for algorithms without weights.
    #[must_use]
    pub fn file_count(self) -> usize {
        match self {
            Self::Cv2 | Self::Patchmatch => 0,
            Self::Lama
            | Self::LamaPatches
            | Self::Migan
            | Self::Mat
            | Self::Fcf
            | Self::U2net
            | Self::Isnet
            | Self::Birefnet
            | Self::AnimeSeg
            | Self::Rmbg
            | Self::Rmbg2
            | Self::DbText
            | Self::RealEsrgan
            | Self::Sam
            | Self::Sam2 => 1,
            Self::Manga => 2,
            Self::Ldm | Self::Gfpgan | Self::RestoreFormer => 3,
            Self::Zits => 4,
        }
    }

    /// Returns the input and output of a saliency network; `None` for other contracts.
    #[must_use]
    pub fn saliency_spec(self) -> Option<SaliencySpec> {
        match self {
            Self::U2net => Some(SaliencySpec::U2NET),
            Self::Isnet => Some(SaliencySpec::ISNET),
            Self::Birefnet => Some(SaliencySpec::BIREFNET),
            Self::AnimeSeg => Some(SaliencySpec::ANIME_SEG),
            Self::Rmbg => Some(SaliencySpec::RMBG),
            Self::Rmbg2 => Some(SaliencySpec::RMBG2),
            _ => None,
        }
    }

    /// Returns the task of models with this contract.
    #[must_use]
    pub fn task(self) -> ModelTask {
        match self {
            Self::Lama
            | Self::LamaPatches
            | Self::Migan
            | Self::Mat
            | Self::Fcf
            | Self::Manga
            | Self::Ldm
            | Self::Zits
            | Self::Patchmatch
            | Self::Cv2 => ModelTask::Inpaint,
            Self::U2net | Self::Isnet | Self::Birefnet | Self::AnimeSeg | Self::Rmbg | Self::Rmbg2 => {
                ModelTask::Segment
            }
            Self::DbText => ModelTask::DetectText,
            Self::RealEsrgan => ModelTask::Upscale,
            Self::Sam | Self::Sam2 => ModelTask::SegmentByPrompt,
            Self::Gfpgan | Self::RestoreFormer => ModelTask::RestoreFaces,
        }
    }

    /// Returns the extension of model files with this contract, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::AnimeSeg
            | Self::Rmbg
            | Self::RealEsrgan
            | Self::Sam
            | Self::Sam2
            | Self::Gfpgan
            | Self::RestoreFormer => "pth",
            Self::Rmbg2 => "safetensors",
            Self::U2net | Self::Isnet | Self::Birefnet | Self::DbText => "onnx",
            _ => "pt",
        }
    }

    /// Returns the default padding of models with this contract.
    #[must_use]
    pub fn padding(self) -> Padding {
        let (modulo, min_size, square) = match self {
            Self::Lama | Self::LamaPatches => (8, 0, false),
            Self::Migan | Self::Mat | Self::Fcf => (512, 512, true),
            Self::Manga => (16, 0, false),
            Self::Ldm => (32, 0, false),
            Self::Zits => (32, 256, true),
            Self::Cv2
            | Self::Patchmatch
            | Self::U2net
            | Self::Isnet
            | Self::Birefnet
            | Self::AnimeSeg
            | Self::Rmbg
            | Self::Rmbg2
            | Self::DbText
            | Self::RealEsrgan
            | Self::Sam
            | Self::Sam2
            | Self::Gfpgan
            | Self::RestoreFormer => (1, 0, false),
        };
        Padding {
            modulo,
            min_size,
            square,
        }
    }
}

/// The task that a model performs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelTask {
    /// Inpaints from the surroundings, without a prompt.
    Inpaint,
    /// Separates objects from the background.
    Segment,
    /// Selects the object that clicks or a box describe.
    SegmentByPrompt,
    /// Finds text.
    DetectText,
    /// Enlarges images.
    Upscale,
    /// Restores faces.
    RestoreFaces,
}

/// A plugin: a feature beside inpainting that runs a model of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginSpec {
    /// Unique name in requests, as in `IOPaint` where it has such a plugin.
    pub name: String,
    /// Display name.
    pub title: String,
    /// The feature.
    pub kind: PluginKind,
    /// Name of its default model, which is built in unless the plugin is optional.
    pub model: String,
    /// True if the plugin is enabled only by name, or if its model is on disk when the server starts.
    pub optional: bool,
}

/// The feature of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginKind {
    /// Selects an object by clicks or an area.
    Select,
    /// Selects text.
    SelectText,
    /// Removes or selects the background.
    RemoveBackground,
    /// Removes or selects the background of drawn characters.
    AnimeSeg,
    /// Enlarges images.
    Upscale,
    /// Restores faces by GFP-GAN.
    RestoreFaces,
    /// Restores faces by `RestoreFormer`.
    #[serde(rename = "restoreformer")]
    RestoreFormer,
}

impl PluginKind {
    /// Returns the tasks of models that the plugin can run.
    #[must_use]
    pub fn tasks(self) -> &'static [ModelTask] {
        match self {
            Self::Select => &[ModelTask::Segment, ModelTask::SegmentByPrompt],
            Self::RemoveBackground | Self::AnimeSeg => &[ModelTask::Segment],
            Self::SelectText => &[ModelTask::DetectText],
            Self::Upscale => &[ModelTask::Upscale],
            Self::RestoreFaces | Self::RestoreFormer => &[ModelTask::RestoreFaces],
        }
    }

    /// Returns the task of the plugin's default model.
    #[must_use]
    pub fn task(self) -> ModelTask {
        match self {
            Self::Select | Self::RemoveBackground | Self::AnimeSeg => ModelTask::Segment,
            Self::SelectText => ModelTask::DetectText,
            Self::Upscale => ModelTask::Upscale,
            Self::RestoreFaces | Self::RestoreFormer => ModelTask::RestoreFaces,
        }
    }

    /// Returns true if `IOPaint` has a plugin of this kind.
    #[must_use]
    pub fn is_known_to_iopaint(self) -> bool {
        self != Self::SelectText
    }

    /// Returns true if the plugin returns images.
    #[must_use]
    pub fn gives_image(self) -> bool {
        matches!(
            self,
            Self::RemoveBackground
                | Self::AnimeSeg
                | Self::Upscale
                | Self::RestoreFaces
                | Self::RestoreFormer
        )
    }

    /// Returns true if the plugin returns masks.
    #[must_use]
    pub fn gives_mask(self) -> bool {
        !matches!(self, Self::Upscale | Self::RestoreFaces | Self::RestoreFormer)
    }
}

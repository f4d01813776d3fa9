//! Static description of a model.

use std::path::PathBuf;

use iopaint_inpaint::Padding;
use serde::Deserialize;

/// A model: its name, input contract and files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSpec {
    /// Unique name: ASCII letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Display name.
    pub title: String,
    /// Inputs and outputs.
    pub format: ModelContract,
    /// The task that the model performs.
    pub task: ModelTask,
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
    /// Prefix of the environment variables `<env>_URL` and `<env>_MD5`, which override URL and hash.
    pub env: Option<String>,
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
    Builtin(&'static [u8]),
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
    /// images in -1..1.
    Mat,
    /// Two `TorchScript` files: an inpainting network for gray images and a line extractor.
    Manga,
    /// [`ModelContract::Lama`] for pixels near the hole's boundary, `PatchMatch` for deeper ones.
    LamaPatches,
    /// `PatchMatch`, without weights.
    Patchmatch,
    /// `OpenCV`'s `inpaint`, without weights.
    Cv2,
}

impl ModelContract {
    /// Returns the number of files of a model; 0 for algorithms without weights.
    #[must_use]
    pub fn file_count(self) -> usize {
        match self {
            Self::Cv2 | Self::Patchmatch => 0,
            Self::Lama | Self::LamaPatches | Self::Migan | Self::Mat => 1,
            Self::Manga => 2,
        }
    }

    /// Returns the default padding of models with this contract.
    #[must_use]
    pub fn padding(self) -> Padding {
        let (modulo, min_size, square) = match self {
            Self::Lama | Self::LamaPatches => (8, 0, false),
            Self::Migan | Self::Mat => (512, 512, true),
            Self::Manga => (16, 0, false),
            Self::Cv2 | Self::Patchmatch => (1, 0, false),
        };
        Padding {
            modulo,
            min_size,
            square,
        }
    }
}

/// The task that a model performs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelTask {
    /// Inpaints from the surroundings, without a prompt.
    #[default]
    Inpaint,
}

//! What is known of a model before it is loaded.

use std::path::PathBuf;

use iopaint_inpaint::Padding;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A model that can be asked for by name: what it takes and where its files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSpec {
    /// How clients and `--model` call it: ASCII letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// How people read it.
    pub title: String,
    /// What it takes and gives.
    pub format: ModelContract,
    /// The type that IOPaint's clients know.
    pub model_type: ModelType,
    /// The sides that it takes.
    pub padding: Padding,
    /// The largest forward in pixels (width x height after padding); `None` where only the server's limit counts.
    pub max_forward_pixels: Option<u64>,
    /// The licence of the weights as an SPDX expression, where it is known.
    pub licence: Option<String>,
    /// The weights, as many files as [`Format::file_count`] says, in the format's order.
    pub files: Vec<FileSpec>,
}

impl ModelSpec {
    /// Whether all of it is part of this program: its weights, or an algorithm that has none.
    #[must_use]
    pub fn is_builtin(&self) -> bool {
        self.files
            .iter()
            .all(|file| matches!(file.origin, Origin::Builtin(_)))
    }
}

/// A model's file: its name, where it can be had, and how to tell that it is the right one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSpec {
    /// The name on disk, without folders.
    pub name: String,
    /// Where the bytes are, if not looked for by name.
    pub origin: Origin,
    /// The expected hashes of the whole file; empty where nobody has written one down.
    pub hashes: Hashes,
    /// The expected length of the whole file in bytes.
    pub size: Option<u64>,
    /// About as many bytes are to be downloaded; for people, where `size` isn't known.
    pub approximate_size: Option<u64>,
    /// `<env>_URL` and `<env>_MD5` in the environment take the place of address and hash.
    pub env: Option<String>,
}

/// Where a model's file comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Only from disk, looked for by name in the model folders.
    #[default]
    Disk,
    /// Looked for by name in the model folders, and downloaded from this address if it isn't there.
    Url(String),
    /// This very file, wherever it lies: beside a user's description, or named in the environment.
    Path(PathBuf),
    /// Part of this program.
    Builtin(&'static [u8]),
}

/// Hashes in lower-case hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashes {
    /// MD5, as IOPaint pins its files.
    pub md5: Option<String>,
    /// SHA-256.
    pub sha256: Option<String>,
}

impl Hashes {
    /// Whether there is nothing to compare with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.md5.is_none() && self.sha256.is_none()
    }
}

/// The contract between a network and the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelContract {
    /// `TorchScript` with `forward(image [1, 3, H, W] in 0..1, mask [1, 1, H, W] of 0 and 1) -> [1, 3, H, W] in 0..1`.
    Lama,
    /// `TorchScript` with `forward(cat(0.5 - mask, image x (1 - mask)) [1, 4, H, W]) -> [1, 3, H, W]`, images in -1..1;
    /// each part of the hole is seen through a window.
    Migan,
    /// `TorchScript` with `forward(image [1, 3, H, W], kept [1, 1, H, W] of 0 and 1) -> [1, 3, H, W]`, images in -1..1.
    Mat,
    /// `TorchScript` in two files: what fills gray images, and what finds their lines.
    Manga,
    /// As [`Format::Lama`], for the thin parts of a hole; the deep ones are filled with patches of the surroundings.
    LamaPatches,
    /// Patches of the surroundings, an algorithm of this program.
    Patchmatch,
    /// `OpenCV`'s `inpaint`, an algorithm of this program.
    Cv2,
}

impl ModelContract {
    /// How many files a model of this format has; none where it is an algorithm of this program.
    #[must_use]
    pub fn file_count(self) -> usize {
        match self {
            Self::Cv2 | Self::Patchmatch => 0,
            Self::Lama | Self::LamaPatches | Self::Migan | Self::Mat => 1,
            Self::Manga => 2,
        }
    }

    /// The sides that models of this format take where nothing else is said.
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

/// The kinds of model that IOPaint's clients tell apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelType {
    /// Fills a hole from what surrounds it, without a prompt.
    #[default]
    Inpaint,
}

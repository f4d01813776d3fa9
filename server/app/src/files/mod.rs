//! Folders of the server that clients may use: `--input`, `--mask-dir`, `--output-dir`.

mod folder;
mod header;
mod media;
mod name;
mod thumbnails;
#[cfg(target_os = "linux")]
mod tmpfile;

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use utoipa::ToSchema;

pub use folder::{ExistingFile, Folder};
pub use media::{MediaFile, MediaInfo, list, open_image, open_media};
pub use name::{FileName, NameError};
pub use thumbnails::{Thumbnail, ThumbnailKey, Thumbnails, thumbnail_size};

/// Settings of the files that clients may use.
#[derive(Clone, Debug)]
pub struct FileSettings {
    /// Image, or folder of images.
    pub input: Option<PathBuf>,
    /// Folder of masks.
    pub mask_dir: Option<PathBuf>,
    /// Folder for results; created if it does not exist.
    pub output_dir: Option<PathBuf>,
    /// Replaces an existing file of the same name when saving.
    pub allow_overwrite: bool,
    /// Memory for cached thumbnails in bytes.
    pub thumbnail_cache_bytes: u64,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            input: None,
            mask_dir: None,
            output_dir: None,
            allow_overwrite: false,
            thumbnail_cache_bytes: 64 << 20,
        }
    }
}

/// An error in [`FileSettings`].
#[derive(Debug, thiserror::Error)]
pub enum FileSettingsError {
    /// `--input` can't be read.
    #[error("--input: cannot read the file or folder `{0}`: {1}")]
    Input(PathBuf, #[source] io::Error),
    /// `--mask-dir` can't be read.
    #[error("--mask-dir: cannot read the folder `{0}`: {1}")]
    Masks(PathBuf, #[source] io::Error),
    /// `--input` is a folder, but `--output-dir` is missing.
    #[error("--input is a folder; set --output-dir to a folder for the results too")]
    NoOutput,
}

/// Folders of the file manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tab {
    /// The folder `--input`.
    Input,
    /// The folder `--output-dir`.
    Output,
    /// The folder `--mask-dir`.
    Mask,
}

/// A folder that this server does not provide. The message contains the flag that would provide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOffered {
    /// `--input` is not a folder.
    #[error("this server has no folder of images; start it with `--input FOLDER --output-dir FOLDER`")]
    FileManager,
    /// `--output-dir` is missing.
    #[error("this server has no folder for results; start it with `--output-dir FOLDER`")]
    Saving,
    /// `--mask-dir` is missing.
    #[error("this server has no folder of masks; start it with `--mask-dir FOLDER`")]
    Masks,
}

/// Files that clients may use.
#[derive(Debug)]
pub struct Files {
    input: Option<Input>,
    masks: Option<Folder>,
    output: Option<Folder>,
    allow_overwrite: bool,
    /// Cached thumbnails.
    pub thumbnails: Thumbnails,
}

#[derive(Debug)]
enum Input {
    Image(PathBuf),
    Folder(Folder),
}

impl Files {
    /// Opens the folders. If the output folder can't be created or written to, saving is disabled and a
    /// warning is logged.
    ///
    /// # Errors
    /// Returns an error if `input` or `mask_dir` can't be read, or `output_dir` is missing.
    pub fn open(settings: &FileSettings) -> Result<Self, FileSettingsError> {
        let input = settings
            .input
            .as_deref()
            .map(|path| Input::open(path).map_err(|error| FileSettingsError::Input(path.to_owned(), error)))
            .transpose()?;
        if matches!(input, Some(Input::Folder(_))) && settings.output_dir.is_none() {
            return Err(FileSettingsError::NoOutput);
        }
        let masks = settings
            .mask_dir
            .as_deref()
            .map(|path| Folder::open(path).map_err(|error| FileSettingsError::Masks(path.to_owned(), error)))
            .transpose()?;
        let output = settings.output_dir.as_deref().and_then(|path| {
            Folder::create(path)
                .inspect_err(|error| {
                    tracing::warn!(path = %path.display(), %error, "Output folder not writable; saving disabled");
                })
                .ok()
        });
        Ok(Self {
            input,
            masks,
            output,
            allow_overwrite: settings.allow_overwrite,
            thumbnails: Thumbnails::new(settings.thumbnail_cache_bytes),
        })
    }

    /// Returns true if folders can be listed.
    #[must_use]
    pub fn has_file_manager(&self) -> bool {
        matches!(self.input, Some(Input::Folder(_)))
    }

    /// Returns true if results can be saved.
    #[must_use]
    pub fn can_save(&self) -> bool {
        self.output.is_some()
    }

    /// Returns the path of the input image.
    #[must_use]
    pub fn input_image(&self) -> Option<&Path> {
        match &self.input {
            Some(Input::Image(path)) => Some(path),
            _ => None,
        }
    }

    /// Returns a folder of the file manager.
    ///
    /// # Errors
    /// Returns [`NotOffered`] if this server does not provide it.
    pub fn folder(&self, tab: Tab) -> Result<&Folder, NotOffered> {
        let Some(Input::Folder(input)) = &self.input else {
            return Err(NotOffered::FileManager);
        };
        match tab {
            Tab::Input => Ok(input),
            Tab::Output => self.output.as_ref().ok_or(NotOffered::Saving),
            Tab::Mask => self.masks.as_ref().ok_or(NotOffered::Masks),
        }
    }

    /// Returns the folder for results.
    ///
    /// # Errors
    /// Returns [`NotOffered::Saving`] if there is none.
    pub fn output(&self) -> Result<&Folder, NotOffered> {
        self.output.as_ref().ok_or(NotOffered::Saving)
    }

    /// Returns the handling of an existing file; `replace` is the request's choice.
    #[must_use]
    pub fn existing(&self, replace: bool) -> ExistingFile {
        if self.allow_overwrite || replace {
            ExistingFile::Replace
        } else {
            ExistingFile::Keep
        }
    }
}

impl Input {
    fn open(path: &Path) -> io::Result<Self> {
        if std::fs::metadata(path)?.is_dir() {
            Folder::open(path).map(Self::Folder)
        } else {
            // Checks that the file is readable; each request opens it again.
            std::fs::File::open(path)?;
            Ok(Self::Image(path.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_folder_requires_output_dir() {
        let folder = tempfile::tempdir().unwrap();
        let settings = FileSettings {
            input: Some(folder.path().to_owned()),
            ..FileSettings::default()
        };
        assert!(matches!(Files::open(&settings), Err(FileSettingsError::NoOutput)));
    }

    #[test]
    fn missing_input_or_masks_are_errors() {
        let nowhere = || Some(PathBuf::from("/nowhere/at/all"));
        let input = FileSettings {
            input: nowhere(),
            ..FileSettings::default()
        };
        assert!(matches!(Files::open(&input), Err(FileSettingsError::Input(..))));
        let masks = FileSettings {
            mask_dir: nowhere(),
            ..FileSettings::default()
        };
        assert!(matches!(Files::open(&masks), Err(FileSettingsError::Masks(..))));
    }

    #[test]
    fn unusable_output_dir_disables_saving() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let files = Files::open(&FileSettings {
            output_dir: Some(file.path().join("results")),
            ..FileSettings::default()
        })
        .unwrap();
        assert!(!files.can_save());
    }
}

//! What the operator offers from the disk: `--input`, `--mask-dir`, `--output-dir`.

mod folder;
mod header;
mod media;
mod name;
mod thumbnails;
#[cfg(target_os = "linux")]
mod unnamed;

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use utoipa::ToSchema;

pub use folder::{Existing, Folder};
pub use media::{MediaFile, MediaInfo, list, open_image, open_media};
pub use name::{FileName, NameError};
pub use thumbnails::{Thumbnail, ThumbnailKey, Thumbnails, thumbnail_size};

/// What the operator named.
#[derive(Clone, Debug)]
pub struct FileSettings {
    /// An image, or a folder of images.
    pub input: Option<PathBuf>,
    /// A folder of masks.
    pub mask_dir: Option<PathBuf>,
    /// Where results are saved; made if it isn't there.
    pub output_dir: Option<PathBuf>,
    /// Whether a saved file takes the place of one of the same name.
    pub allow_overwrite: bool,
    /// Memory for small copies that were made already, in bytes.
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

/// What can't be offered as it was named.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// `--input` can't be read.
    #[error("--input: there is no file or folder `{0}` that can be read ({1})")]
    Input(PathBuf, #[source] io::Error),
    /// `--mask-dir` can't be read.
    #[error("--mask-dir: there is no folder `{0}` that can be read ({1})")]
    Masks(PathBuf, #[source] io::Error),
    /// A folder to read from without one to write to.
    #[error("--input is a folder; name a folder for the results too, with --output-dir")]
    NoOutput,
}

/// The lists of a file manager.
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

/// The server isn't offering what was asked for; the text says which flag it would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOffered {
    /// `--input` is no folder.
    #[error("this server offers no folder of images; start it with `--input FOLDER --output-dir FOLDER`")]
    FileManager,
    /// No `--output-dir`.
    #[error("this server saves nothing; start it with `--output-dir FOLDER`")]
    Saving,
    /// No `--mask-dir`.
    #[error("this server offers no folder of masks; start it with `--mask-dir FOLDER`")]
    Masks,
}

/// What is offered.
#[derive(Debug)]
pub struct Files {
    input: Option<Input>,
    masks: Option<Folder>,
    output: Option<Folder>,
    allow_overwrite: bool,
    /// Small copies that were made already.
    pub thumbnails: Thumbnails,
}

#[derive(Debug)]
enum Input {
    Image(PathBuf),
    Folder(Folder),
}

impl Files {
    /// Opens what was named. An output folder that can't be made or written to is told in the log: saving is off then.
    ///
    /// # Errors
    /// What was named and can't be offered.
    pub fn open(settings: &FileSettings) -> Result<Self, SettingsError> {
        let input = settings
            .input
            .as_deref()
            .map(|path| Input::open(path).map_err(|error| SettingsError::Input(path.to_owned(), error)))
            .transpose()?;
        if matches!(input, Some(Input::Folder(_))) && settings.output_dir.is_none() {
            return Err(SettingsError::NoOutput);
        }
        let masks = settings
            .mask_dir
            .as_deref()
            .map(|path| Folder::open(path).map_err(|error| SettingsError::Masks(path.to_owned(), error)))
            .transpose()?;
        let output = settings.output_dir.as_deref().and_then(|path| {
            Folder::create(path)
                .inspect_err(|error| {
                    tracing::warn!("nothing can be saved: --output-dir `{}`: {error}", path.display());
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

    /// Whether folders can be listed.
    #[must_use]
    pub fn has_file_manager(&self) -> bool {
        matches!(self.input, Some(Input::Folder(_)))
    }

    /// Whether results can be saved.
    #[must_use]
    pub fn can_save(&self) -> bool {
        self.output.is_some()
    }

    /// The image that the operator opened the server with.
    #[must_use]
    pub fn input_image(&self) -> Option<&Path> {
        match &self.input {
            Some(Input::Image(path)) => Some(path),
            _ => None,
        }
    }

    /// The folder behind a list.
    ///
    /// # Errors
    /// [`NotOffered`] where there is none.
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

    /// Where results go.
    ///
    /// # Errors
    /// [`NotOffered::Saving`].
    pub fn output(&self) -> Result<&Folder, NotOffered> {
        self.output.as_ref().ok_or(NotOffered::Saving)
    }

    /// What becomes of a file whose name is used again; a request may ask for replacing.
    #[must_use]
    pub fn existing(&self, replace: bool) -> Existing {
        if self.allow_overwrite || replace {
            Existing::Replace
        } else {
            Existing::Keep
        }
    }
}

impl Input {
    fn open(path: &Path) -> io::Result<Self> {
        if std::fs::metadata(path)?.is_dir() {
            Folder::open(path).map(Self::Folder)
        } else {
            // Opened anew for every request; here only to see that it can be.
            std::fs::File::open(path)?;
            Ok(Self::Image(path.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_images_needs_one_for_results() {
        let folder = tempfile::tempdir().unwrap();
        let settings = FileSettings {
            input: Some(folder.path().to_owned()),
            ..FileSettings::default()
        };
        assert!(matches!(Files::open(&settings), Err(SettingsError::NoOutput)));
    }

    #[test]
    fn what_is_named_and_absent_is_an_error() {
        let nowhere = || Some(PathBuf::from("/nowhere/at/all"));
        let input = FileSettings {
            input: nowhere(),
            ..FileSettings::default()
        };
        assert!(matches!(Files::open(&input), Err(SettingsError::Input(..))));
        let masks = FileSettings {
            mask_dir: nowhere(),
            ..FileSettings::default()
        };
        assert!(matches!(Files::open(&masks), Err(SettingsError::Masks(..))));
    }

    #[test]
    fn an_output_folder_that_cannot_be_made_only_turns_saving_off() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let files = Files::open(&FileSettings {
            output_dir: Some(file.path().join("results")),
            ..FileSettings::default()
        })
        .unwrap();
        assert!(!files.can_save());
    }
}

//! The user's own models: a `<name>.toml` beside a `<name>.pt`, `.onnx` or `.pth` in a model folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ModelContract, ModelSpec, Origin, Registry, RegistryError, parse};

/// Extensions of model files, see [`super::ModelContract::extension`].
const WEIGHTS_EXTENSIONS: [&str; 3] = ["pt", "onnx", "pth"];

/// Largest description in bytes; descriptions have a few lines.
const MAX_DESCRIPTION_BYTES: u64 = 64 * 1024;

impl Registry {
    /// Adds the models described in `folders`, sorted by name; of two models with the same name the first
    /// folder's is added. A TorchScript file of MAT or `FcF` replaces the registered model of this name.
    /// Returns the errors of invalid descriptions, missing weights and names already in use; these models
    /// are skipped.
    ///
    /// The folders may contain `.toml` files of other programs. A file that isn't a valid description is
    /// ignored unless a model file of the same name exists.
    #[must_use = "errors should be reported to the user"]
    pub fn add_user_models(&mut self, folders: &[PathBuf]) -> Vec<RegistryError> {
        let mut errors = Vec::new();
        for description in folders.iter().flat_map(|folder| descriptions(folder)) {
            match self.user_model(&description) {
                Ok(Some(spec)) => self.add_or_replace(spec),
                Ok(None) => {
                    tracing::debug!(path = %description.display(), "Ignored a .toml file of another program");
                }
                Err(reason) => errors.push(RegistryError::Description {
                    file: file_name(&description),
                    reason,
                }),
            }
        }
        errors
    }

    /// Reads a description; returns `None` if the file belongs to another program.
    fn user_model(&self, path: &Path) -> Result<Option<ModelSpec>, String> {
        let has_weights = WEIGHTS_EXTENSIONS
            .iter()
            .any(|extension| path.with_extension(extension).is_file());
        let (name, text) = match (path.file_stem().and_then(|stem| stem.to_str()), read(path)) {
            (Some(name), Ok(text)) => (name, text),
            (_, Err(reason)) if has_weights => return Err(reason),
            (None, _) if has_weights => return Err("the file name is not UTF-8".into()),
            _ => return Ok(None),
        };
        let mut spec = match parse::user_model(name, &text) {
            Ok(spec) => spec,
            Err(reason) if has_weights => return Err(reason),
            Err(_) => return Ok(None),
        };
        let namesake = self
            .models
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(&spec.name));
        if namesake.is_some_and(|known| !is_replaced_by(known, &spec)) {
            return Err(format!(
                "there is already a model called `{name}`; rename the .toml and its model file"
            ));
        }
        for file in &mut spec.files {
            let weights = path.with_file_name(&file.name);
            if !weights.is_file() {
                return Err(format!(
                    "its file `{}` is missing from the same folder",
                    file.name
                ));
            }
            file.origin = Origin::Path(weights);
        }
        Ok(Some(spec))
    }

    fn add_or_replace(&mut self, spec: ModelSpec) {
        match self.models.iter_mut().find(|known| known.name == spec.name) {
            Some(known) => *known = spec,
            None => self.models.push(spec),
        }
    }
}

/// Returns true if `described` is the registered model `known`, exported as TorchScript.
fn is_replaced_by(known: &ModelSpec, described: &ModelSpec) -> bool {
    let is_registered = known
        .files
        .iter()
        .all(|file| matches!(file.origin, Origin::Url(_)));
    let is_exported = matches!(
        (known.format, described.format),
        (ModelContract::Mat, ModelContract::Mat)
            | (ModelContract::Fcf, ModelContract::Fcf | ModelContract::Migan)
    );
    is_registered && is_exported && known.name == described.name
}

/// Returns the `.toml` files of a folder, sorted by name; none if it can't be read.
fn descriptions(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml") && path.is_file())
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_DESCRIPTION_BYTES {
        return Err(format!("it is larger than {MAX_DESCRIPTION_BYTES} bytes"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

//! The user's own models: a `<name>.toml` beside a `<name>.pt` in a model folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ModelSpec, Origin, Registry, RegistryError, parse};
use crate::locate::ModelStore;

/// A description is a few lines; a larger file is something else.
const MAX_DESCRIPTION_BYTES: u64 = 64 * 1024;

impl Registry {
    /// Adds the models that are described in the folders of `store`, in the order of their names; of two with one
    /// name the first folder's counts. Returns what can't be used: a wrong description, one without its file, one
    /// that bears the name of a model that is there already. The others are added all the same.
    ///
    /// Other programs' `.toml` files may lie in these folders. One that isn't a description is passed over in
    /// silence unless a `.pt` of the same name lies beside it.
    #[must_use = "descriptions that can't be used should be told to the user"]
    pub fn add_user_models(&mut self, store: &ModelStore) -> Vec<RegistryError> {
        let mut refused = Vec::new();
        for description in store.folders().iter().flat_map(|folder| descriptions(folder)) {
            match self.user_model(&description) {
                Ok(Some(spec)) => self.models.push(spec),
                Ok(None) => tracing::debug!(path = %description.display(), "not a model's description"),
                Err(reason) => refused.push(RegistryError::Description {
                    file: file_name(&description),
                    reason,
                }),
            }
        }
        refused
    }

    /// Reads one description; `None` where the file belongs to another program.
    fn user_model(&self, path: &Path) -> Result<Option<ModelSpec>, String> {
        let beside = path.with_extension("pt").is_file();
        let (name, text) = match (path.file_stem().and_then(|stem| stem.to_str()), read(path)) {
            (Some(name), Ok(text)) => (name, text),
            (_, Err(reason)) if beside => return Err(reason),
            (None, _) if beside => return Err("the file's name is not UTF-8".into()),
            _ => return Ok(None),
        };
        let mut spec = match parse::user_model(name, &text) {
            Ok(spec) => spec,
            Err(reason) if beside => return Err(reason),
            Err(_) => return Ok(None),
        };
        if self
            .models
            .iter()
            .any(|known| known.name.eq_ignore_ascii_case(&spec.name))
        {
            return Err(format!(
                "there is already a model called `{name}`; give the .toml and its .pt another name"
            ));
        }
        for file in &mut spec.files {
            let weights = path.with_file_name(&file.name);
            if !weights.is_file() {
                return Err(format!("its file `{}` is not beside it", file.name));
            }
            file.origin = Origin::Path(weights);
        }
        Ok(Some(spec))
    }
}

/// The `.toml` files of a folder by name; none where it can't be read.
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
        return Err(format!("it is longer than {MAX_DESCRIPTION_BYTES} bytes"));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

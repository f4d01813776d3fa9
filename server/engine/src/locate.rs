//! Where models' files lie on disk, in IOPaint's layout, so that an old installation's files are found.

use std::path::{Path, PathBuf};

use crate::registry::{FileSpec, ModelSpec, Origin, Registry};

/// Where IOPaint (that is, `torch.hub`) puts files below its model folder.
const CHECKPOINTS: &str = "torch/hub/checkpoints";

/// The bytes of a model that can be loaded now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelFile {
    /// A file on disk; links are followed.
    Path(PathBuf),
    /// Part of this program.
    Builtin(&'static [u8]),
}

/// The folders that hold models' files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStore {
    model_dir: PathBuf,
    /// In the order in which they are searched.
    folders: Vec<PathBuf>,
}

/// There is no folder to look for models in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no home folder to keep models in; name a folder with --model-dir")]
pub struct NoModelDir;

impl ModelStore {
    /// A store in `model_dir`, searched in this order: `torch/hub/checkpoints` below it, the folder itself,
    /// `hub/checkpoints` below `torch_home`.
    #[must_use]
    pub fn new(model_dir: PathBuf, torch_home: Option<&Path>) -> Self {
        let mut folders = vec![model_dir.join(CHECKPOINTS), model_dir.clone()];
        folders.extend(torch_home.map(|home| home.join("hub/checkpoints")));
        Self { model_dir, folders }
    }

    /// The store of a `--model-dir`, or without one (an empty one counts as none) of `$XDG_CACHE_HOME`, or of
    /// `~/.cache`; `$TORCH_HOME` is searched too. `env` reads an environment variable.
    ///
    /// # Errors
    /// [`NoModelDir`] where nothing is named and there is no home folder.
    pub fn from_env(
        model_dir: Option<&Path>,
        env: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Result<Self, NoModelDir> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = env("HOME");
        let model_dir = match model_dir.filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => match (path.strip_prefix("~"), &home) {
                // A shell leaves the tilde of `--model-dir=~/models` alone.
                (Ok(rest), Some(home)) => home.join(rest),
                _ => path.to_owned(),
            },
            None => env("XDG_CACHE_HOME")
                .or_else(|| home.map(|home| home.join(".cache")))
                .ok_or(NoModelDir)?,
        };
        let model_dir = std::path::absolute(&model_dir).unwrap_or(model_dir);
        Ok(Self::new(model_dir, env("TORCH_HOME").as_deref()))
    }

    /// The folder that was named, or the default one.
    #[must_use]
    pub fn model_dir(&self) -> &Path {
        &self.model_dir
    }

    /// The folders in which files are looked for, in this order.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The files of a model in their order, if it can be loaded now; empty for one that has none.
    #[must_use]
    pub fn locate(&self, spec: &ModelSpec) -> Option<Vec<ModelFile>> {
        spec.files.iter().map(|file| self.locate_file(file)).collect()
    }

    /// One file of a model, if it is here.
    #[must_use]
    pub fn locate_file(&self, file: &FileSpec) -> Option<ModelFile> {
        match &file.origin {
            Origin::Builtin(bytes) => Some(ModelFile::Builtin(bytes)),
            Origin::Path(path) => path.is_file().then(|| ModelFile::Path(path.clone())),
            Origin::Disk | Origin::Url(_) => self
                .folders
                .iter()
                .map(|folder| folder.join(&file.name))
                .find(|path| path.is_file())
                .map(ModelFile::Path),
        }
    }

    /// The length in bytes of a model's files together, if they are here.
    #[must_use]
    pub fn bytes_on_disk(&self, spec: &ModelSpec) -> Option<u64> {
        let length = |file: &ModelFile| match file {
            ModelFile::Builtin(bytes) => Some(bytes.len() as u64),
            ModelFile::Path(path) => path.metadata().ok().map(|metadata| metadata.len()),
        };
        self.locate(spec)?.iter().map(length).sum()
    }

    /// The models that can be loaded now, without a download.
    #[must_use]
    pub fn servable<'a>(&self, registry: &'a Registry) -> Vec<&'a ModelSpec> {
        registry
            .iter()
            .filter(|spec| self.locate(spec).is_some())
            .collect()
    }

    /// Where a download of `file` goes: where IOPaint would put it too.
    #[must_use]
    pub fn download_path(&self, file: &FileSpec) -> PathBuf {
        self.model_dir.join(CHECKPOINTS).join(&file.name)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;

    use super::*;

    fn touch(path: PathBuf) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "weights").unwrap();
    }

    fn environment(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        let pairs: Vec<(String, OsString)> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect();
        move |name| {
            pairs
                .iter()
                .find(|(other, _)| other == name)
                .map(|(_, value)| value.clone())
        }
    }

    #[test]
    fn files_of_an_old_installation_are_found_where_it_put_them() {
        let (folder, torch_home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = ModelStore::new(folder.path().to_owned(), Some(torch_home.path()));
        let registry = Registry::known().unwrap();
        let lama = registry.get("lama").unwrap();
        assert_eq!(store.locate(lama), None);
        // From the last place looked at to the first.
        for place in [
            torch_home.path().join("hub/checkpoints/big-lama.pt"),
            folder.path().join("big-lama.pt"),
            folder.path().join("torch/hub/checkpoints/big-lama.pt"),
        ] {
            touch(place.clone());
            assert_eq!(store.locate(lama), Some(vec![ModelFile::Path(place)]));
        }
        let names: Vec<&str> = store
            .servable(&registry)
            .iter()
            .map(|spec| spec.name.as_str())
            .collect();
        assert_eq!(names, ["lama", "lama-patches", "lama-mini", "patchmatch", "cv2"]);
        assert_eq!(
            store.download_path(&lama.files[0]),
            folder.path().join("torch/hub/checkpoints/big-lama.pt")
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_followed_and_dangling_ones_are_absent() {
        let folder = tempfile::tempdir().unwrap();
        let store = ModelStore::new(folder.path().to_owned(), None);
        let registry = Registry::known().unwrap();
        let lama = registry.get("lama").unwrap();
        let blob = folder.path().join("blobs/1234");
        let link = folder.path().join("big-lama.pt");
        std::os::unix::fs::symlink(&blob, &link).unwrap();
        assert_eq!(store.locate(lama), None);
        touch(blob);
        assert_eq!(store.locate(lama), Some(vec![ModelFile::Path(link)]));
    }

    #[test]
    fn a_model_of_several_files_is_there_once_all_of_them_are() {
        let folder = tempfile::tempdir().unwrap();
        let store = ModelStore::new(folder.path().to_owned(), None);
        let mut spec = Registry::known().unwrap().get("lama").unwrap().clone();
        spec.files.push(FileSpec {
            name: "second.pt".into(),
            ..FileSpec::default()
        });
        let paths = ["big-lama.pt", "second.pt"].map(|name| folder.path().join(name));
        touch(paths[1].clone());
        assert_eq!(store.locate(&spec), None);
        touch(paths[0].clone());
        assert_eq!(store.locate(&spec), Some(paths.map(ModelFile::Path).to_vec()));
    }

    #[test]
    fn a_model_without_a_file_is_always_there() {
        let registry = Registry::known().unwrap();
        let store = ModelStore::new("/nowhere".into(), None);
        assert_eq!(store.locate(registry.get("cv2").unwrap()), Some(vec![]));
    }

    #[test]
    fn a_folder_with_a_files_name_is_not_a_model() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("big-lama.pt")).unwrap();
        let registry = Registry::known().unwrap();
        let store = ModelStore::new(folder.path().to_owned(), None);
        assert_eq!(store.locate(registry.get("lama").unwrap()), None);
    }

    #[test]
    fn the_model_folder_is_the_named_one_or_the_cache_folder() {
        let of = |named: Option<&str>, pairs: &[(&str, &str)]| {
            ModelStore::from_env(named.map(Path::new), environment(pairs)).map(|store| store.model_dir)
        };
        let home = ("HOME", "/home/me");
        assert_eq!(
            of(Some("/models"), &[home, ("XDG_CACHE_HOME", "/cache")]),
            Ok("/models".into())
        );
        assert_eq!(of(Some("~/models"), &[home]), Ok("/home/me/models".into()));
        assert_eq!(
            of(None, &[home, ("XDG_CACHE_HOME", "/cache")]),
            Ok("/cache".into())
        );
        assert_eq!(
            of(Some(""), &[home, ("XDG_CACHE_HOME", "")]),
            Ok("/home/me/.cache".into())
        );
        assert_eq!(of(None, &[]), Err(NoModelDir));
        let relative = of(Some("models"), &[home]).unwrap();
        assert!(relative.is_absolute() && relative.ends_with("models"));
    }
}

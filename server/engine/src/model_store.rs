//! Locations of model files on disk, in IOPaint's layout, so that files of an IOPaint installation are found.

use std::path::{Path, PathBuf};

use crate::registry::{BuiltinFile, FileSpec, HubFile, ModelSpec, Origin, Registry};

/// Subfolder of the model folder in which IOPaint (through `torch.hub`) stores files.
const CHECKPOINTS: &str = "torch/hub/checkpoints";

/// Subfolder of the model folder in which IOPaint (through `huggingface_hub`) stores repositories.
const HUB_CACHE: &str = "huggingface/hub";

/// A model file that is available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelFile {
    /// A file on disk; symbolic links are followed.
    Path(PathBuf),
    /// Compiled into the program.
    Builtin(BuiltinFile),
}

/// The folders that contain model files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelStore {
    model_dir: PathBuf,
    /// In search order.
    folders: Vec<PathBuf>,
}

/// No model folder is given and the home folder is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no home folder to store models in")]
pub struct NoModelDir;

impl ModelStore {
    /// Creates a store that searches `model_dir/torch/hub/checkpoints`, `model_dir` and
    /// `torch_home/hub/checkpoints`, in this order.
    #[must_use]
    pub fn new(model_dir: PathBuf, torch_home: Option<&Path>) -> Self {
        let mut folders = vec![model_dir.join(CHECKPOINTS), model_dir.clone()];
        folders.extend(torch_home.map(|home| home.join("hub/checkpoints")));
        Self { model_dir, folders }
    }

    /// Creates a store in `model_dir`; if that is `None` or empty, in `$XDG_CACHE_HOME` or `~/.cache`.
    /// `$TORCH_HOME` is searched, too, and the folder of rembg: `$U2NET_HOME` or `~/.u2net`. `env` reads an
    /// environment variable.
    ///
    /// # Errors
    /// [`NoModelDir`] if `model_dir`, `$XDG_CACHE_HOME` and `$HOME` are all missing.
    pub fn from_env(
        model_dir: Option<&Path>,
        env: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Result<Self, NoModelDir> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = env("HOME");
        let model_dir = match model_dir.filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => match (path.strip_prefix("~"), &home) {
                // Shells don't expand a tilde after `=`.
                (Ok(rest), Some(home)) => home.join(rest),
                _ => path.to_owned(),
            },
            None => env("XDG_CACHE_HOME")
                .or_else(|| home.as_ref().map(|home| home.join(".cache")))
                .ok_or(NoModelDir)?,
        };
        let model_dir = std::path::absolute(&model_dir).unwrap_or(model_dir);
        let mut store = Self::new(model_dir, env("TORCH_HOME").as_deref());
        let rembg = env("U2NET_HOME").or_else(|| home.map(|home| home.join(".u2net")));
        store.folders.extend(rembg);
        Ok(store)
    }

    /// Returns the given or default model folder, as an absolute path.
    #[must_use]
    pub fn model_dir(&self) -> &Path {
        &self.model_dir
    }

    /// Returns the searched folders, in search order.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Returns a model's files in the order of `spec.files`, or `None` if one is missing. Empty for models
    /// without files.
    #[must_use]
    pub fn locate(&self, spec: &ModelSpec) -> Option<Vec<ModelFile>> {
        spec.files.iter().map(|file| self.locate_file(file)).collect()
    }

    /// Returns a model file, or `None` if it is missing.
    #[must_use]
    pub fn locate_file(&self, file: &FileSpec) -> Option<ModelFile> {
        match &file.origin {
            Origin::Builtin(file) => Some(ModelFile::Builtin(*file)),
            Origin::Path(path) => path.is_file().then(|| ModelFile::Path(path.clone())),
            Origin::Disk | Origin::Url(_) => self
                .folders
                .iter()
                .map(|folder| folder.join(&file.name))
                .find(|path| path.is_file())
                .or_else(|| self.locate_in_hub_cache(file.hub.as_ref()?))
                .map(ModelFile::Path),
        }
    }

    /// Returns the file in Hugging Face's cache below the model folder, where IOPaint stores it: that of the
    /// latest revision.
    fn locate_in_hub_cache(&self, file: &HubFile) -> Option<PathBuf> {
        let HubFile {
            owner,
            repository,
            file,
        } = file;
        let repository = format!("{HUB_CACHE}/models--{owner}--{repository}/snapshots");
        let revisions = std::fs::read_dir(self.model_dir.join(repository)).ok()?;
        let files = revisions.flatten().map(|revision| revision.path().join(file));
        files
            .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
            .max()
            .map(|(_, path)| path)
    }

    /// Returns the total size of a model's files in bytes, or `None` if one is missing.
    #[must_use]
    pub fn bytes_on_disk(&self, spec: &ModelSpec) -> Option<u64> {
        let length = |file: &ModelFile| match file {
            ModelFile::Builtin(file) => Some(file.size()),
            ModelFile::Path(path) => path.metadata().ok().map(|metadata| metadata.len()),
        };
        self.locate(spec)?.iter().map(length).sum()
    }

    /// Returns the models whose files are all available.
    #[must_use]
    pub fn servable<'a>(&self, registry: &'a Registry) -> Vec<&'a ModelSpec> {
        registry
            .iter()
            .filter(|spec| self.locate(spec).is_some())
            .collect()
    }

    /// Returns the path to download `file` to, the same as IOPaint's.
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
    use crate::registry::ModelTask;

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
    fn files_of_an_iopaint_installation_are_found() {
        let (folder, torch_home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = ModelStore::new(folder.path().to_owned(), Some(torch_home.path()));
        let registry = Registry::known().unwrap();
        let lama = registry.get("lama").unwrap();
        assert_eq!(store.locate(lama), None);
        // From the last searched folder to the first.
        for path in [
            torch_home.path().join("hub/checkpoints/big-lama.pt"),
            folder.path().join("big-lama.pt"),
            folder.path().join("torch/hub/checkpoints/big-lama.pt"),
        ] {
            touch(path.clone());
            assert_eq!(store.locate(lama), Some(vec![ModelFile::Path(path)]));
        }
        let names: Vec<&str> = store
            .servable(&registry)
            .iter()
            .filter(|spec| spec.task() == ModelTask::Inpaint)
            .map(|spec| spec.name.as_str())
            .collect();
        assert_eq!(names, ["lama", "lama-patches", "lama-mini", "patchmatch", "cv2"]);
        assert_eq!(
            store.download_path(&lama.files[0]),
            folder.path().join("torch/hub/checkpoints/big-lama.pt")
        );
    }

    #[test]
    fn files_in_hugging_faces_cache_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let store = ModelStore::new(folder.path().to_owned(), None);
        let registry = Registry::known().unwrap();
        for (name, extension) in [("RMBG-1.4", "pth"), ("RMBG-2.0", "safetensors")] {
            let rmbg = registry.get(name).unwrap();
            assert_eq!(store.locate(rmbg), None);
            let repository = format!("huggingface/hub/models--briaai--{name}/snapshots");
            let snapshots = folder.path().join(repository);
            touch(snapshots.join("1234/config.json"));
            assert_eq!(store.locate(rmbg), None);
            let cached = snapshots.join(format!("5678/model.{extension}"));
            touch(cached.clone());
            assert_eq!(store.locate(rmbg), Some(vec![ModelFile::Path(cached)]));
            let own = folder.path().join(format!("{name}.{extension}"));
            touch(own.clone());
            assert_eq!(store.locate(rmbg), Some(vec![ModelFile::Path(own)]));
        }
    }

    #[cfg(unix)]
    #[test]
    fn symlinks_are_followed_dangling_ones_ignored() {
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
    fn model_needs_all_of_its_files() {
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
    fn model_without_files_is_always_available() {
        let registry = Registry::known().unwrap();
        let store = ModelStore::new("/nowhere".into(), None);
        assert_eq!(store.locate(registry.get("cv2").unwrap()), Some(vec![]));
    }

    #[test]
    fn folder_is_not_a_model_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("big-lama.pt")).unwrap();
        let registry = Registry::known().unwrap();
        let store = ModelStore::new(folder.path().to_owned(), None);
        assert_eq!(store.locate(registry.get("lama").unwrap()), None);
    }

    #[test]
    fn files_of_rembg_are_found() {
        let home = tempfile::tempdir().unwrap();
        let registry = Registry::known().unwrap();
        let u2net = registry.get("u2net").unwrap();
        for (variable, folder) in [("HOME", ".u2net"), ("U2NET_HOME", ".")] {
            let value = home.path().to_str().unwrap();
            let pairs = [(variable, value), ("XDG_CACHE_HOME", "/nowhere")];
            let store = ModelStore::from_env(None, environment(&pairs)).unwrap();
            assert_eq!(store.locate(u2net), None);
            let path = home.path().join(folder).join("u2net.onnx");
            touch(path.clone());
            assert_eq!(store.locate(u2net), Some(vec![ModelFile::Path(path.clone())]));
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn model_folder_defaults_to_the_cache_folder() {
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

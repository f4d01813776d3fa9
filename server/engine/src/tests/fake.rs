//! Models without a backend, and an engine that runs them.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use iopaint_imaging::{GrayImage, RgbImage};
use iopaint_inpaint::{Context, ForwardError, HdStrategy, InpaintOptions, Inpainter, Padding};

use crate::{
    Engine, EngineOptions, LoadError, ModelFile, ModelLoader, ModelSpec, ModelStore, Registry, StartError,
    Work,
};

/// What a model does in its forward, by the first pixel's red.
pub const PANIC: u8 = 1;
pub const FAIL: u8 = 2;
pub const OUT_OF_MEMORY: u8 = 3;
pub const WAIT: u8 = 4;

/// Loads models that answer in one colour, the first letter of their name, unless their file says `broken`.
pub struct FakeLoader {
    /// Tells that a forward waits; held open by the test.
    started: Mutex<Sender<()>>,
    /// Lets one waiting forward go on.
    go_on: Arc<Mutex<Receiver<()>>>,
    /// The names of the models that were loaded.
    loads: Mutex<Sender<String>>,
}

/// The test's ends of the channels.
pub struct Strings {
    pub started: Receiver<()>,
    pub go_on: Sender<()>,
    pub loads: Receiver<String>,
}

impl Strings {
    /// Waits until a forward waits.
    pub async fn once_started(self) -> Self {
        tokio::task::spawn_blocking(move || {
            self.started.recv().unwrap();
            self
        })
        .await
        .unwrap()
    }
}

impl FakeLoader {
    pub fn new() -> (Arc<Self>, Strings) {
        let (started, started_end) = channel();
        let (go_on_end, go_on) = channel();
        let (loads, loads_end) = channel();
        let loader = Self {
            started: Mutex::new(started),
            go_on: Arc::new(Mutex::new(go_on)),
            loads: Mutex::new(loads),
        };
        (
            Arc::new(loader),
            Strings {
                started: started_end,
                go_on: go_on_end,
                loads: loads_end,
            },
        )
    }
}

impl ModelLoader for FakeLoader {
    fn load(&self, spec: &ModelSpec, files: &[ModelFile]) -> Result<Box<dyn Inpainter>, LoadError> {
        let text = match files {
            [ModelFile::Path(path)] => std::fs::read_to_string(path).unwrap(),
            _ => String::new(),
        };
        match text.as_str() {
            "broken" => {
                return Err(iopaint_torch::LoadError::NotTorchScript("it says so".into()).into());
            }
            "panic" => panic!("a loader's bug"),
            _ => {}
        }
        let _ = self.loads.lock().unwrap().send(spec.name.clone());
        Ok(Box::new(FakeModel {
            colour: spec.name.as_bytes()[0],
            started: self.started.lock().unwrap().clone(),
            go_on: Arc::clone(&self.go_on),
        }))
    }
}

struct FakeModel {
    colour: u8,
    started: Sender<()>,
    go_on: Arc<Mutex<Receiver<()>>>,
}

impl Inpainter for FakeModel {
    fn padding(&self) -> Padding {
        Padding {
            modulo: 1,
            min_size: 0,
            square: false,
        }
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        _mask: &GrayImage,
        _context: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        match image.as_raw()[0] {
            PANIC => panic!("a model's bug"),
            FAIL => return Err(ForwardError::Failed("asked to".into())),
            OUT_OF_MEMORY => return Err(ForwardError::OutOfMemory("asked to".into())),
            WAIT => {
                let _ = self.started.send(());
                let _ = self.go_on.lock().unwrap_or_else(PoisonError::into_inner).recv();
            }
            _ => {}
        }
        Ok(RgbImage::from_pixel(
            image.width(),
            image.height(),
            [self.colour; 3].into(),
        ))
    }
}

/// A picture whose colour says what the model does, at any size, with a hole of one pixel.
pub fn work(what: u8) -> Work {
    let image = RgbImage::from_pixel(4, 4, [what, 0, 0].into());
    let mut mask = GrayImage::new(4, 4);
    mask.put_pixel(2, 2, [255].into());
    Work {
        image,
        mask: Arc::new(mask),
        options: InpaintOptions {
            strategy: HdStrategy::Original,
            ..InpaintOptions::default()
        },
        deadline: None,
    }
}

/// The colour that a model put into the hole.
pub fn colour(done: &crate::Done) -> u8 {
    done.outcome.image.get_pixel(2, 2).0[0]
}

/// A model folder with these files: (name, text).
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Starts an engine on a model folder; `env` stands for the environment.
pub fn start(
    folder: &Path,
    options: &EngineOptions,
    env: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<(Engine, Strings), StartError> {
    let store = ModelStore::new(folder.to_owned(), None);
    let (registry, refused) = Registry::load(&store, env).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    let (loader, strings) = FakeLoader::new();
    Ok((Engine::start(registry, store, loader, options)?, strings))
}

/// An engine that may download nothing, with `a`, `b` and `c` in its model folder beside the built-in model, and
/// `broken` and `panic` that can't be loaded.
pub fn offline(
    model: Option<&str>,
    change: impl FnOnce(&mut EngineOptions),
) -> (Engine, Strings, tempfile::TempDir) {
    let folder = folder(&[]);
    for name in ["a", "b", "c", "broken", "panic"] {
        std::fs::write(folder.path().join(format!("{name}.toml")), "format = 'lama'").unwrap();
        std::fs::write(folder.path().join(format!("{name}.pt")), name).unwrap();
    }
    let mut options = EngineOptions {
        model: model.map(str::to_owned),
        local_files_only: true,
        ..EngineOptions::default()
    };
    change(&mut options);
    let (engine, strings) = start(folder.path(), &options, |_| None).unwrap();
    (engine, strings, folder)
}

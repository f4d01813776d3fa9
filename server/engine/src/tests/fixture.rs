//! An engine that runs models without a backend.

use std::path::Path;
use std::sync::Arc;

use iopaint_imaging::{Mask, RgbImage};
use iopaint_inpaint::{ForwardError, HdStrategy, InpaintOptions, Monitor};
use iopaint_test_support::{ModelControl, PAUSE, PausableModel};
use iopaint_vision::selection::{Embedding, InputFrame, PromptNetwork, PromptPoint};
use iopaint_vision::{Network, Tensor};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::{
    ClientKey, Device, Engine, EngineOptions, JobError, JobInput, JobOutput, LoadedModel, ModelFile,
    ModelLoadError, ModelLoader, ModelSpec, ModelStore, ModelTask, Registry, StartError,
};

/// Loads [`PausableModel`]s whose output is the first letter of their name, or on a GPU its index, unless
/// their file contains `broken`, `broken on DEVICE` or `panic`.
pub struct FakeLoader {
    model: PausableModel,
    loads: Arc<Mutex<Vec<String>>>,
    device: Device,
}

/// The test's access to the models.
pub struct Models {
    pub control: ModelControl,
    loads: Arc<Mutex<Vec<String>>>,
}

impl Models {
    /// Returns the names of the loaded models, in order; on a GPU `NAME on DEVICE`.
    pub fn loads(&self) -> Vec<String> {
        self.loads.lock().clone()
    }
}

impl FakeLoader {
    pub fn new() -> (Arc<Self>, Models) {
        let (model, control) = PausableModel::by_first_pixel();
        let loads = Arc::default();
        let models = Models {
            control,
            loads: Arc::clone(&loads),
        };
        let device = Device::Cpu;
        (Arc::new(Self { model, loads, device }), models)
    }

    /// Returns loaders on these devices, whose models share one control.
    pub fn on(devices: &[Device]) -> (Vec<Arc<dyn ModelLoader>>, Models) {
        let (loader, models) = Self::new();
        let loader_on = |device: &Device| -> Arc<dyn ModelLoader> {
            Arc::new(Self {
                model: loader.model.clone(),
                loads: Arc::clone(&loader.loads),
                device: *device,
            })
        };
        (devices.iter().map(loader_on).collect(), models)
    }
}

impl ModelLoader for FakeLoader {
    fn load(&self, spec: &ModelSpec, files: &[ModelFile]) -> Result<LoadedModel, ModelLoadError> {
        let text = match files {
            [ModelFile::Path(path)] => std::fs::read_to_string(path).unwrap(),
            _ => String::new(),
        };
        match text.as_str() {
            "broken" => {
                return Err(iopaint_torch::TorchScriptError::NotTorchScript("a test file".into()).into());
            }
            "panic" => panic!("a loader's bug"),
            text if text == format!("broken on {}", self.device) => {
                return Err(ModelLoadError::Read("the device is lost".into()));
            }
            _ => {}
        }
        self.loads.lock().push(match self.device {
            Device::Cpu => spec.name.clone(),
            device @ Device::Cuda(_) => format!("{} on {device}", spec.name),
        });
        if spec.task() == ModelTask::SegmentByPrompt {
            let network: Box<dyn PromptNetwork> = Box::new(Blank);
            return Ok(network.into());
        }
        if spec.task() != ModelTask::Inpaint {
            let network: Box<dyn Network> = Box::new(Doubling);
            return Ok(network.into());
        }
        let grey = match self.device {
            Device::Cpu => spec.name.as_bytes()[0],
            Device::Cuda(index) => index as u8,
        };
        Ok(Box::new(self.model.with_output(grey)).into())
    }

    fn device(&self) -> Device {
        self.device
    }
}

/// A network that doubles its input.
struct Doubling;

impl Network for Doubling {
    fn forward(&mut self, input: Tensor) -> Result<Vec<Tensor>, ForwardError> {
        let (shape, mut values) = input.into_parts();
        for value in &mut values {
            *value *= 2.0;
        }
        let output = Tensor::new(shape, values);
        output
            .map(|output| vec![output])
            .map_err(|error| ForwardError::Failed(error.to_string()))
    }
}

/// A network that takes prompts and selects nothing.
struct Blank;

impl PromptNetwork for Blank {
    fn frame(&self) -> InputFrame {
        InputFrame::LongSide(16)
    }

    fn encode(&mut self, _: &RgbImage, _: &dyn Monitor) -> Result<Embedding, ForwardError> {
        Ok(Embedding(Vec::new()))
    }

    fn decode(
        &mut self,
        _: &Embedding,
        _: &[PromptPoint],
        _: Option<[f32; 4]>,
    ) -> Result<Tensor, ForwardError> {
        Tensor::new(vec![1, 1], vec![-1.0]).map_err(|error| ForwardError::Failed(error.to_string()))
    }
}

/// Returns an image of 4 x 4 pixels whose red determines the model's behaviour, with a hole of one pixel.
pub fn input(red: u8) -> JobInput {
    let image = RgbImage::from_pixel(4, 4, [red, 0, 0].into());
    let mask = Mask::from_fn(4, 4, |x, y| (x, y) == (2, 2));
    JobInput {
        image,
        mask: Arc::new(mask),
        options: InpaintOptions {
            strategy: HdStrategy::Original,
            ..InpaintOptions::default()
        },
        deadline: None,
    }
}

/// Starts a paused job on each of the engine's model threads.
pub async fn occupy(
    engine: &Engine,
    models: &mut Models,
    workers: usize,
) -> Vec<JoinHandle<Result<JobOutput, JobError>>> {
    let mut running = Vec::new();
    for _ in 0..workers {
        let job = engine.admit(ClientKey::new("me"), None).unwrap();
        running.push(tokio::spawn(job.run(input(PAUSE))));
        models.control.wait_until_paused().await;
    }
    running
}

/// Resumes paused jobs, in any order, and returns their results.
pub async fn finish(
    models: &Models,
    running: Vec<JoinHandle<Result<JobOutput, JobError>>>,
) -> Vec<Result<JobOutput, JobError>> {
    for _ in &running {
        models.control.resume();
    }
    let mut results = Vec::new();
    for job in running {
        results.push(job.await.unwrap());
    }
    results
}

/// Returns the model's output in the hole.
pub fn hole_value(output: &JobOutput) -> u8 {
    output.outcome.image.get_pixel(2, 2).0[0]
}

/// Creates a model folder with these files (name, text).
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Starts an engine on a model folder; `env` replaces the environment.
pub fn start(
    folder: &Path,
    options: &EngineOptions,
    env: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<(Engine, Models), StartError> {
    let store = ModelStore::new(folder.to_owned(), None);
    let (registry, errors) = Registry::load(store.folders(), env).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    let (loader, models) = FakeLoader::new();
    Ok((Engine::start(registry, store, vec![loader], options)?, models))
}

/// Starts an engine without downloads, with the models `a`, `b` and `c` and the built-in model, and `broken`
/// and `panic`, which can't be loaded.
pub fn offline(
    model: Option<&str>,
    change: impl FnOnce(&mut EngineOptions),
) -> (Engine, Models, tempfile::TempDir) {
    let folder = offline_folder();
    let (engine, models) = start(folder.path(), &offline_options(model, change), |_| None).unwrap();
    (engine, models, folder)
}

/// Starts the engine of [`offline`] on these devices. The model `half` can't be loaded on `cuda:1`.
pub fn offline_on(
    devices: &[Device],
    model: Option<&str>,
    change: impl FnOnce(&mut EngineOptions),
) -> (Engine, Models, tempfile::TempDir) {
    let folder = offline_folder();
    let store = ModelStore::new(folder.path().to_owned(), None);
    let (registry, _) = Registry::load(store.folders(), |_| None).unwrap();
    let (loaders, models) = FakeLoader::on(devices);
    let engine = Engine::start(registry, store, loaders, &offline_options(model, change)).unwrap();
    (engine, models, folder)
}

fn offline_folder() -> tempfile::TempDir {
    let folder = folder(&[("half.toml", "format = 'lama'"), ("half.pt", "broken on cuda:1")]);
    for name in ["a", "b", "c", "broken", "panic"] {
        std::fs::write(folder.path().join(format!("{name}.toml")), "format = 'lama'").unwrap();
        std::fs::write(folder.path().join(format!("{name}.pt")), name).unwrap();
    }
    folder
}

fn offline_options(model: Option<&str>, change: impl FnOnce(&mut EngineOptions)) -> EngineOptions {
    let mut options = EngineOptions {
        model: model.map(str::to_owned),
        local_files_only: true,
        ..EngineOptions::default()
    };
    change(&mut options);
    options
}

//! A server without a socket, and requests to it.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use iopaint_app::files::{FileSettings, Files};
use iopaint_app::plugins::PluginChoices;
use iopaint_app::settings::{AccessSettings, BodySettings, ImageSettings, ServerSettings};
use iopaint_app::{
    AllowedHosts, AllowedOrigins, ApiKeys, AppState, CodecPool, Metrics, MinBodyRate, RateLimit,
    RequestLimits, RootPath, TrustedProxies, router,
};
use iopaint_engine::{
    Device, Engine, EngineOptions, LoadedModel, ModelFile, ModelLoadError, ModelLoader, ModelSpec,
    ModelStore, PluginDevices, Registry, TorchLoader, TorchSettings, init_torch,
};
use iopaint_imaging::{DecodeLimits, EncodeOptions};
use serde_json::{Value, json};
use tower::ServiceExt;

pub const INPAINT: &str = "/api/v1/inpaint";

/// A minimum rate of 1000 bytes per window that ends as soon as the server has to wait for a small body.
pub const IMPATIENT: MinBodyRate = MinBodyRate {
    bytes_per_second: 1_000_000_000_000,
    window: Duration::from_nanos(1),
};

/// A server, its engine, and its model folder.
pub struct Server {
    pub router: Router,
    pub engine: Engine,
    pub folder: tempfile::TempDir,
}

/// A complete response.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

pub fn fixture(name: &str) -> Vec<u8> {
    let path = fixtures().join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A small photo-like picture and a mask of its size.
pub fn picture() -> (Vec<u8>, Vec<u8>) {
    (
        fixture("goldens/inputs/rgb-150x101.png"),
        fixture("goldens/inputs/mask-disc-150x101.png"),
    )
}

pub fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}

pub fn settings() -> ServerSettings {
    ServerSettings {
        access: AccessSettings {
            hosts: AllowedHosts::new("127.0.0.1", &["photos.example".to_owned()]),
            origins: AllowedOrigins::new(&["https://friend.example".to_owned()]),
            trusted_proxies: TrustedProxies::default(),
            keys: ApiKeys::default(),
            rate: RateLimit::default(),
        },
        bodies: BodySettings {
            max_bytes: 4 << 20,
            min_rate: MinBodyRate {
                bytes_per_second: 4096,
                window: Duration::from_secs(10),
            },
            content: RequestLimits::default(),
        },
        images: ImageSettings {
            limits: DecodeLimits {
                max_pixels: 1 << 22,
                max_side: 4096,
            },
            max_forward_pixels: 1 << 22,
            encode: EncodeOptions::default(),
            max_thumbnail_side: 1024,
        },
        max_in_flight_bytes: 64 << 20,
        request_timeout: Duration::from_mins(10),
        max_sockets: 16,
        root_path: RootPath::default(),
        plugins: PluginChoices::default(),
        fixed_model: false,
        mcp: false,
    }
}

/// A server with `lama` and `anime-lama` (small stand-ins of the same contract) beside the built-in model.
pub fn server_with(change: impl FnOnce(&mut EngineOptions, &mut ServerSettings)) -> Server {
    server_of(torch(), change)
}

/// A server whose models have a copy of their weights for each of the `loaders`.
pub fn server_on(
    loaders: Vec<Arc<dyn ModelLoader>>,
    change: impl FnOnce(&mut EngineOptions, &mut ServerSettings),
) -> Server {
    start(
        Registry::known().unwrap(),
        loaders,
        &FileSettings::default(),
        change,
    )
}

/// The same as [`server_with`], with `files` in the model folder: name and fixture of each.
pub fn server_with_weights(
    files: &[(&str, &str)],
    change: impl FnOnce(&mut EngineOptions, &mut ServerSettings),
) -> Server {
    let folder = model_folder();
    for (file, name) in files {
        std::fs::write(folder.path().join(file), fixture(name)).unwrap();
    }
    let registry = Registry::known().unwrap();
    start_in(folder, registry, vec![torch()], &FileSettings::default(), change)
}

/// A server with folders and without models.
pub fn server_with_files(settings: &FileSettings) -> Server {
    server_with_files_and(settings, |_| {})
}

/// The same, with other settings.
pub fn server_with_files_and(settings: &FileSettings, change: impl FnOnce(&mut ServerSettings)) -> Server {
    server_of_files(Arc::new(NoModels), settings, change)
}

/// A server with folders, and with models that `loader` makes of the files.
pub fn server_of_files(
    loader: Arc<dyn ModelLoader>,
    settings: &FileSettings,
    change: impl FnOnce(&mut ServerSettings),
) -> Server {
    let change = |_: &mut EngineOptions, server_settings: &mut ServerSettings| change(server_settings);
    start(Registry::known().unwrap(), vec![loader], settings, change)
}

/// For tests that fill nothing: no thread may be loading a model in libtorch when they end.
pub struct NoModels;

impl ModelLoader for NoModels {
    fn load(&self, _: &ModelSpec, _: &[ModelFile]) -> Result<LoadedModel, ModelLoadError> {
        Err(ModelLoadError::Absent)
    }
}

/// The same as [`server_with`], with models that `loader` makes of the files.
pub fn server_of(
    loader: Arc<dyn ModelLoader>,
    change: impl FnOnce(&mut EngineOptions, &mut ServerSettings),
) -> Server {
    server_from(Registry::known().unwrap(), loader, change)
}

/// The same, with the models of a registry.
pub fn server_from(
    registry: Registry,
    loader: Arc<dyn ModelLoader>,
    change: impl FnOnce(&mut EngineOptions, &mut ServerSettings),
) -> Server {
    start(registry, vec![loader], &FileSettings::default(), change)
}

/// Loads real models.
pub fn torch() -> Arc<dyn ModelLoader> {
    init_torch(TorchSettings {
        threads: 2,
        ..TorchSettings::default()
    });
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    at_exit::skip_destructors();
    Arc::new(TorchLoader {
        device: Device::Cpu,
        plugin_devices: PluginDevices::default(),
        strict: false,
        threads: NonZeroUsize::MIN,
    })
}

/// Ends the test process. A server of a test may still load its model at that time, and crash when
/// libtorch's static objects are destroyed. The binary itself ends with `iopaint_engine::exit`.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod at_exit {
    use std::ffi::{c_int, c_void};
    use std::ptr::null_mut;

    unsafe extern "C" {
        fn on_exit(handler: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
    }

    extern "C" fn leave(status: c_int, _: *mut c_void) {
        iopaint_engine::exit(status as u8)
    }

    /// Ends the process before the destructors of objects that exist at the time of the call. Handlers run in
    /// the reverse order of their registration, so each server registers it once more.
    pub fn skip_destructors() {
        // SAFETY: the handler has the signature that on_exit(3) requires, and ignores its argument.
        assert_eq!(unsafe { on_exit(leave, null_mut()) }, 0);
    }
}

fn start(
    registry: Registry,
    loaders: Vec<Arc<dyn ModelLoader>>,
    settings: &FileSettings,
    change: impl FnOnce(&mut EngineOptions, &mut ServerSettings),
) -> Server {
    start_in(model_folder(), registry, loaders, settings, change)
}

/// A folder with the models of the goldens.
fn model_folder() -> tempfile::TempDir {
    // The shared server is never dropped, nor is its folder.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let goldens = fixtures().join("goldens");
    std::fs::copy(goldens.join("models/lama.pt"), folder.path().join("big-lama.pt")).unwrap();
    std::fs::copy(
        goldens.join("models/probe.pt"),
        folder.path().join("anime-manga-big-lama.pt"),
    )
    .unwrap();
    folder
}

fn start_in(
    folder: tempfile::TempDir,
    registry: Registry,
    loaders: Vec<Arc<dyn ModelLoader>>,
    settings: &FileSettings,
    change: impl FnOnce(&mut EngineOptions, &mut ServerSettings),
) -> Server {
    let metrics = Metrics::default();
    metrics.expect_models(registry.iter().map(|spec| spec.name.as_str()));
    let mut options = EngineOptions {
        local_files_only: true,
        metrics: Arc::new(metrics.clone()),
        ..EngineOptions::default()
    };
    let mut server_settings = self::settings();
    change(&mut options, &mut server_settings);
    let store = ModelStore::new(folder.path().to_owned(), None);
    let engine = Engine::start(registry, store, loaders, &options).unwrap();
    let files = Files::open(settings).unwrap();
    let state = AppState::new(engine.clone(), CodecPool::new(2), files, metrics, server_settings);
    Server {
        router: router(state),
        engine,
        folder,
    }
}

/// The shared server of tests that don't change its state.
pub fn server() -> &'static Server {
    static SERVER: LazyLock<Server> = LazyLock::new(|| server_with(|_, _| {}));
    &SERVER
}

impl Server {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path);
        let request = if content_type.is_empty() {
            request
        } else {
            request.header(CONTENT_TYPE, content_type)
        };
        self.send(request.body(body.into()).unwrap()).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, "application/json", body.to_string()).await
    }

    /// Inpaints with the fields of an object beside image and mask.
    pub async fn inpaint(&self, image: &[u8], mask: &[u8], fields: &Value) -> Answer {
        let mut body = json!({ "image": base64(image), "mask": base64(mask) });
        for (key, value) in fields.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        self.post_json(INPAINT, &body).await
    }

    /// Waits until the current model is loaded, by running a job.
    pub async fn ready(&self) {
        let (image, mask) = picture();
        assert_eq!(
            self.inpaint(&image, &mask, &json!({})).await.status,
            StatusCode::OK
        );
    }
}

/// A multipart form of files: (name, bytes) of its parts.
pub fn form(parts: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let files: Vec<_> = parts
        .iter()
        .map(|(name, bytes)| (*name, Some(*name), *bytes))
        .collect();
    form_of(&files)
}

/// A multipart form: (name, file's name if it is one, bytes) of its parts.
pub fn form_of(parts: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    let boundary = "a-boundary-that-no-picture-holds";
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

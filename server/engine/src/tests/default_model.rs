use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use iopaint_test_support::wait_until;

use super::fixture::{folder, input, start};
use crate::{ClientKey, DefaultModel, Engine, EngineOptions, StartError};

fn options(model: Option<&str>, local_files_only: bool) -> EngineOptions {
    EngineOptions {
        model: model.map(str::to_owned),
        local_files_only,
        ..EngineOptions::default()
    }
}

async fn serving_model(engine: &Engine) -> String {
    engine
        .admit(ClientKey::new("me"), None)
        .unwrap()
        .run(input(0))
        .await
        .unwrap()
        .run
        .model
}

/// Starts a server that responds to one request with status line `head` and `body`; returns the URL.
fn serve_once(head: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = write!(
            stream,
            "HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
    });
    format!("http://{address}/lama.pt")
}

/// Returns an environment in which `lama` is downloaded from `url` and not verified.
fn from_url(url: &str) -> impl Fn(&str) -> Option<std::ffi::OsString> {
    let url = url.to_owned();
    move |name| match name {
        "LAMA_MODEL_URL" => Some(url.clone().into()),
        "LAMA_MODEL_MD5" => Some(std::ffi::OsString::new()),
        _ => None,
    }
}

#[tokio::test]
async fn default_is_lama_if_on_disk() {
    for name in [None, Some("")] {
        let folder = folder(&[("big-lama.pt", "weights")]);
        let (engine, _models) = start(folder.path(), &options(name, false), |_| None).unwrap();
        assert_eq!(serving_model(&engine).await, "lama");
    }
}

#[tokio::test]
async fn default_is_builtin_without_downloads() {
    let folder = folder(&[]);
    let (engine, _models) = start(folder.path(), &options(None, true), |_| None).unwrap();
    assert_eq!(serving_model(&engine).await, "lama-patches");
    assert!(engine.status().loading.is_empty());
}

#[tokio::test]
async fn lama_is_downloaded_and_replaces_builtin() {
    let folder = folder(&[]);
    let url = serve_once("200 OK", "weights");
    let (engine, models) = start(folder.path(), &options(None, false), from_url(&url)).unwrap();
    wait_until("two models are loaded", || models.loads().len() == 2).await;
    let loads = models.loads();
    assert!(
        loads.contains(&"lama-patches".into()) && loads.contains(&"lama".into()),
        "{loads:?}"
    );
    engine.switch("lama").await.unwrap();
    assert_eq!(serving_model(&engine).await, "lama");
}

#[tokio::test]
async fn failed_download_keeps_builtin() {
    let folder = folder(&[]);
    let url = serve_once("404 Not Found", "");
    let (engine, _models) = start(folder.path(), &options(None, false), from_url(&url)).unwrap();
    wait_until("the download has failed", || {
        let loading = engine.status().loading;
        !loading.iter().any(|loading| loading.name == "lama")
    })
    .await;
    assert_eq!(serving_model(&engine).await, "lama-patches");
    assert!(engine.status().ready);
}

#[tokio::test]
async fn download_first_serves_one_model_only() {
    for (head, body, expected) in [
        ("200 OK", "weights", "lama"),
        ("404 Not Found", "", "lama-patches"),
    ] {
        let folder = folder(&[]);
        let url = serve_once(head, body);
        let folder_path = folder.path().to_owned();
        let options = EngineOptions {
            default_model: DefaultModel::DownloadFirst,
            ..options(None, false)
        };
        let started = tokio::task::spawn_blocking(move || start(&folder_path, &options, from_url(&url)));
        let (engine, _models) = started.await.unwrap().unwrap();
        let status = engine.status();
        let loading = status.loading.into_iter().map(|loading| loading.name);
        let names: Vec<String> = loading.chain(status.model.map(|model| model.name)).collect();
        assert_eq!(names, [expected]);
        assert_eq!(serving_model(&engine).await, expected);
    }
}

#[tokio::test]
async fn builtin_replaces_unloadable_default() {
    for content in ["broken", "panic"] {
        let folder = folder(&[("big-lama.pt", content)]);
        let (engine, _models) = start(folder.path(), &options(None, false), |_| None).unwrap();
        assert_eq!(serving_model(&engine).await, "lama-patches");
        assert!(engine.status().ready);
        assert!(folder.path().join("big-lama.pt").exists(), "user files are kept");
    }
}

#[tokio::test]
async fn named_model_is_downloaded_before_start() {
    let folder = folder(&[]);
    let url = serve_once("200 OK", "weights");
    let folder_path = folder.path().to_owned();
    let started = tokio::task::spawn_blocking(move || {
        start(&folder_path, &options(Some("lama"), false), from_url(&url))
    });
    let (engine, _models) = started.await.unwrap().unwrap();
    assert_eq!(serving_model(&engine).await, "lama");
}

#[tokio::test]
async fn only_missing_files_are_downloaded() {
    let folder = folder(&[("manga_inpaintor.jit", "weights")]);
    let url = serve_once("200 OK", "lines");
    let folder_path = folder.path().to_owned();
    let started = tokio::task::spawn_blocking(move || {
        start(&folder_path, &options(Some("manga"), false), |name| match name {
            "MANGA_LINE_MODEL_URL" => Some(url.clone().into()),
            "MANGA_LINE_MODEL_MD5" => Some(std::ffi::OsString::new()),
            _ => None,
        })
    });
    let (engine, _models) = started.await.unwrap().unwrap();
    assert_eq!(serving_model(&engine).await, "manga");
    let downloaded = folder.path().join("torch/hub/checkpoints/lama.pt");
    assert_eq!(std::fs::read(downloaded).unwrap(), b"lines");
}

#[tokio::test]
async fn unavailable_named_model_fails_the_start() {
    let folder = folder(&[]);
    let error = start(folder.path(), &options(Some("lama"), true), |_| None)
        .err()
        .unwrap();
    assert!(matches!(&error, StartError::Absent(name) if name == "lama"));
    assert!(error.to_string().contains("downloads are disabled"), "{error}");
    let error = start(folder.path(), &options(Some("unknown"), true), |_| None)
        .err()
        .unwrap();
    assert!(error.to_string().contains("`lama-patches`"), "{error}");
    let url = serve_once("404 Not Found", "");
    let folder_path = folder.path().to_owned();
    let failed = tokio::task::spawn_blocking(move || {
        start(&folder_path, &options(Some("lama"), false), from_url(&url)).err()
    });
    let error = failed.await.unwrap().unwrap();
    assert!(error.to_string().contains("404"), "{error}");
}

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::fake::{Strings, folder, start, work};
use crate::{ClientKey, DefaultModel, Engine, EngineOptions, StartError};

fn options(model: Option<&str>, local_files_only: bool) -> EngineOptions {
    EngineOptions {
        model: model.map(str::to_owned),
        local_files_only,
        ..EngineOptions::default()
    }
}

async fn answering_model(engine: &Engine) -> String {
    engine
        .admit(ClientKey::new("me"), None)
        .unwrap()
        .run(work(0))
        .await
        .unwrap()
        .model
}

async fn loads(strings: Strings, count: usize) -> Vec<String> {
    tokio::task::spawn_blocking(move || strings.loads.iter().take(count).collect())
        .await
        .unwrap()
}

/// Answers one request with `head` and `body` and then no more.
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

/// An environment in which `lama` comes from `url` and its content isn't checked.
fn from_url(url: &str) -> impl Fn(&str) -> Option<std::ffi::OsString> {
    let url = url.to_owned();
    move |name| match name {
        "LAMA_MODEL_URL" => Some(url.clone().into()),
        "LAMA_MODEL_MD5" => Some(std::ffi::OsString::new()),
        _ => None,
    }
}

#[tokio::test]
async fn lama_serves_by_default_where_its_file_is_there() {
    for name in [None, Some("")] {
        let folder = folder(&[("big-lama.pt", "weights")]);
        let (engine, _strings) = start(folder.path(), &options(name, false), |_| None).unwrap();
        assert_eq!(answering_model(&engine).await, "lama");
    }
}

#[tokio::test]
async fn the_built_in_model_serves_by_default_where_nothing_may_be_downloaded() {
    let folder = folder(&[]);
    let (engine, _strings) = start(folder.path(), &options(None, true), |_| None).unwrap();
    assert_eq!(answering_model(&engine).await, "lama-patches");
    assert!(engine.status().loading.is_empty());
}

#[tokio::test]
async fn lama_is_downloaded_behind_the_built_in_model_and_takes_its_place() {
    let folder = folder(&[]);
    let url = serve_once("200 OK", "weights");
    let (engine, strings) = start(folder.path(), &options(None, false), from_url(&url)).unwrap();
    let loads = loads(strings, 2).await;
    assert!(
        loads.contains(&"lama-patches".into()) && loads.contains(&"lama".into()),
        "{loads:?}"
    );
    engine.switch("lama").await.unwrap();
    assert_eq!(answering_model(&engine).await, "lama");
}

#[tokio::test]
async fn a_failed_download_leaves_the_built_in_model_and_says_so() {
    let folder = folder(&[]);
    let url = serve_once("404 Not Found", "");
    let (engine, _strings) = start(folder.path(), &options(None, false), from_url(&url)).unwrap();
    while engine
        .status()
        .loading
        .iter()
        .any(|loading| loading.name == "lama")
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(answering_model(&engine).await, "lama-patches");
    assert!(engine.status().ready);
}

#[tokio::test]
async fn a_default_model_that_is_to_come_first_answers_everything() {
    for (head, body, expected) in [
        ("200 OK", "weights", "lama"),
        ("404 Not Found", "", "lama-patches"),
    ] {
        let folder = folder(&[]);
        let url = serve_once(head, body);
        let folder_path = folder.path().to_owned();
        let options = EngineOptions {
            default_model: DefaultModel::First,
            ..options(None, false)
        };
        let started = tokio::task::spawn_blocking(move || start(&folder_path, &options, from_url(&url)));
        let (engine, _strings) = started.await.unwrap().unwrap();
        let status = engine.status();
        let coming = status.loading.into_iter().map(|loading| loading.name);
        let names: Vec<String> = coming.chain(status.model.map(|model| model.name)).collect();
        assert_eq!(names, [expected]);
        assert_eq!(answering_model(&engine).await, expected);
    }
}

#[tokio::test]
async fn the_built_in_model_serves_where_the_default_ones_file_is_of_no_use() {
    for content in ["broken", "panic"] {
        let folder = folder(&[("big-lama.pt", content)]);
        let (engine, _strings) = start(folder.path(), &options(None, false), |_| None).unwrap();
        assert_eq!(answering_model(&engine).await, "lama-patches");
        assert!(engine.status().ready);
        assert!(folder.path().join("big-lama.pt").exists(), "it is the user's");
    }
}

#[tokio::test]
async fn a_named_model_is_downloaded_first() {
    let folder = folder(&[]);
    let url = serve_once("200 OK", "weights");
    let folder_path = folder.path().to_owned();
    let started = tokio::task::spawn_blocking(move || {
        start(&folder_path, &options(Some("lama"), false), from_url(&url))
    });
    let (engine, _strings) = started.await.unwrap().unwrap();
    assert_eq!(answering_model(&engine).await, "lama");
}

#[tokio::test]
async fn of_a_model_of_two_files_only_the_absent_one_is_downloaded() {
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
    let (engine, _strings) = started.await.unwrap().unwrap();
    assert_eq!(answering_model(&engine).await, "manga");
    let downloaded = folder.path().join("torch/hub/checkpoints/lama.pt");
    assert_eq!(std::fs::read(downloaded).unwrap(), b"lines");
}

#[tokio::test]
async fn a_named_model_that_cannot_be_had_ends_the_start_with_what_to_do() {
    let folder = folder(&[]);
    let error = start(folder.path(), &options(Some("lama"), true), |_| None)
        .err()
        .unwrap();
    assert!(matches!(&error, StartError::Absent(name) if name == "lama"));
    assert!(error.to_string().contains("--local-files-only"), "{error}");
    let error = start(folder.path(), &options(Some("nobody"), true), |_| None)
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

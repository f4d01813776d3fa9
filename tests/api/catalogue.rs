//! The model list and downloads.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use axum::http::StatusCode;
use iopaint_engine::Registry;
use rstest::rstest;
use serde_json::{Value, json};

use crate::events::Client;
use crate::harness::{Answer, Server, picture, server, server_from, server_with};
use crate::pausable::pausable_models;

const WEIGHTS: &[u8] = b"the weights of a model";

/// A file server that sends the first half at once, and the rest in steps on demand.
struct Origin {
    url: String,
    go_on: Sender<()>,
    connections: Receiver<()>,
}

fn origin(status: &'static str) -> Origin {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/anime.pt", listener.local_addr().unwrap());
    let (go_on, told) = channel::<()>();
    let (connected, connections) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = connected.send(());
            let _ = stream.read(&mut [0; 4096]);
            let (first, second) = WEIGHTS.split_at(WEIGHTS.len() / 2);
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n",
                WEIGHTS.len()
            );
            let _ = stream.write_all(first);
            if told.recv().is_err() {
                return;
            }
            let _ = stream.write_all(second);
        }
    });
    Origin {
        url,
        go_on,
        connections,
    }
}

/// A server without `anime-lama`, which it can download from `url`.
fn server_that_lacks(url: &str) -> Server {
    let mut registry = Registry::known().unwrap();
    let refused = registry.apply_env(|name| match name {
        "ANIME_LAMA_MODEL_URL" => Some(url.into()),
        "ANIME_LAMA_MODEL_MD5" => Some("".into()),
        _ => None,
    });
    assert!(refused.is_empty(), "{refused:?}");
    let (loader, _control) = pausable_models();
    server_from(registry, loader, |options, _| options.local_files_only = false)
}

async fn model(server: &Server, name: &str) -> Value {
    let models = server.get("/api/v1/models").await.json();
    let models = models.as_array().unwrap().clone();
    models.into_iter().find(|model| model["name"] == name).unwrap()
}

async fn download(server: &Server, name: &str) -> Answer {
    server
        .post(&format!("/api/v1/models/{name}/download"), "", "")
        .await
}

/// Returns the next `model` event with this state.
async fn event(client: &mut Client<'_>, state: &str) -> Value {
    loop {
        let (name, value) = client.event().await;
        if name == "model" && value["state"] == state {
            return value;
        }
    }
}

#[tokio::test]
async fn models_list_state_size_and_licence() {
    let lama = model(server(), "lama").await;
    assert_eq!(
        (lama["state"].clone(), lama["licence"].clone()),
        (json!("ready"), json!("Apache-2.0"))
    );
    let on_disk = std::fs::metadata(server().folder.path().join("big-lama.pt")).unwrap();
    assert_eq!(lama["bytes"], json!(on_disk.len()));
    assert_eq!(lama["task"], "inpaint");
    assert_eq!(model(server(), "vit_h").await["task"], "segment-by-prompt");
    let mini = model(server(), "lama-mini").await;
    assert_eq!(mini["state"], "builtin");
    assert!(mini["bytes"].as_u64().unwrap() > 1_000_000);
    let server = server_with(|_, _| {});
    std::fs::remove_file(server.folder.path().join("big-lama.pt")).unwrap();
    let lama = model(&server, "lama").await;
    assert_eq!(lama["state"], "absent");
    assert!(lama["bytes"].as_u64().unwrap() > 100_000_000, "{lama}");
    assert_eq!(lama["downloadable"], false, "--local-files-only");
}

#[tokio::test]
async fn download_sends_events_and_runs_once() {
    let origin = origin("200 OK");
    let server = server_that_lacks(&origin.url);
    assert_eq!(model(&server, "anime-lama").await["state"], "absent");
    let mut client = Client::connect(&server).await;
    for _ in 0..2 {
        let answer = download(&server, "anime-lama").await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert_eq!(answer.json()["state"], "downloading");
    }
    let told = event(&mut client, "downloading").await;
    assert_eq!(told["name"], "anime-lama");
    while model(&server, "anime-lama").await["downloaded"] != json!(WEIGHTS.len() / 2) {
        tokio::task::yield_now().await;
    }
    let mut late = Client::connect(&server).await;
    let told = event(&mut late, "downloading").await;
    assert_eq!(
        (told["bytes"].clone(), told["total"].clone()),
        (json!(WEIGHTS.len() / 2), json!(WEIGHTS.len()))
    );
    let (image, mask) = picture();
    let early = server
        .inpaint(&image, &mask, &json!({ "model": "anime-lama" }))
        .await;
    assert_eq!(early.status, StatusCode::NOT_FOUND);
    assert!(
        early.json()["detail"]
            .as_str()
            .unwrap()
            .contains("still being downloaded")
    );
    origin.go_on.send(()).unwrap();
    let ready = event(&mut client, "ready").await;
    assert_eq!(
        ready,
        json!({ "name": "anime-lama", "state": "ready", "bytes": null, "total": null, "error": null })
    );
    let here = model(&server, "anime-lama").await;
    assert_eq!(
        (here["state"].clone(), here["bytes"].clone()),
        (json!("ready"), json!(WEIGHTS.len()))
    );
    let again = download(&server, "anime-lama").await;
    assert_eq!(
        (again.status, again.json()["state"].clone()),
        (StatusCode::ACCEPTED, json!("ready"))
    );
    assert_eq!(origin.connections.try_iter().count(), 1);
}

#[tokio::test]
async fn failed_download_reports_reason() {
    let origin = origin("404 Not Found");
    let server = server_that_lacks(&origin.url);
    let mut client = Client::connect(&server).await;
    assert_eq!(download(&server, "anime-lama").await.status, StatusCode::ACCEPTED);
    let failed = event(&mut client, "failed").await;
    assert!(failed["error"].as_str().unwrap().contains("404"), "{failed}");
    assert_eq!(model(&server, "anime-lama").await["state"], "absent");
}

#[rstest]
#[case("anime-lama", 403, "downloads-forbidden")]
#[case("nobody", 404, "unknown-model")]
#[case("..%2F..%2Fetc%2Fpasswd", 404, "unknown-model")]
#[case("https:%2F%2Fevil.example%2Fa.pt", 404, "unknown-model")]
#[tokio::test]
async fn download_needs_known_model_and_permission(
    #[case] name: &str,
    #[case] status: u16,
    #[case] code: &str,
) {
    let server = server_with(|_, _| {});
    std::fs::remove_file(server.folder.path().join("anime-manga-big-lama.pt")).unwrap();
    let answer = download(&server, name).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["error"].clone()),
        (status, json!(code))
    );
}

#[tokio::test]
async fn fixed_model_rejects_other_models() {
    let server = server_with(|_, settings| settings.fixed_model = true);
    server.ready().await;
    assert_eq!(
        server.get("/api/v1/server-config").await.json()["disableModelSwitch"],
        true
    );
    let (image, mask) = picture();
    for (name, status) in [("lama", 200), ("lama-mini", 403)] {
        let named = server.inpaint(&image, &mask, &json!({ "model": name })).await;
        assert_eq!(named.status.as_u16(), status);
        let switched = server.post_json("/api/v1/model", &json!({ "name": name })).await;
        assert_eq!(switched.status.as_u16(), status);
    }
    let answer = download(&server, "anime-lama").await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["error"].clone()),
        (403, json!("model-fixed"))
    );
}

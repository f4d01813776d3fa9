//! `iopaint download` and `iopaint list`.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;

use crate::{fixtures, iopaint};

fn run(folder: &tempfile::TempDir, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    iopaint(arguments)
        .args(["--model-dir", folder.path().to_str().unwrap()])
        .env("NO_PROXY", "127.0.0.1")
        .env_remove("TORCH_HOME")
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Serves one request with the stand-in for lama; returns its address.
fn serve_lama_once() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/big-lama.pt", listener.local_addr().unwrap());
    let body = fs::read(fixtures().join("goldens/models/lama.pt")).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    });
    address
}

#[test]
fn list_prints_models_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let before = lines(&run(&folder, &["list"], &[]));
    assert!(
        before.contains(&"lama-mini".to_owned()),
        "the built-in one is always there: {before:?}"
    );
    assert!(!before.contains(&"lama".to_owned()));
    let checkpoints = folder.path().join("torch/hub/checkpoints");
    fs::create_dir_all(&checkpoints).unwrap();
    fs::write(checkpoints.join("big-lama.pt"), "weights").unwrap();
    let after = lines(&run(&folder, &["list"], &[]));
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.contains(&"lama".to_owned()), "{after:?}");
}

#[test]
fn download_uses_iopaint_folder_once() {
    let folder = tempfile::tempdir().unwrap();
    let address = serve_lama_once();
    let env = [("LAMA_MODEL_URL", address.as_str()), ("LAMA_MODEL_MD5", "")];
    for words in ["downloaded: ", "already present: "] {
        let output = run(&folder, &["download", "--model", "lama"], &env);
        assert!(lines(&output).is_empty());
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    assert_eq!(
        fs::read(folder.path().join("torch/hub/checkpoints/big-lama.pt")).unwrap(),
        fs::read(fixtures().join("goldens/models/lama.pt")).unwrap()
    );
    assert!(lines(&run(&folder, &["list"], &[])).contains(&"lama".to_owned()));
}

#[test]
fn download_of_built_in_model_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&folder, &["download", "--model", "lama-mini"], &[]);
    assert!(lines(&output).is_empty());
    assert!(stderr(&output).contains("is built in"));
}

#[test]
fn download_of_unknown_model_lists_models() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        &folder,
        &["download", "--model", "runwayml/stable-diffusion-inpainting"],
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("`anime-lama`"), "{}", stderr(&output));
}

#[test]
fn a_download_that_fails_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/big-lama.pt", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(16).flatten() {
            let _ = (&stream).read(&mut [0; 4096]);
            let _ = (&stream)
                .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let output = run(
        &folder,
        &["download", "--model", "lama"],
        &[("LAMA_MODEL_URL", &address)],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("status 404"), "{}", stderr(&output));
    assert!(!lines(&run(&folder, &["list"], &[])).contains(&"lama".to_owned()));
}

#[test]
fn list_all_has_task_size_state_and_licence() {
    let folder = tempfile::tempdir().unwrap();
    let row = |name: &str| {
        let table = lines(&run(&folder, &["list", "--all"], &[]));
        let mut rows = table.iter().map(|line| {
            let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
            cells.map(str::to_owned).collect::<Vec<_>>()
        });
        rows.find(|cells| cells.first().is_some_and(|cell| cell == name))
            .unwrap_or_else(|| panic!("no {name} in {table:#?}"))
    };
    assert_eq!(row("NAME"), ["NAME", "TASK", "SIZE", "STATE", "LICENCE"]);
    assert_eq!(
        row("u2netp"),
        ["u2netp", "select, cut out", "5 MB", "built in", "Apache-2.0"]
    );
    assert_eq!(
        row("vit_h"),
        ["vit_h", "select by click", "2565 MB", "download", "Apache-2.0"]
    );
    let checkpoints = folder.path().join("torch/hub/checkpoints");
    fs::create_dir_all(&checkpoints).unwrap();
    fs::write(checkpoints.join("sam_vit_h_4b8939.pth"), "weights").unwrap();
    assert_eq!(
        row("vit_h"),
        ["vit_h", "select by click", "1 MB", "on disk", "Apache-2.0"]
    );
}

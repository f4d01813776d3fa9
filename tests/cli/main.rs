//! The real binary.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod at_work;
mod disk;
#[cfg(unix)]
mod drain;
mod events;
mod http;
mod keys;
mod limits;
mod linger;
mod manual;
#[cfg(unix)]
mod mcp;
#[cfg(target_os = "linux")]
mod memory_growth;
mod models;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod openmp;
mod pictures;
mod plugins;
mod slow;
#[cfg(all(unix, feature = "otel"))]
mod traces;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

fn iopaint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iopaint"));
    command.args(arguments);
    // Without the machine's settings.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("IOPAINT_")) {
        command.env_remove(name);
    }
    command
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

fn run(arguments: &[&str]) -> Output {
    iopaint(arguments).output().unwrap()
}

/// A started server, terminated on drop.
struct Started {
    child: Child,
    port: String,
    stdout: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start() -> Started {
    start_with(|_| {})
}

fn start_with(change: impl FnOnce(&mut Command)) -> Started {
    let folder = tempfile::tempdir().unwrap();
    let model_dir = folder.path().to_str().unwrap();
    let mut command = iopaint(&[
        "start",
        "--port",
        "0",
        "--local-files-only",
        "--model-dir",
        model_dir,
        "--no-low-mem",
    ]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    change(&mut command);
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let port = line
        .trim()
        .strip_prefix("Listening on http://")
        .and_then(|address| address.rsplit_once(':'))
        .unwrap_or_else(|| panic!("{line:?}"))
        .1;
    Started {
        port: port.to_owned(),
        child,
        stdout,
        _folder: folder,
    }
}

#[test]
fn start_prints_address_and_health_succeeds() {
    let server = start();
    // Usually ready within a second; each health check takes some time itself.
    while !run(&["health", "--port", &server.port]).status.success() {}
    assert_eq!(run(&["health", "--port", &server.port]).stdout, b"ready\n");
}

#[cfg(unix)]
#[test]
fn sigterm_exits_0() {
    let mut server = start();
    let kill = Command::new("kill")
        .arg(server.child.id().to_string())
        .status()
        .unwrap();
    assert!(kill.success());
    assert!(server.child.wait().unwrap().success());
    let mut rest = String::new();
    server.stdout.read_to_string(&mut rest).unwrap();
    let url = format!("http://127.0.0.1:{}/", server.port);
    assert!(rest.starts_with(&format!("Open {url} in a browser")), "{rest}");
    assert!(rest.ends_with("Ctrl+C stops the server.\n"), "{rest}");
}

#[cfg(target_os = "linux")]
#[test]
fn inbrowser_opens_the_page() {
    use std::os::unix::fs::PermissionsExt;
    // A stand-in browser that records its argument, and a server that may exit.
    let folder = tempfile::tempdir().unwrap();
    let (browser, note) = (folder.path().join("xdg-open"), folder.path().join("note"));
    std::fs::write(
        &browser,
        format!(
            "#!/bin/sh\necho \"$1\" > '{0}.part'\nmv '{0}.part' '{0}'\n",
            note.display()
        ),
    )
    .unwrap();
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let server = start_with(|command| {
        command
            .args(["--inbrowser", "--host", "0.0.0.0"])
            .env("PATH", path);
    });
    while !note.exists() {
        std::thread::yield_now();
    }
    let opened = std::fs::read_to_string(note).unwrap();
    assert_eq!(opened.trim(), format!("http://127.0.0.1:{}/", server.port));
}

#[test]
fn health_without_server_fails() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    let output = run(&["health", "--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no server at"));
}

#[test]
fn start_on_used_port_fails() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = run(&["start", "--port", &port, "--local-files-only"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--port"));
}

#[test]
fn missing_model_offline_fails_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&[
        "start",
        "--port",
        "0",
        "--model",
        "lama",
        "--local-files-only",
        "--model-dir",
        folder.path().to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--local-files-only"));
}

#[test]
fn iopaint_start_flags_are_accepted() {
    let switches = [
        "inbrowser",
        "low-mem",
        "no-half",
        "cpu-offload",
        "disable-nsfw-checker",
        "local-files-only",
        "cpu-textencoder",
        "enable-interactive-seg",
        "enable-remove-bg",
        "enable-anime-seg",
        "enable-realesrgan",
        "enable-gfpgan",
        "enable-restoreformer",
    ];
    let valued = [
        ("host", "127.0.0.1"),
        ("port", "8080"),
        ("model", "lama"),
        ("model-dir", "models"),
        ("device", "cuda"),
        ("input", "photos"),
        ("mask-dir", "masks"),
        ("output-dir", "results"),
        ("quality", "90"),
        ("interactive-seg-model", "vit_b"),
        ("interactive-seg-device", "cpu"),
        ("remove-bg-model", "u2net"),
        ("remove-bg-device", "cpu"),
        ("realesrgan-model", "RealESRGAN_x4plus"),
        ("realesrgan-device", "cpu"),
        ("gfpgan-device", "cpu"),
        ("restoreformer-device", "cpu"),
        ("config", "start.json"),
    ];
    let mut arguments = vec!["start".to_owned()];
    for switch in switches {
        arguments.extend([format!("--{switch}"), format!("--no-{switch}")]);
    }
    for (flag, value) in valued {
        arguments.extend([format!("--{flag}"), value.to_owned()]);
    }
    // An unknown flag would be an error before the help is printed.
    arguments.push("--help".to_owned());
    let help = run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(help.status.success(), "{}", String::from_utf8_lossy(&help.stderr));
}

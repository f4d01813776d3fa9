//! API keys of the real binary: sources and secrecy.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use crate::{Started, iopaint, run, start_with};

const KEY: &str = "a-key-for-the-test-0123456789";

/// The status of a request with a header line.
fn status(server: &Started, header: &str) -> u16 {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{}", server.port)).unwrap();
    write!(
        stream,
        "GET /api/v1/samplers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

#[test]
fn keys_from_environment_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    fs::write(&file, "# office\na-key-from-a-file-0123456789\n").unwrap();
    let server = start_with(|command| {
        command
            .arg("--api-key-file")
            .arg(&file)
            .env("IOPAINT_API_KEY", format!("{KEY},another-key-0123456789"));
    });
    assert_eq!(status(&server, ""), 401);
    for key in [KEY, "another-key-0123456789", "a-key-from-a-file-0123456789"] {
        assert_eq!(status(&server, &bearer(key)), 200);
    }
    assert_eq!(status(&server, &bearer("made-up-key-0123456789")), 401);
    // Usually ready within a second; each health check takes some time itself.
    while !run(&["health", "--port", &server.port]).status.success() {}
}

#[test]
fn empty_key_variable_is_ignored() {
    let server = start_with(|command| {
        command.env("IOPAINT_API_KEY", "");
    });
    assert_eq!(status(&server, ""), 200);
}

#[test]
fn keys_are_not_logged_or_in_help() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let server = start_with(|command| {
        command
            .env("IOPAINT_API_KEY", KEY)
            .env("RUST_LOG", "trace")
            .stderr(fs::File::create(&log).unwrap());
    });
    assert_eq!(status(&server, &bearer(KEY)), 200);
    assert_eq!(status(&server, &format!("X-API-Key: {KEY}\r\n")), 200);
    drop(server);
    let logged = fs::read_to_string(&log).unwrap();
    assert!(
        logged.contains("Request completed") && !logged.contains(KEY),
        "{logged}"
    );
    let help = iopaint(&["start", "--help"])
        .env("IOPAINT_API_KEY", KEY)
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("--api-key") && !help.contains(KEY));
}

#[test]
fn open_server_without_key_warns() {
    let warned = |arguments: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        // The warning precedes the address line.
        drop(start_with(|command| {
            command.args(arguments).stderr(fs::File::create(&log).unwrap());
        }));
        fs::read_to_string(&log).unwrap().contains("NO KEY IS NEEDED")
    };
    assert!(warned(&["--host", "0.0.0.0"]));
    assert!(!warned(&["--host", "0.0.0.0", "--api-key", KEY]));
    assert!(!warned(&[]));
}

#[test]
fn empty_key_file_fails_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    fs::write(&file, "# none yet\n").unwrap();
    for path in [file.as_path(), &folder.path().join("missing")] {
        let output = iopaint(&["start", "--port", "0", "--local-files-only", "--api-key-file"])
            .arg(path)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("--api-key-file"));
    }
}

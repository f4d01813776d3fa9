//! Shutdown with open sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

fn request(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    stream
}

#[cfg(unix)]
#[test]
fn open_socket_does_not_block_exit() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = crate::iopaint(&[
        "start",
        "--port",
        "0",
        "--local-files-only",
        "--drain-timeout",
        "86400",
    ])
    .arg("--model-dir")
    .arg(folder.path())
    .stdout(Stdio::piped())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("Listening on http://").unwrap();
    let mut opened = String::new();
    request(address, POLLING).read_to_string(&mut opened).unwrap();
    let (_, rest) = opened.split_once("\"sid\":\"").unwrap();
    let (sid, _) = rest.split_once('"').unwrap();
    let mut listening = request(address, &format!("{POLLING}&sid={sid}"));
    let kill = Command::new("kill")
        .arg(server.id().to_string())
        .status()
        .unwrap();
    assert!(kill.success());
    // Without closing the socket the server would wait for a day.
    assert!(server.wait().unwrap().success());
    let _ = listening.read_to_string(&mut opened);
}

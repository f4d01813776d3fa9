//! Requests to a started server, and a test image.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::fixtures;

/// Sends a request and returns status and body of the response; status 0 without a server.
pub fn send(port: &str, head: &str, body: &[u8]) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(format!("127.0.0.1:{port}")) else {
        return (0, String::new());
    };
    let rest = format!(
        "Host: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut answer = Vec::new();
    // A server that rejects early, or is killed, stops reading.
    let _ = stream
        .write_all(format!("{head}\r\n{rest}").as_bytes())
        .and_then(|()| stream.write_all(body));
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.unwrap_or(0), body.to_owned())
}

/// Saves an image on the server.
pub fn save(port: &str, name: &str, image: &[u8]) -> (u16, String) {
    let boundary = "a-boundary-that-no-picture-holds";
    let mut body =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n")
            .into_bytes();
    body.extend(image);
    body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
    let head =
        format!("POST /api/v1/save_image HTTP/1.1\r\nContent-Type: multipart/form-data; boundary={boundary}");
    send(port, &head, &body)
}

/// Fills the hole of a small image; returns the status.
pub fn inpaint(port: &str) -> u16 {
    let read = |name: &str| std::fs::read(fixtures().join("goldens/inputs").join(name)).unwrap();
    let boundary = "a-boundary-that-no-picture-holds";
    let mut body = Vec::new();
    for (name, bytes) in [
        ("image", read("rgb-150x101.png")),
        ("mask", read("mask-disc-150x101.png")),
    ] {
        body.extend(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").as_bytes());
    let head =
        format!("POST /api/v1/inpaint HTTP/1.1\r\nContent-Type: multipart/form-data; boundary={boundary}");
    send(port, &head, &body).0
}

/// A small image of a given file size, padded with bytes after its end.
pub fn image_of(length: usize) -> Vec<u8> {
    let mut image = std::fs::read(fixtures().join("goldens/inputs/rgb-16x16.png")).unwrap();
    assert!(image.len() <= length);
    image.resize(length, 7);
    image
}

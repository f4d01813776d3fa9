//! A busy server: large images, and metrics of their progress.

use std::io::{Cursor, Read, Write};
use std::net::TcpStream;

use image::{GrayImage, ImageFormat, RgbImage};

/// Requests a path and returns the complete response.
pub fn ask(port: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits until a metric has this value.
pub fn wait_for(port: &str, metric: &str, value: f64) {
    let sample = format!("{metric} ");
    let reached = |line: &str| line.strip_prefix(&sample).and_then(|text| text.parse().ok()) == Some(value);
    while !ask(port, "/metrics").lines().any(reached) {}
}

/// Encodes an image file.
fn png(image: &image::DynamicImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Sends an image of this size with a hole in its middle; the response is read from the stream.
pub fn post(port: &str, (width, height): (u32, u32)) -> TcpStream {
    let image = RgbImage::from_fn(width, height, |x, y| [x as u8, y as u8, (x / 8 * y) as u8].into());
    let hole = |x: u32, y: u32| x.abs_diff(width / 2) < width / 8 && y.abs_diff(height / 2) < height / 8;
    let mask = GrayImage::from_fn(width, height, |x, y| [u8::from(hole(x, y)) * 255].into());
    let (image, mask) = (png(&image.into()), png(&mask.into()));
    let boundary = "a-boundary-that-no-picture-holds";
    let mut body = Vec::new();
    for (name, bytes) in [
        ("image", &image[..]),
        ("mask", &mask[..]),
        ("options", br#"{"hd_strategy": "Original"}"#),
    ] {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").as_bytes());
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let head = format!(
        "POST /api/v1/inpaint HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    stream
}

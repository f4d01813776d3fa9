//! Export of traces to a collector.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::http::send;
use crate::start_with;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// Accepts posts; returns its port and a channel of paths and bodies.
fn collector() -> (u16, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (posts, received) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut path = String::new();
            let mut length = 0;
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 0 && line != "\r\n" {
                if path.is_empty() {
                    line.split(' ').nth(1).unwrap().clone_into(&mut path);
                } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            posts.send((path, body)).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.get_mut().write_all(answer).unwrap();
        }
    });
    (port, received)
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    hexadecimal
        .as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap())
        .collect()
}

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[test]
fn trace_is_continued_and_exported() {
    let (port, posts) = collector();
    let mut server = start_with(|command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{port}"));
    });
    let head = format!("GET /api/v1/server-config HTTP/1.1\r\nTraceparent: 00-{TRACE}-{CALLER}-01");
    assert_eq!(send(&server.port, &head, b"").0, 200);
    let kill = Command::new("kill").arg(server.child.id().to_string()).status();
    assert!(kill.unwrap().success());
    assert!(server.child.wait().unwrap().success());
    let posts: Vec<_> = posts.try_iter().collect();
    let of_the_trace = posts.iter().find(|(_, body)| holds(body, &bytes(TRACE)));
    let (path, body) = of_the_trace.expect("the collector got no span of the trace");
    assert_eq!(path, "/v1/traces");
    assert!(holds(body, &bytes(CALLER)), "the caller's span is the parent");
    assert!(holds(body, b"service.name") && holds(body, b"iopaint"));
}

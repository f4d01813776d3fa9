//! Early rejections of large bodies, for clients that write the whole body before they read, such as Python's
//! `http.client`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::{Started, start_with};

/// More than the send and receive buffers of a loopback connection.
const BODY_BYTES: usize = 24 << 20;
const KEY: &str = "a-key-for-the-test-0123456789";

/// The framing of a body.
#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunked,
    Http10,
}

fn server(more: &[&str]) -> Started {
    start_with(|command| {
        command.args(["--max-body-mib", "1"]).args(more);
    })
}

fn connect(server: &Started) -> TcpStream {
    let stream = TcpStream::connect(format!("127.0.0.1:{}", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.set_write_timeout(Some(Duration::from_mins(1))).unwrap();
    stream
}

/// Writes a whole request before it reads, and returns the response's status.
#[track_caller]
fn post(server: &Started, path: &str, framing: Framing, headers: &str) -> u16 {
    let mut stream = connect(server);
    let (version, framed) = match framing {
        Framing::Length => ("1.1", format!("Content-Length: {BODY_BYTES}")),
        Framing::Chunked => ("1.1", "Transfer-Encoding: chunked".to_owned()),
        Framing::Http10 => ("1.0", format!("Content-Length: {BODY_BYTES}")),
    };
    let head = format!("POST {path} HTTP/{version}\r\n{framed}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = vec![b' '; 1 << 20];
    for _ in 0..BODY_BYTES / chunk.len() {
        match framing {
            Framing::Chunked => {
                write!(stream, "{:x}\r\n", chunk.len()).unwrap();
                stream.write_all(&chunk).unwrap();
                stream.write_all(b"\r\n").unwrap();
            }
            Framing::Length | Framing::Http10 => stream.write_all(&chunk).unwrap(),
        }
    }
    if let Framing::Chunked = framing {
        stream.write_all(b"0\r\n\r\n").unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(body.ends_with('}'), "{answer}");
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn early_errors_reach_clients_that_write_first() {
    let server = server(&["--api-key", KEY]);
    let key = format!("Host: localhost\r\nX-API-Key: {KEY}\r\n");
    for framing in [Framing::Length, Framing::Chunked, Framing::Http10] {
        for (path, headers, status) in [
            ("/api/v1/inpaint", "Host: localhost\r\n", 401),
            ("/api/v1/inpaint", "Host: elsewhere.example\r\n", 421),
            ("/api/v1/samplers", &key, 405),
            ("/api/v1/save_image", &key, 404),
            ("/api/v1/inpaint", &key, 413),
            ("/api/v1/adjust_mask", &key, 413),
        ] {
            // 404 and 405 come before the limit of a body without a declared length, 413 before them
            // otherwise.
            let expected = match framing {
                Framing::Length | Framing::Http10 if status == 404 || status == 405 => 413,
                _ => status,
            };
            assert_eq!(
                post(&server, path, framing, headers),
                expected,
                "{path} {framing:?}"
            );
        }
    }
}

#[test]
fn guards_reject_large_bodies() {
    let server = server(&["--rate-limit", "1"]);
    let foreign = "Host: localhost\r\nOrigin: https://elsewhere.example\r\n";
    assert_eq!(post(&server, "/api/v1/inpaint", Framing::Length, foreign), 403);
    for expected in [413, 429] {
        let status = post(&server, "/api/v1/inpaint", Framing::Length, "Host: localhost\r\n");
        assert_eq!(status, expected);
    }
}

#[test]
fn connection_is_kept_after_rejected_body() {
    let server = server(&[]);
    let mut stream = connect(&server);
    let body = vec![b' '; BODY_BYTES];
    write!(
        stream,
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    )
    .unwrap();
    stream.write_all(&body).unwrap();
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert!(answers.starts_with("HTTP/1.1 413"), "{answers}");
    assert!(answers.contains("HTTP/1.1 200 OK"), "{answers}");
}

#[test]
fn expect_continue_rejection_needs_no_body() {
    let server = server(&["--api-key", KEY]);
    for (headers, status) in [("", "401"), (&*format!("X-API-Key: {KEY}\r\n"), "413")] {
        let mut stream = connect(&server);
        write!(
            stream,
            "POST /api/v1/inpaint HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
             Content-Length: {BODY_BYTES}\r\n{headers}\r\n"
        )
        .unwrap();
        // The server closes the connection, since further data would be the body.
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[test]
fn expect_continue_body_is_requested() {
    let server = server(&[]);
    let mut stream = connect(&server);
    let body = br#"{"plugin_name": "RemoveBG", "model_name": "u2netp"}"#;
    write!(
        stream,
        "POST /api/v1/switch_plugin_model HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "HTTP/1.1 100 Continue");
    assert_eq!(lines.next().unwrap().unwrap(), "");
    stream.write_all(body).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "HTTP/1.1 200 OK");
}

#[test]
fn stalled_rejected_body_closes_connection() {
    let server = server(&["--max-connections", "1"]);
    let mut stalled = connect(&server);
    write!(
        stalled,
        "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{{"
    )
    .unwrap();
    // Served after the server has closed the stalled connection.
    let mut next = connect(&server);
    next.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    next.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer.clear();
    stalled.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

//! An HTTP server with scripted responses, valid or not.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The response on one connection.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    head: String,
    body: Vec<u8>,
    /// If true, the connection stays open without data until the client closes it.
    stalls: bool,
}

impl Reply {
    /// Creates a reply with a status such as `200 OK`.
    pub fn new(status: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
        Self {
            head,
            ..Self::default()
        }
    }

    /// Creates a reply with the whole of `content` and an `ETag`.
    pub fn whole(content: &[u8], etag: &str) -> Self {
        Self::new("200 OK")
            .header("ETag", etag)
            .header("Content-Length", content.len())
            .body(content)
    }

    /// Creates a partial reply with `content` from byte `start` on.
    pub fn rest(content: &[u8], start: usize, etag: &str) -> Self {
        let (length, end) = (content.len(), content.len() - 1);
        Self::new("206 Partial Content")
            .header("ETag", etag)
            .header("Content-Range", format!("bytes {start}-{end}/{length}"))
            .header("Content-Length", length - start)
            .body(&content[start..])
    }

    /// Creates a connection without a response.
    pub fn silence() -> Self {
        Self {
            stalls: true,
            ..Self::default()
        }
    }

    pub fn header(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        std::fmt::Write::write_fmt(&mut self.head, format_args!("{name}: {value}\r\n")).unwrap();
        self
    }

    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// Truncates the body to `bytes`.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.body.truncate(bytes);
        self
    }

    /// Truncates the body to `bytes` and keeps the connection open.
    pub fn stall_after(self, bytes: usize) -> Self {
        Self {
            stalls: true,
            ..self.cut_after(bytes)
        }
    }

    fn send(&self, stream: &mut TcpStream) {
        if !self.head.is_empty() {
            // Fails if the client has disconnected, which some tests do.
            let _ = stream.write_all(self.head.as_bytes());
            let _ = stream.write_all(b"\r\n");
            let _ = stream.write_all(&self.body);
        }
        if self.stalls {
            let _ = stream.read(&mut [0]);
        }
    }
}

/// A running server. It sends one reply per connection, in order, and refuses connections after the last one.
pub struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn start(replies: Vec<Reply>) -> Self {
        Self::start_observed(replies, || ())
    }

    /// Starts a server that calls `on_request` for each request before its reply.
    pub fn start_observed(replies: Vec<Reply>, on_request: impl Fn() + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&requests);
        thread::spawn(move || {
            for reply in replies {
                let (mut stream, _) = listener.accept().unwrap();
                recorded.lock().unwrap().push(request_head(&mut stream));
                on_request();
                reply.send(&mut stream);
            }
        });
        Self { address, requests }
    }

    /// Returns a server whose address refuses connections.
    pub fn refusing() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self {
            address,
            requests: Arc::default(),
        }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}/weights/a.pt?key=secret", self.address)
    }

    /// Returns the heads of the requests so far, with header names in lower case.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn request_head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

//! Slow clients.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::http::send;
use crate::start_with;

#[test]
fn silent_client_is_disconnected() {
    let server = start_with(|command| {
        command.args(["--header-timeout", "1", "--max-connections", "4"]);
    });
    let silent: Vec<_> = (0..4)
        .map(|_| {
            let mut client = TcpStream::connect(format!("127.0.0.1:{}", server.port)).unwrap();
            client.write_all(b"GET /livez HTTP/1.1\r\nX-Slow: ").unwrap();
            client
        })
        .collect();
    // Stalled clients occupy all connections.
    assert_eq!(send(&server.port, "GET /livez HTTP/1.1", b"").0, 200);
    for mut client in silent {
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
}

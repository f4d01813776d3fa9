//! The path of Socket.IO, and the requests to it.

use axum::extract::Request;

/// Path of Socket.IO's endpoint.
const PATH: &str = "/socket.io";

/// Returns whether a path belongs to Socket.IO.
pub fn is_socket_io(path: &str) -> bool {
    path.strip_prefix(PATH)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns whether a request opens a new socket. Requests of an open one have its session id in the query
/// (`sid`).
pub fn is_handshake(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    is_socket_io(request.uri().path()) && !query.split('&').any(|pair| pair.starts_with("sid="))
}

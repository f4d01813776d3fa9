//! Tools for language models over the Model Context Protocol (MCP): streamable HTTP at `/mcp`, or stdin and
//! stdout.
//!
//! A tool call is a job like a request of the HTTP API, with the same queue, limits, errors and cancellation.
//! No sessions are stored: each HTTP request is complete in itself.

mod arguments;
mod call;
mod http;
mod http_memory;
mod image_input;
mod image_output;
mod progress;
mod server;
mod session;
mod stdio;
mod tools;

pub use http::{PATH, route};
pub use session::{EXPOSED_HEADERS, REQUEST_HEADERS};
pub use stdio::serve;

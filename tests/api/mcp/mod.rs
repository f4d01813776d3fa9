//! The tools of the Model Context Protocol at `/mcp`, called by the SDK's client.

mod access;
mod client;
mod jobs;
mod tools;

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::harness::{Server, base64, server_with};
use crate::plugins::disc;

/// The shared server of tests that don't change its state.
fn shared() -> &'static Server {
    static SERVER: LazyLock<Server> = LazyLock::new(|| server_with(|_, settings| settings.mcp = true));
    &SERVER
}

/// Arguments with the image of a disc, and others.
fn with_disc(mut arguments: Value) -> Value {
    arguments["image"] = json!(base64(&disc()));
    arguments
}

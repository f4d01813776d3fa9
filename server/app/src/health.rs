//! `iopaint health`: one request to a running server.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cli::HealthArgs;
use crate::server::bracketed;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Asks `/readyz`.
///
/// # Errors
/// The server can't be reached, doesn't answer in time, or isn't ready.
pub async fn health(flags: &HealthArgs) -> anyhow::Result<()> {
    tokio::time::timeout(Duration::from_secs(flags.timeout), ask(flags))
        .await
        .with_context(|| format!("no answer within {} seconds", flags.timeout))?
}

async fn ask(flags: &HealthArgs) -> anyhow::Result<()> {
    // What listens on all addresses is reached on this machine's own.
    let host = match flags.host.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" | "[::]" => "::1",
        host => host,
    };
    let address = format!("{}:{}", bracketed(host), flags.port);
    let mut stream = TcpStream::connect(&address)
        .await
        .with_context(|| format!("no server at {address}"))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        bail!("the server at {address} is not ready (status {status})");
    }
    println!("ready");
    Ok(())
}

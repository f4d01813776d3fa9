//! Client of `iopaint health`: one request to a running server.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cli::HealthArgs;
use crate::server::bracketed;

/// Largest response that is read, in bytes.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// Requests `/readyz` and prints `ready`.
///
/// # Errors
/// The server can't be reached, doesn't respond in time, or isn't ready.
pub async fn check_readiness(args: &HealthArgs) -> anyhow::Result<()> {
    tokio::time::timeout(Duration::from_secs(args.timeout), request_readiness(args))
        .await
        .with_context(|| format!("no response within {} seconds", args.timeout))?
}

async fn request_readiness(args: &HealthArgs) -> anyhow::Result<()> {
    // A server that listens on all interfaces is reached by the loopback address.
    let host = match args.host.as_str() {
        "0.0.0.0" => "127.0.0.1",
        "::" | "[::]" => "::1",
        host => host,
    };
    let address = format!("{}:{}", bracketed(host), args.port);
    let mut stream = TcpStream::connect(&address)
        .await
        .with_context(|| format!("no server at {address}"))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE_BYTES).read_to_end(&mut response).await?;
    let response = String::from_utf8_lossy(&response);
    let status = response.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        bail!("the server at {address} is not ready (status {status})");
    }
    println!("ready");
    Ok(())
}

//! HTTP/1.1 connections: their number, the time for a request head, and graceful shutdown.
//!
//! `hyper_util::server::graceful::GracefulShutdown` isn't used: it isn't implemented for HTTP/1 connections
//! with upgrades, which Socket.IO needs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::lingering_close::LingeringClose;

/// Pause after a failed accept, for instance when the process has no file descriptors left.
const ACCEPT_RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Largest number of open connections; further ones wait in the listener's backlog.
    pub max_connections: usize,
    /// Time limit of a request head, and so of an idle connection between two requests.
    pub header_timeout: Duration,
    /// Largest request body in bytes; bounds how much of a rejected body is read and discarded.
    pub max_body_bytes: usize,
}

/// Serves connections until `shutdown_signal` completes, then stops accepting and returns when the requests
/// in flight have been answered. Each request has its peer's address as `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    shutdown_signal: impl Future<Output = ()>,
) {
    let permits = Arc::new(Semaphore::new(
        limits.max_connections.clamp(1, Semaphore::MAX_PERMITS),
    ));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout);
    let shutdown = CancellationToken::new();
    let connections = TaskTracker::new();
    let lingering_close = LingeringClose::new(limits.max_body_bytes, shutdown.clone());
    let mut shutdown_signal = std::pin::pin!(shutdown_signal);
    loop {
        let (stream, peer, permit) = tokio::select! {
            () = &mut shutdown_signal => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let (router, lingering_close) = (router.clone(), lingering_close.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = lingering_close.wrap(request.map(Body::new));
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = http
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let shutdown = shutdown.clone();
        connections.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let result = tokio::select! {
                result = connection.as_mut() => result,
                () = shutdown.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = result {
                tracing::debug!(%error, "Connection closed with an error");
            }
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    shutdown.cancel();
    connections.wait().await;
}

/// Accepts the next connection, once the number of open ones permits it.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so acquiring doesn't fail.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Events are small and must not be delayed. A failure means that the client is gone, which a
                // read reports.
                let _ = stream.set_nodelay(true);
                return (stream, peer, permit);
            }
            Err(error) => {
                tracing::warn!(%error, "Failed to accept a connection");
                tokio::time::sleep(ACCEPT_RETRY_PAUSE).await;
            }
        }
    }
}

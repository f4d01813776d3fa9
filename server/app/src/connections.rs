//! Connections: how many at a time, how long the head of a request may take, and their end.

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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt;

use crate::linger::Linger;

/// The pause after a connection couldn't be taken, as where the process has no file descriptors left.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// What clients may do before they have said what they want.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections at a time; more wait until one ends.
    pub max_connections: usize,
    /// How long the head of a request may take, and so also how long a connection may stay idle between two.
    pub header_timeout: Duration,
    /// The longest request body in bytes; bounds how much of a refused body is read and discarded.
    pub max_body_bytes: usize,
}

/// Serves until `told_to_stop` is done, then takes no new connection and returns when the requests in flight are
/// answered. Each request carries its peer's address as `ConnectInfo<SocketAddr>`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    told_to_stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(
        limits.max_connections.clamp(1, Semaphore::MAX_PERMITS),
    ));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout);
    // Every connection holds a receiver as long as it lives.
    let (ending, end) = watch::channel(false);
    let linger = Linger::new(limits.max_body_bytes, end.clone());
    let mut told_to_stop = std::pin::pin!(told_to_stop);
    loop {
        let (stream, peer, place) = tokio::select! {
            () = &mut told_to_stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let (router, linger) = (router.clone(), linger.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = linger.wrap(request.map(Body::new));
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = http
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut end = end.clone();
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let result = tokio::select! {
                result = connection.as_mut() => result,
                () = told(&mut end) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = result {
                tracing::debug!("a connection ended: {error}");
            }
            drop(place);
        });
    }
    drop((listener, end, linger));
    ending.send_replace(true);
    ending.closed().await;
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // It is never closed, so that there is always a place in the end.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Events are short; a client that is gone already is noticed later.
                let _ = stream.set_nodelay(true);
                return (stream, peer, place);
            }
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// Waits until the connections are to end.
async fn told(end: &mut watch::Receiver<bool>) {
    // An error means that nobody is there to tell it any more.
    let _ = end.wait_for(|end| *end).await;
}

//! Limit of open Socket.IO sockets.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{ApiError, ErrorCode};
use crate::events::is_handshake;

/// The permits of open sockets. Clones share them.
#[derive(Clone, Debug)]
pub struct SocketLimit(Arc<Semaphore>);

impl SocketLimit {
    /// Returns a limit of `max_sockets` open sockets.
    #[must_use]
    pub fn new(max_sockets: usize) -> Self {
        Self(Arc::new(Semaphore::new(max_sockets.min(Semaphore::MAX_PERMITS))))
    }
}

/// Acquires a permit for each new socket, which the socket holds until it is closed; rejects the handshake
/// with 429 if none is left.
pub async fn limit_sockets(
    State(SocketLimit(permits)): State<SocketLimit>,
    mut request: Request,
    next: Next,
) -> Response {
    if is_handshake(&request) {
        let Ok(permit) = permits.try_acquire_owned() else {
            return ApiError::new(
                ErrorCode::TooManySockets,
                "too many clients are connected for events; close another page or client, or continue without events",
            )
            .into_response();
        };
        // The socket keeps the parts of its handshake, including this extension, as long as it lives.
        request
            .extensions_mut()
            .insert(Arc::<OwnedSemaphorePermit>::new(permit));
    }
    next.run(request).await
}

//! API key check and per-client rate limit.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::client_id::ClientId;
use super::rate_limit::RateLimit;
use crate::auth::{ApiKeys, KeyId, SESSION_PATH, identify_key, is_public};
use crate::error::ApiError;
use crate::events::{is_handshake, is_socket_io};

/// The operator's keys and the rate limit of each client.
#[derive(Clone, Debug)]
pub struct AuthenticationSettings {
    /// The valid keys; if empty, no key is required.
    pub keys: ApiKeys,
    /// The rate limit of each client.
    pub rate_limit: RateLimit,
}

/// Requires an API key, if any is configured, for everything but the page and the health checks; then applies
/// the per-client rate limit. Adds the key to the request's [`ClientId`].
pub async fn require_api_key(
    State(settings): State<AuthenticationSettings>,
    mut request: Request,
    next: Next,
) -> Response {
    match authorize(&settings, &mut request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn authorize(settings: &AuthenticationSettings, request: &mut Request) -> Result<(), ApiError> {
    let key = if settings.keys.is_empty() {
        Ok(None)
    } else {
        identify_key(&settings.keys, request.headers()).map(Some)
    };
    let mut client = request
        .extensions()
        .get::<ClientId>()
        .cloned()
        .unwrap_or_default();
    if let Ok(Some(KeyId(index))) = key {
        client = client.with_key(&(index + 1).to_string());
        request.extensions_mut().insert(client.clone());
    }
    // Requests with a wrong key count too, which bounds the rate of guesses.
    if counts_against_rate(request) {
        settings.rate_limit.count(&client.queue_key())?;
    }
    match key {
        Err(error) if !is_public(request.method(), request.uri().path()) => Err(error),
        _ => Ok(()),
    }
}

/// Returns whether a request counts against its client's rate limit: all except the page's files, health
/// checks and polling of an open Socket.IO session.
fn counts_against_rate(request: &Request) -> bool {
    let path = request.uri().path();
    let exempt = path != SESSION_PATH && is_public(request.method(), path);
    !exempt && (!is_socket_io(path) || is_handshake(request))
}

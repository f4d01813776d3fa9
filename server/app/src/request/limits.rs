//! What a request may contain.

use axum::extract::{FromRef, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::body_too_large;
use crate::state::AppState;

/// Rejects a body by its declared length before any of it is read, so that a client that sends `Expect:
/// 100-continue` never sends it. The body readers hold bodies without a declared length to the same limit.
pub async fn limit_length(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if content_length(request.headers()).is_some_and(|length| length > state.settings.bodies.max_bytes as u64)
    {
        return body_too_large().into_response();
    }
    next.run(request).await
}

/// The declared length of a body in bytes.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The bounds of what is inside a body.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Objects and lists within each other.
    pub max_json_depth: usize,
    /// Parts of a form.
    pub max_form_parts: usize,
    /// Places of a plugin's request that were clicked on.
    pub max_clicks: usize,
    /// By how many pixels a mask grows or shrinks; more counts as so many.
    pub max_kernel_size: u8,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_json_depth: 16,
            max_form_parts: 100,
            max_clicks: 256,
            max_kernel_size: iopaint_imaging::morphology::MAX_RADIUS,
        }
    }
}

impl FromRef<AppState> for RequestLimits {
    fn from_ref(state: &AppState) -> Self {
        state.settings.bodies.content
    }
}

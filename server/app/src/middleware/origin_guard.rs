//! Origin check: protection against cross-site request forgery by `Origin` and `Sec-Fetch-Site`.
//!
//! `tower_http::csrf::CsrfLayer` implements the same scheme, but exempts every GET and trusts `http` and
//! `https` origins only. Here, GET requests to Socket.IO (WebSocket handshakes aren't subject to CORS) and
//! requests that embed parts of the API are checked too, and `*` and the origins of browser extensions and
//! desktop shells can be allowed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HeaderName, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::host_guard::request_host;
use crate::error::{ApiError, ErrorCode};
use crate::events::is_socket_io;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The other origins whose pages may use the server: `scheme://host[:port]`, or `*` for all.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins(Arc<[String]>);

impl AllowedOrigins {
    /// Returns the set of the given origins.
    #[must_use]
    pub fn new(origins: &[String]) -> Self {
        Self(
            origins
                .iter()
                .map(|origin| origin.trim().trim_end_matches('/').to_ascii_lowercase())
                .collect(),
        )
    }

    /// Returns whether no other origin is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether pages of `origin` may use the server.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        let origin = origin.trim().to_ascii_lowercase();
        self.0.iter().any(|other| other == "*" || *other == origin)
    }
}

/// Rejects cross-origin requests with 403 if they could change state, open a socket or embed the API in a
/// page.
pub async fn reject_cross_origin(
    State(origins): State<AllowedOrigins>,
    request: Request,
    next: Next,
) -> Response {
    if is_protected(&origins, &request) && is_cross_origin(&origins, &request) {
        return ApiError::new(
            ErrorCode::ForeignOrigin,
            "cross-origin request rejected; start the server with `--cors-origin` and the page's origin to allow it",
        )
        .into_response();
    }
    next.run(request).await
}

/// Returns whether a request is restricted to allowed origins. Plain reads aren't: browsers hide the response
/// of a cross-origin read from the page. They deliver the messages of a cross-origin WebSocket, though.
fn is_protected(origins: &AllowedOrigins, request: &Request) -> bool {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    !reads || is_socket_io(path) || is_embedded_api(origins, path, request.headers())
}

fn is_cross_origin(origins: &AllowedOrigins, request: &Request) -> bool {
    let headers = request.headers();
    match (text(headers, &ORIGIN), text(headers, &SEC_FETCH_SITE)) {
        (Some(origin), _) => !origins.allow(origin) && !has_authority(origin, request_host(request)),
        (None, Some(site)) => !matches!(site, "same-origin" | "none"),
        (None, None) => false,
    }
}

/// Returns whether a page of another site embeds a part of the API, for instance a thousand thumbnails as
/// images. The page can't read them, but the server computes them. Links are exempt (`navigate`), and so are
/// servers with allowed origins, whose pages may show images of this server.
fn is_embedded_api(origins: &AllowedOrigins, path: &str, headers: &HeaderMap) -> bool {
    path.starts_with("/api/")
        && origins.is_empty()
        && matches!(text(headers, &SEC_FETCH_SITE), Some("cross-site" | "same-site"))
        && text(headers, &SEC_FETCH_MODE) != Some("navigate")
}

/// Returns whether an origin has the given host and port.
fn has_authority(origin: &str, host: Option<&str>) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority.map(str::to_ascii_lowercase) == host.map(str::to_ascii_lowercase)
}

/// Returns a header's text; "?", which matches no allowed value, if it isn't ASCII.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

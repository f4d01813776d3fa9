//! What is checked before any request is read, and what every answer carries: Host, Origin, security headers.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, ErrorCode};
use crate::events::is_socket_io;
use crate::state::AppState;

/// Only what the server itself sends; pictures also from the page's own memory.
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; \
    connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'none'";
/// The documentation's pages have styles of their own inside.
const DOCS_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
    script-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'none'";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The names under which the server answers. A page of another site can make a browser believe that its name is
/// this machine (DNS rebinding); such a request still carries that name.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    any: bool,
    /// Addresses can't be rebound; they are fine where the server listens beyond loopback.
    addresses: bool,
    names: Vec<String>,
}

/// Other sites whose pages may use the server: `scheme://host[:port]`, or `*` for all.
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedHosts {
    /// `listen`: what the server is bound to; `names`: further names, `*` for all.
    #[must_use]
    pub fn new(listen: &str, names: &[String]) -> Self {
        let bound = listen.trim_matches(['[', ']']);
        let beyond_loopback = bound
            .parse::<IpAddr>()
            .is_ok_and(|address| !address.is_loopback());
        let mut names: Vec<String> = names
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        names.push(bound.to_ascii_lowercase());
        Self {
            any: names.iter().any(|name| name == "*"),
            addresses: beyond_loopback,
            names,
        }
    }

    /// Whether a `Host` header, port and all, is one of ours.
    #[must_use]
    pub fn allow(&self, host: &str) -> bool {
        let host = host.trim().to_ascii_lowercase();
        let name = without_port(&host).trim_end_matches('.');
        let bare = name.trim_matches(['[', ']']);
        self.any
            || name == "localhost"
            || name.ends_with(".localhost")
            || bare
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback() || self.addresses)
            || self
                .names
                .iter()
                .any(|other| other == name || other == bare || *other == host)
    }
}

impl AllowedOrigins {
    /// Exactly these origins.
    #[must_use]
    pub fn new(origins: &[String]) -> Self {
        Self(
            origins
                .iter()
                .map(|origin| origin.trim().trim_end_matches('/').to_ascii_lowercase())
                .collect(),
        )
    }

    /// Whether no other site is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether pages of `origin` may use the server.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        let origin = origin.trim().to_ascii_lowercase();
        self.0.iter().any(|other| other == "*" || *other == origin)
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => {
            // An IPv6 address without brackets has colons of its own.
            if name.contains(':') && !name.ends_with(']') {
                host
            } else {
                name
            }
        }
        _ => host,
    }
}

/// Refuses requests under a foreign name and, where something could change or be overheard, from a foreign page; adds the security
/// headers to every answer.
pub async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let docs = ["/docs", "/redoc"]
        .iter()
        .any(|docs| request.uri().path().starts_with(docs));
    let mut response = match check(&state, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    let policy = if docs { DOCS_POLICY } else { POLICY };
    // Friends' pages may show pictures of this server.
    let shown_by = if state.settings.access.origins.is_empty() {
        "same-origin"
    } else {
        "cross-origin"
    };
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (CROSS_ORIGIN_RESOURCE_POLICY, shown_by),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn check(state: &AppState, request: &Request) -> Result<(), ApiError> {
    let headers = request.headers();
    let host = match text(headers, &HOST) {
        Some(host) => Some(host),
        None => request.uri().authority().map(axum::http::uri::Authority::as_str),
    };
    if let Some(host) = host.filter(|host| !state.settings.access.hosts.allow(host)) {
        let name: String = without_port(host)
            .chars()
            .filter(|c| !c.is_control())
            .take(100)
            .collect();
        return Err(ApiError::new(
            ErrorCode::ForeignHost,
            &format!(
                "this server is not known as `{name}`; start it with `--allowed-host {name}` if it should be"
            ),
        ));
    }
    let path = request.uri().path();
    // A foreign page can't see the answer of a read. It could see what it is told over a WebSocket.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads && !is_socket_io(path) && !is_embedded_api(state, path, headers) {
        return Ok(());
    }
    let foreign = match (text(headers, &ORIGIN), text(headers, &SEC_FETCH_SITE)) {
        (Some(origin), _) if state.settings.access.origins.allow(origin) => false,
        (Some(origin), _) => !is_same_site(origin, host),
        (None, Some(site)) => !matches!(site, "same-origin" | "none"),
        (None, None) => false,
    };
    if foreign {
        return Err(ApiError::new(
            ErrorCode::ForeignOrigin,
            "the request comes from a page of another site; start the server with `--cors-origin` and that site's \
             origin if it may use it",
        ));
    }
    Ok(())
}

/// Whether another site's page has put a part of the API into itself, as a picture of a thousand thumbnails: it can't
/// see them, but makes the server work. Links to the server are followed, and friends' pages may show its pictures.
fn is_embedded_api(state: &AppState, path: &str, headers: &HeaderMap) -> bool {
    path.starts_with("/api/")
        && state.settings.access.origins.is_empty()
        && matches!(text(headers, &SEC_FETCH_SITE), Some("cross-site" | "same-site"))
        && text(headers, &SEC_FETCH_MODE) != Some("navigate")
}

/// Whether an origin has the host and port under which this request came.
fn is_same_site(origin: &str, host: Option<&str>) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority.map(str::to_ascii_lowercase) == host.map(str::to_ascii_lowercase)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // What isn't text matches nothing that is allowed.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("127.0.0.1", "localhost:8080", true)]
    #[case("127.0.0.1", "photos.localhost", true)]
    #[case("127.0.0.1", "127.1.2.3:80", true)]
    #[case("127.0.0.1", "[::1]:8080", true)]
    #[case("127.0.0.1", "LOCALHOST.", true)]
    #[case("127.0.0.1", "192.168.1.5:8080", false)]
    #[case("127.0.0.1", "evil.example", false)]
    #[case("127.0.0.1", "localhost.evil.example", false)]
    #[case("127.0.0.1", "photos.example:8080", true)]
    #[case("0.0.0.0", "192.168.1.5:8080", true)]
    #[case("::", "[fd00::1]:8080", true)]
    #[case("0.0.0.0", "evil.example", false)]
    #[case("127.0.0.1", "", false)]
    fn only_known_hosts_are_answered(#[case] listen: &str, #[case] host: &str, #[case] allowed: bool) {
        let hosts = AllowedHosts::new(listen, &["Photos.example".to_owned()]);
        assert_eq!(hosts.allow(host), allowed, "{host}");
    }

    #[test]
    fn a_star_allows_every_host() {
        assert!(AllowedHosts::new("127.0.0.1", &["*".to_owned()]).allow("evil.example"));
    }
}

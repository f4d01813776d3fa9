//! Host check: rejects requests for host names that the server doesn't serve.
//!
//! In a DNS rebinding attack, a page of another site makes its own name resolve to this machine. The browser
//! then treats the server as same-origin, but still sends the attacker's name in `Host`.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, ErrorCode};

/// Longest host name in an error message, in characters.
const MAX_ECHOED_HOST: usize = 100;

/// The host names that the server accepts. Loopback names and addresses are always accepted.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    any: bool,
    /// Accepts all IP addresses, since they can't be rebound. Set if the server listens beyond loopback.
    any_address: bool,
    names: Arc<[String]>,
}

impl AllowedHosts {
    /// Returns the accepted hosts of a server that listens on `listen`. `names` are further names; `*`
    /// accepts all.
    #[must_use]
    pub fn new(listen: &str, names: &[String]) -> Self {
        let bound = listen.trim_matches(['[', ']']);
        let beyond_loopback = bound
            .parse::<IpAddr>()
            .is_ok_and(|address| !address.is_loopback());
        let names: Arc<[String]> = names
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .chain([bound.to_ascii_lowercase()])
            .collect();
        Self {
            any: names.iter().any(|name| name == "*"),
            any_address: beyond_loopback,
            names,
        }
    }

    /// Returns whether a `Host` header, with or without a port, is accepted.
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
                .is_ok_and(|address| address.is_loopback() || self.any_address)
            || self
                .names
                .iter()
                .any(|other| other == name || other == bare || *other == host)
    }
}

/// Rejects requests for other hosts with 421.
pub async fn require_allowed_host(
    State(hosts): State<AllowedHosts>,
    request: Request,
    next: Next,
) -> Response {
    match request_host(&request) {
        Some(host) if !hosts.allow(host) => host_not_allowed(host).into_response(),
        _ => next.run(request).await,
    }
}

/// Returns the host of a request, from `Host` or the request target; "?" for a `Host` that isn't ASCII.
pub fn request_host(request: &Request) -> Option<&str> {
    request
        .headers()
        .get(HOST)
        .map(|host| host.to_str().unwrap_or("?"))
        .or_else(|| request.uri().authority().map(Authority::as_str))
}

fn host_not_allowed(host: &str) -> ApiError {
    let name: String = without_port(host)
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_ECHOED_HOST)
        .collect();
    ApiError::new(
        ErrorCode::ForeignHost,
        &format!(
            "the host `{name}` is not allowed; start the server with `--allowed-host {name}` to allow it"
        ),
    )
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => {
            // The last colon of an IPv6 address without brackets doesn't begin a port.
            if name.contains(':') && !name.ends_with(']') {
                host
            } else {
                name
            }
        }
        _ => host,
    }
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
    fn allowed_hosts(#[case] listen: &str, #[case] host: &str, #[case] allowed: bool) {
        let hosts = AllowedHosts::new(listen, &["Photos.example".to_owned()]);
        assert_eq!(hosts.allow(host), allowed, "{host}");
    }

    #[test]
    fn star_allows_every_host() {
        assert!(AllowedHosts::new("127.0.0.1", &["*".to_owned()]).allow("evil.example"));
    }
}

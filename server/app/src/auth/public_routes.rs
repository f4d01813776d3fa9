//! The routes that need no API key.

use axum::http::Method;

use crate::ui;

/// Path of the route that exchanges an API key for a session cookie.
pub const SESSION_PATH: &str = "/api/v1/session";

/// Returns whether a request needs no API key. The list is closed: a new route requires a key by default.
pub fn is_public(method: &Method, path: &str) -> bool {
    match path {
        "/livez" | "/readyz" | SESSION_PATH => true,
        path => matches!(*method, Method::GET | Method::HEAD) && ui::has(path),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Method::GET, "/", true)]
    #[case(Method::HEAD, "/", true)]
    #[case(Method::POST, "/", false)]
    #[case(Method::GET, "/livez", true)]
    #[case(Method::GET, "/readyz", true)]
    #[case(Method::POST, "/api/v1/session", true)]
    #[case(Method::GET, "/api/v1/session/", false)]
    #[case(Method::GET, "//livez", false)]
    #[case(Method::GET, "/livez/", false)]
    #[case(Method::GET, "/api/v1/server-config", false)]
    #[case(Method::GET, "/openapi.json", false)]
    #[case(Method::GET, "/docs/", false)]
    #[case(Method::GET, "/metrics", false)]
    #[case(Method::GET, "/socket.io/", false)]
    #[case(Method::GET, "/nothing", false)]
    fn only_listed_routes_are_public(#[case] method: Method, #[case] path: &str, #[case] public: bool) {
        assert_eq!(is_public(&method, path), public);
    }
}

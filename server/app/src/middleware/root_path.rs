//! Sub-path under which a reverse proxy serves the page.
//!
//! The page uses relative URLs only, so the server has to do two things: strip the sub-path from requests,
//! and add it to redirects.

use std::fmt;
use std::str::FromStr;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};

/// A path such as `/photos`, without a trailing slash; empty if the server is at the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootPath(String);

impl FromStr for RootPath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text.trim().trim_end_matches('/');
        if path.is_empty() {
            return Ok(Self::default());
        }
        let is_plain = |segment: &str| {
            !segment.is_empty()
                && segment != "."
                && segment != ".."
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        };
        match path.strip_prefix('/') {
            Some(rest) if rest.split('/').all(is_plain) => Ok(Self(path.to_owned())),
            _ => Err("must be a path such as /photos, with only letters, digits and - . _ ~"),
        }
    }
}

impl fmt::Display for RootPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RootPath {
    /// Makes a server reachable under this path as well. Requests without it are still accepted, since some
    /// proxies strip it, and health checks bypass the proxy.
    pub fn mount(self, server: Router) -> Router {
        if self.0.is_empty() {
            return server;
        }
        Router::new()
            .fallback_service(server)
            .layer(middleware::from_fn_with_state(self, strip_root_path))
    }

    /// Returns the part of `path` below this path, with its leading slash; empty for this path itself.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.0)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

async fn strip_root_path(State(root): State<RootPath>, mut request: Request, next: Next) -> Response {
    if let Some(rest) = root.below(request.uri().path()) {
        let query = request
            .uri()
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        if rest.is_empty() {
            // Relative URLs of the page need the trailing slash.
            return Redirect::temporary(&format!("{root}/{query}")).into_response();
        }
        if let Some(uri) = with_path(request.uri(), &format!("{rest}{query}")) {
            *request.uri_mut() = uri;
        }
    }
    let mut response = next.run(request).await;
    prefix_location(&root, response.headers_mut());
    response
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_str(path).ok()?);
    Uri::from_parts(parts).ok()
}

fn prefix_location(root: &RootPath, headers: &mut HeaderMap) {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(location) = location.filter(|location| location.starts_with('/')) else {
        return;
    };
    if let Ok(value) = HeaderValue::from_str(&format!("{root}{location}")) {
        headers.insert(LOCATION, value);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", "")]
    #[case("/", "")]
    #[case("/photos", "/photos")]
    #[case("/photos/", "/photos")]
    #[case("/a/b-c_d.e~f", "/a/b-c_d.e~f")]
    fn trailing_slash_is_removed(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(text.parse::<RootPath>().unwrap().to_string(), expected);
    }

    #[rstest]
    #[case("photos")]
    #[case("//evil.example")]
    #[case("/a/../b")]
    #[case("/a b")]
    #[case("/a?b")]
    #[case("https://a.example/b")]
    fn invalid_path_is_rejected(#[case] text: &str) {
        assert!(text.parse::<RootPath>().is_err());
    }

    #[test]
    fn only_whole_segments_match() {
        let root: RootPath = "/photos".parse().unwrap();
        assert_eq!(root.below("/photos/api"), Some("/api"));
        assert_eq!(root.below("/photos"), Some(""));
        assert_eq!(root.below("/photoshop"), None);
        assert_eq!(root.below("/api"), None);
    }
}

//! The sub-path under which a reverse proxy shows the server. The page asks for everything relative to its own address;
//! what is left to do is to understand addresses that still have the sub-path, and to give it to redirects.

use std::fmt;
use std::str::FromStr;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};

/// A path such as `/photos`, without a slash at its end; empty where the server is shown at the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootPath(String);

impl FromStr for RootPath {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text.trim().trim_end_matches('/');
        if path.is_empty() {
            return Ok(Self::default());
        }
        let plain = |segment: &str| {
            !segment.is_empty()
                && segment != "."
                && segment != ".."
                && segment
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        };
        match path.strip_prefix('/') {
            Some(rest) if rest.split('/').all(plain) => Ok(Self(path.to_owned())),
            _ => Err("it must be a path such as /photos, of letters, digits and - . _ ~"),
        }
    }
}

impl fmt::Display for RootPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RootPath {
    /// The same server, reached under this path too. Without it is reached as well: some proxies take it away, and
    /// health checks come from inside.
    pub fn mount(self, server: Router) -> Router {
        if self.0.is_empty() {
            return server;
        }
        Router::new()
            .fallback_service(server)
            .layer(middleware::from_fn_with_state(self, translate))
    }

    /// What is below this path, beginning with a slash; empty for the path itself.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.0)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

async fn translate(State(root): State<RootPath>, mut request: Request, next: Next) -> Response {
    if let Some(rest) = root.below(request.uri().path()) {
        let query = request
            .uri()
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        if rest.is_empty() {
            // Relative addresses need the slash.
            return Redirect::temporary(&format!("{root}/{query}")).into_response();
        }
        if let Some(uri) = with_path(request.uri(), &format!("{rest}{query}")) {
            *request.uri_mut() = uri;
        }
    }
    let mut response = next.run(request).await;
    give_to_redirect(&root, response.headers_mut());
    response
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_str(path).ok()?);
    Uri::from_parts(parts).ok()
}

fn give_to_redirect(root: &RootPath, headers: &mut HeaderMap) {
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
    fn paths_lose_their_last_slash(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(text.parse::<RootPath>().unwrap().to_string(), expected);
    }

    #[rstest]
    #[case("photos")]
    #[case("//evil.example")]
    #[case("/a/../b")]
    #[case("/a b")]
    #[case("/a?b")]
    #[case("https://a.example/b")]
    fn what_is_no_plain_path_is_refused(#[case] text: &str) {
        assert!(text.parse::<RootPath>().is_err());
    }

    #[test]
    fn only_whole_segments_count() {
        let root: RootPath = "/photos".parse().unwrap();
        assert_eq!(root.below("/photos/api"), Some("/api"));
        assert_eq!(root.below("/photos"), Some(""));
        assert_eq!(root.below("/photoshop"), None);
        assert_eq!(root.below("/api"), None);
    }
}

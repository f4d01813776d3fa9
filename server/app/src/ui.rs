//! The web page inside the binary: each file as it is and, where that pays, compressed.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::{ApiError, ErrorCode};

/// What `npm run build` wrote; empty where the page wasn't built.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web_app/dist"]
#[allow_missing = true]
struct Page;

/// Said at `/` by a server that was compiled without its page.
const NO_PAGE: &str = "<!doctype html><title>IOPaint</title>\
    <p>This server was built without its web page. Its API is described at <a href=\"docs/\">docs</a>.</p>";

/// The forms in which the build lays a file beside itself, the smaller one first: extension and name in HTTP.
const FORMS: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

const INDEX: &str = "index.html";

/// Whether a path is one of the page's files, `/` among them.
pub fn has(path: &str) -> bool {
    let name = name(path);
    name == INDEX || file(name).is_some()
}

fn name(path: &str) -> &str {
    let name = path.trim_start_matches('/');
    if name.is_empty() { INDEX } else { name }
}

fn file(name: &str) -> Option<EmbeddedFile> {
    // A compressed form is an answer to the address of its file and has none of its own.
    let compressed = FORMS.iter().any(|(extension, _)| name.ends_with(extension));
    if compressed { None } else { Page::get(name) }
}

/// Serves a file of the page, `/` being `index.html`; 404 for everything that isn't there.
pub async fn page(uri: Uri, headers: HeaderMap) -> Response {
    let path = name(uri.path());
    match file(path) {
        Some(file) => respond(path, file, &headers),
        None if path == INDEX => ([(CONTENT_TYPE, "text/html; charset=utf-8")], NO_PAGE).into_response(),
        None => ApiError::new(ErrorCode::NotFound, "there is nothing at this address").into_response(),
    }
}

fn respond(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let mime = mime(&file);
    let forms: Vec<(&str, EmbeddedFile)> = FORMS
        .iter()
        .filter_map(|(extension, name)| Some((*name, Page::get(&format!("{path}{extension}"))?)))
        .collect();
    let mut headers = HeaderMap::new();
    if !forms.is_empty() {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    let accepted = text(request, &ACCEPT_ENCODING).unwrap_or_default();
    let form = forms.into_iter().find(|(name, _)| accepts(accepted, name));
    let (encoding, file) = match form {
        Some((name, form)) => (Some(name), form),
        None => (None, file),
    };
    let etag = etag(&file);
    // Vite puts a hash of the content into the names of its assets, so that they never change under a name.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, value);
    }
    let known = text(request, &IF_NONE_MATCH).unwrap_or_default();
    // A proxy that compresses by itself makes a tag weak.
    if known
        .split(',')
        .any(|known| known.trim().trim_start_matches("W/") == etag)
    {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    if let Some(name) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if let Ok(value) = HeaderValue::from_str(&mime) {
        headers.insert(CONTENT_TYPE, value);
    }
    (headers, Body::from(file.data)).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether `Accept-Encoding` (RFC 9110, section 12.5.3) names a content coding, or `*`, without ruling it out by a
/// weight of 0.
fn accepts(accepted: &str, coding: &str) -> bool {
    let weight = |wanted: &str| {
        accepted.split(',').find_map(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            name.eq_ignore_ascii_case(wanted).then(|| {
                parts
                    .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
                    .map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0))
            })
        })
    };
    weight(coding)
        .or_else(|| weight("*"))
        .is_some_and(|weight: f32| weight > 0.0)
}

fn mime(file: &EmbeddedFile) -> String {
    let mime = file.metadata.mimetype();
    if mime.starts_with("text/") {
        format!("{mime}; charset=utf-8")
    } else {
        mime.to_owned()
    }
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let [a, b, c, d, ..] = hash;
    // 32 bits are enough to tell one build's file from another's, and one form of it from another.
    format!("\"{:08x}\"", u32::from_be_bytes([a, b, c, d]))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("gzip, deflate, br, zstd", "br", true)]
    #[case("gzip;q=0.5, br;q=0", "br", false)]
    #[case("gzip;q=0.5, br;q=0", "gzip", true)]
    #[case("GZIP ; Q=1", "gzip", true)]
    #[case("*", "br", true)]
    #[case("*;q=0", "br", false)]
    #[case("br;q=0, *", "br", false)]
    #[case("identity", "gzip", false)]
    #[case("br;q=many", "br", false)]
    #[case("brotli", "br", false)]
    #[case("", "br", false)]
    fn encodings_are_taken_as_they_are_asked_for(
        #[case] accepted: &str,
        #[case] coding: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(accepts(accepted, coding), expected);
    }
}

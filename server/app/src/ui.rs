//! The web page, embedded in the binary: each file plain and, if it shrinks, compressed.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::ApiError;

/// Output of `npm run build`; empty if the page was not built.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web_app/dist"]
#[allow_missing = true]
struct Page;

/// Response at `/` of a server that was compiled without the page.
const NO_PAGE: &str = "<!doctype html><title>IOPaint</title>\
    <p>This server was built without the web page. See <a href=\"docs/\">docs</a> for the API.</p>";

/// Compressed variants that the build writes beside a file, smallest first: file extension and content
/// coding.
const COMPRESSED: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

const INDEX: &str = "index.html";

/// Returns true if the path is a file of the page, including `/`.
pub fn has(path: &str) -> bool {
    let name = file_name(path);
    name == INDEX || file(name).is_some()
}

fn file_name(path: &str) -> &str {
    let name = path.trim_start_matches('/');
    if name.is_empty() { INDEX } else { name }
}

fn file(name: &str) -> Option<EmbeddedFile> {
    // Compressed variants are served at the path of their file, not at a path of their own.
    let compressed = COMPRESSED.iter().any(|(extension, _)| name.ends_with(extension));
    if compressed { None } else { Page::get(name) }
}

/// Serves a file of the page, `index.html` for `/`, and 404 for unknown paths.
pub async fn page(uri: Uri, headers: HeaderMap) -> Response {
    let path = file_name(uri.path());
    match file(path) {
        Some(file) => respond(path, file, &headers),
        None if path == INDEX => ([(CONTENT_TYPE, "text/html; charset=utf-8")], NO_PAGE).into_response(),
        None => ApiError::not_found().into_response(),
    }
}

fn respond(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let mime = mime(&file);
    let variants: Vec<(&str, EmbeddedFile)> = COMPRESSED
        .iter()
        .filter_map(|(extension, coding)| Some((*coding, Page::get(&format!("{path}{extension}"))?)))
        .collect();
    let mut headers = HeaderMap::new();
    if !variants.is_empty() {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    let accepted = text(request, &ACCEPT_ENCODING).unwrap_or_default();
    let variant = variants.into_iter().find(|(coding, _)| accepts(accepted, coding));
    let (coding, file) = match variant {
        Some((coding, variant)) => (Some(coding), variant),
        None => (None, file),
    };
    let etag = etag(&file);
    // Names of assets contain a hash of their content (Vite), so the content of a name never changes.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, value);
    }
    let cached = text(request, &IF_NONE_MATCH).unwrap_or_default();
    // Weak comparison (RFC 9110, section 13.1.2): a proxy that compresses makes the tag weak.
    if cached
        .split(',')
        .any(|tag| tag.trim().trim_start_matches("W/") == etag)
    {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if let Ok(value) = HeaderValue::from_str(&mime) {
        headers.insert(CONTENT_TYPE, value);
    }
    (headers, Body::from(file.data)).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Returns true if an `Accept-Encoding` value accepts a content coding, by name or by `*`, with a weight
/// above 0 (RFC 9110, section 12.5.3).
fn accepts(accepted: &str, coding: &str) -> bool {
    let weight = |coding: &str| {
        accepted.split(',').find_map(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            name.eq_ignore_ascii_case(coding).then(|| {
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
    // 32 bits distinguish the builds and variants of one file.
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
    fn accept_encoding_is_matched(#[case] accepted: &str, #[case] coding: &str, #[case] expected: bool) {
        assert_eq!(accepts(accepted, coding), expected);
    }
}

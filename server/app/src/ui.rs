//! The web page inside the binary.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
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

/// Serves a file of the page, `/` being `index.html`; 404 for everything that isn't there.
pub async fn page(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match Page::get(path) {
        Some(file) => respond(path, file, &headers),
        None if path == "index.html" => {
            ([(CONTENT_TYPE, "text/html; charset=utf-8")], NO_PAGE).into_response()
        }
        None => ApiError::new(ErrorCode::NotFound, "there is nothing at this address").into_response(),
    }
}

fn respond(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let etag = etag(&file);
    // Vite puts a hash of the content into the names of its assets, so that they never change under a name.
    let cache = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, value);
    }
    let known = request.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|known| known.trim() == etag)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let mime = file.metadata.mimetype();
    let mime = if mime.starts_with("text/") {
        format!("{mime}; charset=utf-8")
    } else {
        mime.to_owned()
    };
    if let Ok(value) = HeaderValue::from_str(&mime) {
        headers.insert(CONTENT_TYPE, value);
    }
    (headers, Body::from(file.data)).into_response()
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let [a, b, c, d, ..] = hash;
    // 32 bits are enough to tell one build's file from another's.
    format!("\"{:08x}\"", u32::from_be_bytes([a, b, c, d]))
}

//! Limits of request bodies and their contents.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;

/// Returns the declared length of a body in bytes.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Limits of the contents of a body.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Nesting depth of JSON objects and arrays.
    pub max_json_depth: usize,
    /// Parts of a multipart form.
    pub max_form_parts: usize,
    /// Clicks in a plugin request.
    pub max_clicks: usize,
    /// Radius in pixels by which a mask grows or shrinks; larger values are clamped.
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

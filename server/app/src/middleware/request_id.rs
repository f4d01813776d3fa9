//! Request ids: `X-Request-Id` of the request, or a random UUID.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};

/// Identifies a request in the logs of this server and of proxies before it.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest accepted id in bytes.
const MAX_ID_BYTES: usize = 128;

/// Removes an unsafe `X-Request-Id`, so that `SetRequestIdLayer` replaces it.
pub async fn discard_unsafe_id(mut request: Request) -> Request {
    if request.headers().get(X_REQUEST_ID).is_some_and(|id| !is_safe(id)) {
        request.headers_mut().remove(X_REQUEST_ID);
    }
    request
}

/// Returns whether an id may be logged: short, and without characters that could forge log lines.
fn is_safe(id: &HeaderValue) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/+=".contains(byte);
    (1..=MAX_ID_BYTES).contains(&id.len()) && id.as_bytes().iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("67e55044-10b1-426f-9247-bb680e5fe0c8", true)]
    #[case("req/7:a.b_c~d", true)]
    #[case("one\ttwo", false)]
    #[case("two words", false)]
    #[case("", false)]
    #[case(&"x".repeat(129), false)]
    #[tokio::test]
    async fn only_plain_ids_are_kept(#[case] id: &str, #[case] kept: bool) {
        let request = Request::builder().header(X_REQUEST_ID, id);
        let request = discard_unsafe_id(request.body(Body::empty()).unwrap()).await;
        let expected = kept.then(|| HeaderValue::from_str(id).unwrap());
        assert_eq!(request.headers().get(X_REQUEST_ID), expected.as_ref());
    }
}

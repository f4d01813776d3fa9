//! Content codings of request bodies (RFC 9110, section 8.4): gzip and deflate are decoded as the body is
//! read.

use std::io::{self, Cursor, ErrorKind};
use std::pin::Pin;

use async_compression::tokio::bufread::{DeflateDecoder, GzipDecoder, ZlibDecoder};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, TryStreamExt, stream};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

use crate::error::{ApiError, ErrorCode};

/// Decoded bytes per chunk. A body is decoded no further than it is read, so this and the decoder's window
/// (32 KiB) are all the memory that a body takes beyond its reader's limit.
const CHUNK_BYTES: usize = 16 << 10;

/// A content coding that this server decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContentCoding {
    Gzip,
    /// The zlib format (RFC 1950), or the bare DEFLATE data (RFC 1951) that some clients send under this
    /// name.
    Deflate,
}

impl ContentCoding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }
}

/// A compressed body that can't be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodingError {
    /// The body ended before the gzip data did.
    #[error("the request body ends in the middle of its {0} data")]
    Truncated(&'static str),
    /// The data violate their format or don't match their checksum. Truncated deflate data are reported as
    /// this too: the decoder returns the same error for both.
    #[error("the request body is not valid {0} data as declared by its Content-Encoding, or is truncated")]
    Invalid(&'static str),
}

/// Decodes compressed request bodies; rejects codings other than gzip and deflate with 415.
///
/// The decoded request has neither `Content-Encoding` nor `Content-Length`: limits and memory permits count
/// decoded bytes.
pub async fn decode_content(mut request: Request, next: Next) -> Response {
    use http_body::Body as _;
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    match coding(request.headers()) {
        Ok(None) => {}
        Ok(Some(coding)) => {
            request.headers_mut().remove(CONTENT_ENCODING);
            request.headers_mut().remove(CONTENT_LENGTH);
            request = request.map(|body| Body::from_stream(decode_stream(body, coding)));
        }
        Err(error) => {
            let mut response = error.into_response();
            let accepted = HeaderValue::from_static("gzip, deflate");
            response.headers_mut().insert(ACCEPT_ENCODING, accepted);
            return response;
        }
    }
    next.run(request).await
}

/// Returns the coding of a body; `None` for a body without one.
///
/// # Errors
/// [`ErrorCode::UnsupportedType`] for several codings and for unsupported ones.
fn coding(headers: &HeaderMap) -> Result<Option<ContentCoding>, ApiError> {
    let mut found = None;
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in String::from_utf8_lossy(value.as_bytes()).split(',') {
            let name = name.trim().to_ascii_lowercase();
            let coding = match name.as_str() {
                // Some clients send the charset here. It isn't a coding, and JSON is UTF-8 anyway.
                "" | "identity" | "utf-8" | "utf8" => continue,
                "gzip" | "x-gzip" => ContentCoding::Gzip,
                "deflate" => ContentCoding::Deflate,
                _ => return Err(unsupported(&name)),
            };
            if found.replace(coding).is_some() {
                return Err(ApiError::new(
                    ErrorCode::UnsupportedType,
                    "the request body is compressed more than once; send it with one Content-Encoding, \
                     `gzip` or `deflate`",
                ));
            }
        }
    }
    Ok(found)
}

fn unsupported(name: &str) -> ApiError {
    let name: String = name.chars().take(40).collect();
    ApiError::new(
        ErrorCode::UnsupportedType,
        &format!(
            "the Content-Encoding `{name}` is not supported; send the body uncompressed, or with `gzip` or `deflate`"
        ),
    )
}

type BodyDecoder = Pin<Box<dyn AsyncRead + Send>>;

enum ContentDecoderState {
    /// The format is not yet known; see [`open_decoder`].
    Unopened(Body),
    Open(BodyDecoder),
}

/// Returns a body's decoded bytes in chunks of at most [`CHUNK_BYTES`].
fn decode_stream(body: Body, coding: ContentCoding) -> impl Stream<Item = Result<Bytes, axum::BoxError>> {
    let chunks = stream::try_unfold(ContentDecoderState::Unopened(body), move |state| async move {
        let mut decoder = match state {
            ContentDecoderState::Unopened(body) => open_decoder(body, coding).await?,
            ContentDecoderState::Open(decoder) => decoder,
        };
        let mut chunk = BytesMut::with_capacity(CHUNK_BYTES);
        if decoder.read_buf(&mut chunk).await? == 0 {
            return Ok(None);
        }
        // A few received bytes may decode to megabytes, so other tasks must be able to run in between.
        tokio::task::consume_budget().await;
        Ok(Some((chunk.freeze(), ContentDecoderState::Open(decoder))))
    });
    chunks.map_err(move |error| decoding_error(error, coding))
}

/// Opens a decoder; reads the body's first two bytes to distinguish the zlib format from bare DEFLATE data.
async fn open_decoder(body: Body, coding: ContentCoding) -> io::Result<BodyDecoder> {
    let mut reader = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    if coding == ContentCoding::Gzip {
        let mut decoder = GzipDecoder::new(reader);
        // RFC 1952, section 2.2: a gzip file is a series of members.
        decoder.multiple_members(true);
        return Ok(Box::pin(decoder));
    }
    let mut start = Vec::with_capacity(2);
    (&mut reader).take(2).read_to_end(&mut start).await?;
    let zlib = has_zlib_header(&start);
    let whole = Cursor::new(start).chain(reader);
    Ok(if zlib {
        Box::pin(ZlibDecoder::new(whole))
    } else {
        Box::pin(DeflateDecoder::new(whole))
    })
}

/// Returns whether data start with a zlib header (RFC 1950, section 2.2): the low four bits of CMF are 8, its
/// high four at most 7, and CMF * 256 + FLG is a multiple of 31. Bare DEFLATE data that begin like this would
/// be a stored block whose unused bits are not zero.
fn has_zlib_header(start: &[u8]) -> bool {
    let [cmf, flg] = *start else { return false };
    cmf & 15 == 8 && cmf >> 4 <= 7 && u16::from_be_bytes([cmf, flg]) % 31 == 0
}

/// Returns the reader's own error if reading failed, else a [`DecodingError`].
fn decoding_error(error: io::Error, coding: ContentCoding) -> axum::BoxError {
    let kind = error.kind();
    match error.into_inner() {
        Some(inner) if inner.is::<axum::Error>() => inner,
        _ if kind == ErrorKind::UnexpectedEof => DecodingError::Truncated(coding.name()).into(),
        _ => DecodingError::Invalid(coding.name()).into(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let values = values
            .iter()
            .map(|value| (CONTENT_ENCODING, HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(name, value);
        }
        headers
    }

    #[rstest]
    #[case(&[], None)]
    #[case(&["identity"], None)]
    #[case(&[""], None)]
    #[case(&["UTF-8"], None)]
    #[case(&["gzip"], Some(ContentCoding::Gzip))]
    #[case(&["X-GZIP"], Some(ContentCoding::Gzip))]
    #[case(&["identity, Deflate"], Some(ContentCoding::Deflate))]
    #[case(&["identity", "gzip"], Some(ContentCoding::Gzip))]
    fn coding_of_headers(#[case] values: &[&'static str], #[case] expected: Option<ContentCoding>) {
        assert_eq!(coding(&headers(values)).unwrap(), expected);
    }

    #[rstest]
    #[case(&["br"], "`br`")]
    #[case(&["zstd"], "`zstd`")]
    #[case(&["compress"], "`compress`")]
    #[case(&["gzip, br"], "`br`")]
    #[case(&["gzip, gzip"], "more than once")]
    #[case(&["deflate", "gzip"], "more than once")]
    fn unsupported_coding_is_named(#[case] values: &[&'static str], #[case] named: &str) {
        let error = coding(&headers(values)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnsupportedType);
        assert!(error.detail().contains(named), "{error:?}");
    }

    #[rstest]
    #[case(&[0x78, 0x01], true)]
    #[case(&[0x78, 0x9c], true)]
    #[case(&[0x78, 0xda], true)]
    #[case(&[0x08, 0x1d], true)]
    #[case(&[0x78, 0x9d], false)]
    #[case(&[0xab, 0x56], false)]
    #[case(&[0x78], false)]
    fn zlib_header_detection(#[case] start: &[u8], #[case] expected: bool) {
        assert_eq!(has_zlib_header(start), expected);
    }
}

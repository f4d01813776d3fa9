//! Encodings of bodies: byte order marks, UTF-16 and UTF-32 in JSON, and compressed bodies on every route.

use std::io::Write;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Request, StatusCode};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use iopaint_app::files::FileSettings;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{
    Answer, IMPATIENT, INPAINT, Server, base64, fixture, form, picture, server, server_with,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// JSON with a mask to invert.
fn adjust_mask() -> String {
    let mask = fixture("goldens/inputs/mask-disc-150x101.png");
    json!({ "mask": base64(&mask), "operate": "reverse" }).to_string()
}

async fn send(
    server: &Server,
    path: &str,
    content_type: &str,
    encoding: &str,
    body: impl Into<Body>,
) -> Answer {
    let request = Request::post(path)
        .header(CONTENT_TYPE, content_type)
        .header(CONTENT_ENCODING, encoding)
        .body(body.into());
    server.send(request.unwrap()).await
}

#[track_caller]
fn assert_error(answer: &Answer, status: u16, code: &str, words: &str) {
    assert_eq!(answer.status.as_u16(), status, "{:?}", answer.json());
    assert_eq!(answer.json()["error"], code);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(words), "{detail}");
}

/// A text in UTF-8 with a byte order mark, and in UTF-16 and UTF-32, in both byte orders, with and without
/// a mark.
fn unicode_encodings(text: &str) -> Vec<Vec<u8>> {
    let marked = format!("\u{feff}{text}");
    let mut encoded = vec![marked.clone().into_bytes()];
    for text in [text, &marked] {
        encoded.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        encoded.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        encoded.push(text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect());
        encoded.push(text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect());
    }
    encoded
}

#[tokio::test(flavor = "multi_thread")]
async fn json_with_byte_order_mark_is_read() {
    let answer = server()
        .post(INPAINT, "application/json", fixture("cases/bom.json"))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_in_unicode_encodings_is_read() {
    let (image, mask) = picture();
    let inpaint = json!({ "image": base64(&image), "mask": base64(&mask), "prompt": "写真" });
    for (path, body, status) in [
        (INPAINT, inpaint.to_string(), 200),
        ("/api/v1/adjust_mask", adjust_mask(), 200),
        ("/api/v1/model", json!({ "name": "lama" }).to_string(), 200),
        ("/api/v1/session", json!({ "key": "ä" }).to_string(), 204),
        (
            "/api/v1/switch_plugin_model",
            json!({ "plugin_name": "写", "model_name": "" }).to_string(),
            200,
        ),
        (
            "/api/v1/run_plugin_gen_mask",
            json!({ "name": "写", "image": "" }).to_string(),
            422,
        ),
    ] {
        for body in unicode_encodings(&body) {
            let start = body[..8].to_vec();
            let answer = server().post(path, "application/json", body).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {start:x?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn form_options_in_unicode_encodings_are_read() {
    let (image, mask) = picture();
    for options in unicode_encodings(r#"{"sd_seed": 77}"#) {
        let (content_type, body) = form(&[("image", &image), ("mask", &mask), ("options", &options)]);
        let answer = server().post(INPAINT, &content_type, body).await;
        assert_eq!((answer.status, answer.header("x-seed")), (StatusCode::OK, "77"));
    }
}

#[rstest]
#[case(b"\xff\xfe{\0}", "UTF-16")]
#[case(
    b"{\"name\": \"Gr\xf6\xdfe\"}",
    "not valid UTF-8, which JSON requires (at byte 12)"
)]
#[case(b"\xef\xbb\xbf{", "not valid JSON (at line 1, column 1)")]
#[case(b" ", "is empty")]
#[case(b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "send it with `Content-Encoding: gzip`")]
#[tokio::test]
async fn json_in_other_encoding_returns_400(#[case] body: &'static [u8], #[case] words: &str) {
    let answer = server().post("/api/v1/model", "application/json", body).await;
    assert_error(&answer, 400, "invalid-json", words);
}

#[rstest]
#[case("gzip", gzip)]
#[case("x-gzip", gzip)]
#[case("identity, GZIP", gzip)]
#[case("deflate", zlib)]
#[case("deflate", bare_deflate)]
#[case("identity", <[u8]>::to_vec)]
#[tokio::test(flavor = "multi_thread")]
async fn compressed_bodies_are_decoded(#[case] encoding: &str, #[case] encode: fn(&[u8]) -> Vec<u8>) {
    let output = tempfile::tempdir().unwrap();
    let files = crate::harness::server_with_files(&FileSettings {
        output_dir: Some(output.path().to_owned()),
        ..FileSettings::default()
    });
    let (image, mask) = picture();
    let (form_type, inpaint_form) = form(&[("image", &image), ("mask", &mask)]);
    let (_, file_form) = form(&[("file", &image)]);
    let inpaint_json = json!({ "image": base64(&image), "mask": base64(&mask) }).to_string();
    for (server, path, content_type, body) in [
        (server(), INPAINT, "application/json", inpaint_json.as_bytes()),
        (server(), INPAINT, &form_type, &inpaint_form),
        (server(), "/inpaint", &form_type, &inpaint_form),
        (
            server(),
            "/api/v1/adjust_mask",
            "application/json",
            adjust_mask().as_bytes(),
        ),
        (server(), "/api/v1/gen-info", &form_type, &file_form),
        (&files, "/api/v1/save_image", &form_type, &file_form),
    ] {
        let answer = send(server, path, content_type, encoding, encode(body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {content_type}");
    }
    assert_eq!(std::fs::read(output.path().join("file.png")).unwrap(), image);
}

#[tokio::test]
async fn multi_member_gzip_in_chunks_is_decoded() {
    let text = adjust_mask();
    let (start, end) = text.as_bytes().split_at(text.len() / 2);
    let body = [gzip(start), gzip(end)].concat();
    let chunks: Vec<_> = body
        .chunks(1)
        .map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)))
        .collect();
    let body = Body::from_stream(futures_util::stream::iter(chunks));
    let answer = send(server(), "/api/v1/adjust_mask", "application/json", "gzip", body).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[rstest]
#[case("br", "`br` is not supported")]
#[case("zstd", "`zstd` is not supported")]
#[case("gzip, gzip", "compressed more than once")]
#[tokio::test]
async fn unsupported_encoding_returns_415(#[case] encoding: &str, #[case] words: &str) {
    for path in [INPAINT, "/inpaint", "/api/v1/adjust_mask", "/api/v1/save_image"] {
        let answer = send(server(), path, "application/json", encoding, "{}").await;
        assert_error(&answer, 415, "unsupported-type", words);
        assert_eq!(answer.header("accept-encoding"), "gzip, deflate");
    }
}

#[rstest]
#[case("gzip", gzip, "ends in the middle of its gzip data")]
#[case(
    "deflate",
    zlib,
    "deflate data as declared by its Content-Encoding, or is truncated"
)]
#[case(
    "deflate",
    bare_deflate,
    "deflate data as declared by its Content-Encoding, or is truncated"
)]
#[tokio::test]
async fn truncated_compressed_body_returns_400(
    #[case] encoding: &str,
    #[case] encode: fn(&[u8]) -> Vec<u8>,
    #[case] words: &str,
) {
    let (form_type, body) = form(&[("file", &picture().0)]);
    for (path, content_type, body) in [
        (
            "/api/v1/adjust_mask",
            "application/json",
            encode(adjust_mask().as_bytes()),
        ),
        ("/api/v1/gen-info", &form_type, encode(&body)),
    ] {
        for length in [1, body.len() / 2, body.len() - 1] {
            let cut = body[..length].to_vec();
            let answer = send(server(), path, content_type, encoding, cut).await;
            assert_error(&answer, 400, "invalid-encoding", words);
        }
    }
}

#[rstest]
#[case("gzip", b"{\"name\": \"lama\"}".to_vec())]
#[case("gzip", zlib(b"{\"name\": \"lama\"}"))]
#[case("gzip", { let mut body = gzip(b"{\"name\": \"lama\"}"); let crc = body.len() - 8; body[crc] ^= 1; body })]
#[case("deflate", b"\xff{\"name\": \"lama\"}".to_vec())]
#[tokio::test]
async fn wrong_content_encoding_returns_400(#[case] encoding: &str, #[case] body: Vec<u8>) {
    let answer = send(server(), "/api/v1/model", "application/json", encoding, body).await;
    assert_error(
        &answer,
        400,
        "invalid-encoding",
        &format!("not valid {encoding} data"),
    );
}

#[tokio::test]
async fn decoded_size_is_limited() {
    let server = server_with(|_, settings| settings.bodies.max_bytes = 1 << 20);
    let spaces = vec![b' '; 64 << 20];
    let (form_type, form) = form(&[("file", &spaces)]);
    for (path, content_type, encoding, body) in [
        ("/api/v1/adjust_mask", "application/json", "gzip", gzip(&spaces)),
        (INPAINT, "application/json", "deflate", zlib(&spaces)),
        ("/api/v1/gen-info", &form_type, "gzip", gzip(&form)),
        ("/api/v1/gen-info", &form_type, "deflate", bare_deflate(&form)),
    ] {
        assert!(body.len() < 1 << 20);
        let answer = send(&server, path, content_type, encoding, body).await;
        assert_error(&answer, 413, "body-too-large", "--max-body-mib");
    }
}

#[tokio::test]
async fn declared_length_over_limit_returns_413() {
    let request = Request::post(INPAINT)
        .header(CONTENT_LENGTH, (4 << 20) + 1)
        .body(Body::from_stream(futures_util::stream::pending::<
            Result<Bytes, std::io::Error>,
        >()));
    let answer = server().send(request.unwrap()).await;
    assert_error(&answer, 413, "body-too-large", "--max-body-mib");
}

#[tokio::test]
async fn slow_compressed_body_returns_408() {
    let server = server_with(|_, settings| settings.bodies.min_rate = IMPATIENT);
    let start = gzip(b"{}")[..12].to_vec();
    let start = futures_util::stream::once(async move { Ok::<_, std::io::Error>(Bytes::from(start)) });
    let body = futures_util::StreamExt::chain(start, futures_util::stream::pending());
    let answer = send(
        &server,
        INPAINT,
        "application/json",
        "gzip",
        Body::from_stream(body),
    )
    .await;
    assert_error(&answer, 408, "body-too-slow", "--min-body-rate");
}

#[tokio::test]
async fn decoded_fields_are_validated() {
    let deep = format!("{{\"unknown\": {}1{}}}", "[".repeat(40), "]".repeat(40));
    let answer = send(
        server(),
        INPAINT,
        "application/json",
        "gzip",
        gzip(deep.as_bytes()),
    )
    .await;
    assert_error(&answer, 400, "invalid-json", "--max-json-depth");
    let answer: Value = send(server(), INPAINT, "application/json", "gzip", gzip(b"{}"))
        .await
        .json();
    assert_eq!(answer["error"], "invalid-field");
}

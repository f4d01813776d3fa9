//! Stateless routes: masks and prompts.

use axum::http::StatusCode;
use image::{DynamicImage, RgbaImage};
use rstest::rstest;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{base64, fixture, form, form_of, picture, server, server_with};

const ADJUST: &str = "/api/v1/adjust_mask";
const GEN_INFO: &str = "/api/v1/gen-info";

#[derive(Deserialize)]
struct Case {
    mask: String,
    operate: String,
    kernel_size: i64,
    expected: String,
}

fn rgba(png: &[u8]) -> RgbaImage {
    match image::load_from_memory(png).unwrap() {
        DynamicImage::ImageRgba8(image) => image,
        other => panic!("{:?}", other.color()),
    }
}

#[tokio::test]
async fn adjusted_masks_match_goldens() {
    let cases: Vec<Case> = serde_json::from_slice(&fixture("adjusted/cases.json")).unwrap();
    assert!(cases.len() >= 40);
    for case in cases {
        let mask = fixture(&format!("goldens/inputs/{}", case.mask));
        let body = json!({ "mask": base64(&mask), "operate": case.operate, "kernel_size": case.kernel_size });
        let answer = server().post_json(ADJUST, &body).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "image/png")
        );
        let expected = fixture(&format!("adjusted/{}", case.expected));
        assert!(rgba(&answer.body) == rgba(&expected), "{}", case.expected);
    }
}

#[tokio::test]
async fn mask_growth_defaults_and_saturates() {
    let mask = fixture("goldens/inputs/mask-dot-150x101.png");
    let adjusted = async |more: Value| {
        let mut body = json!({ "mask": base64(&mask), "operate": "expand" });
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let answer = server().post_json(ADJUST, &body).await;
        assert_eq!(answer.status, StatusCode::OK);
        rgba(&answer.body)
    };
    let five = rgba(&fixture("adjusted/expand-5-dot-150x101.png"));
    assert!(adjusted(json!({})).await == five && adjusted(json!({ "kernel_size": "5.0" })).await == five);
    let all = adjusted(json!({ "kernel_size": 1e30 })).await;
    assert!(all.pixels().all(|pixel| pixel.0 == [255, 203, 0, 186]));
}

#[rstest]
#[case(json!({"operate": "expand"}), 422)]
#[case(json!({"mask": "", "operate": "expand"}), 422)]
#[case(json!({"mask": "aGVsbG8=", "operate": "expand"}), 415)]
#[case(json!({"mask": "***", "operate": "expand"}), 400)]
#[case(json!({"mask": "MASK"}), 422)]
#[case(json!({"mask": "MASK", "operate": "blur"}), 422)]
#[case(json!({"mask": "MASK", "operate": "expand", "kernel_size": -1}), 422)]
#[case(json!({"mask": "MASK", "operate": "expand", "kernel_size": null}), 422)]
#[tokio::test]
async fn invalid_adjustment_is_rejected(#[case] mut body: Value, #[case] status: u16) {
    if body["mask"] == "MASK" {
        body["mask"] = json!(base64(&picture().1));
    }
    let answer = server().post_json(ADJUST, &body).await;
    assert_eq!(answer.status.as_u16(), status, "{}", answer.json());
}

#[tokio::test]
async fn large_mask_is_rejected_before_decoding() {
    let small = server_with(|_, settings| settings.images.limits.max_pixels = 100);
    let body = json!({ "mask": base64(&picture().1), "operate": "reverse" });
    assert_eq!(small.post_json(ADJUST, &body).await.status.as_u16(), 413);
}

/// A PNG of one pixel with a text before its pixel.
fn png_with(text: impl FnOnce(&mut png::Info<'_>)) -> Vec<u8> {
    let mut info = png::Info::with_size(1, 1);
    info.color_type = png::ColorType::Rgb;
    text(&mut info);
    let mut bytes = Vec::new();
    let mut writer = png::Encoder::with_info(&mut bytes, info)
        .unwrap()
        .write_header()
        .unwrap();
    writer.write_image_data(&[1, 2, 3]).unwrap();
    writer.finish().unwrap();
    bytes
}

const PARAMETERS: &str = "a cat\nNegative prompt: dogs, blur\nSteps: 20";

#[tokio::test]
async fn prompts_are_read_from_png() {
    let plain = png_with(|info| {
        info.uncompressed_latin1_text
            .push(png::text_metadata::TEXtChunk::new("parameters", PARAMETERS));
    });
    let compressed = png_with(|info| {
        info.compressed_latin1_text
            .push(png::text_metadata::ZTXtChunk::new("parameters", PARAMETERS));
    });
    let international = png_with(|info| {
        info.utf8_text
            .push(png::text_metadata::ITXtChunk::new("parameters", PARAMETERS));
    });
    let found = json!({ "prompt": "a cat", "negative_prompt": "dogs, blur" });
    let nothing = json!({ "prompt": "", "negative_prompt": "" });
    let jpeg = std::fs::read("../imaging/tests/data/rgb.jpg").unwrap();
    for (image, expected) in [
        (plain, &found),
        (compressed, &found),
        (international, &found),
        (picture().0, &nothing),
        (jpeg, &nothing),
    ] {
        let (content_type, body) = form(&[("file", &image)]);
        let answer = server().post(GEN_INFO, &content_type, body).await;
        assert_eq!((answer.status, &answer.json()), (StatusCode::OK, expected));
    }
}

#[tokio::test]
async fn prompts_need_an_image() {
    for (parts, status) in [
        (form(&[("file", b"hello".as_slice())]), 415),
        (form(&[("image", picture().0.as_slice())]), 422),
        (form_of(&[("file", None, b"")]), 422),
        (("application/json".to_owned(), b"{}".to_vec()), 415),
        (("multipart/form-data".to_owned(), b"{}".to_vec()), 400),
        (form(&[("file", picture().0.get(..40).unwrap_or_default())]), 400),
    ] {
        let answer = server().post(GEN_INFO, &parts.0, parts.1).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.json());
    }
}

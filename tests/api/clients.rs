//! Clients of IOPaint, replayed from their requests.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use iopaint_app::files::FileSettings;
use iopaint_imaging::{DecodeLimits, EncodeOptions, ImageFormat, Mask, decode, decode_mask};
use serde_json::{Value, json};

use crate::harness::{INPAINT, base64, fixture, form_of, picture, server, server_with, server_with_files};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};
const HOLE: u8 = 128;

fn data_url(bytes: &[u8]) -> String {
    format!("data:image/png;base64,{}", base64(bytes))
}

/// Returns true if a result differs from its image inside the hole only.
fn filled(before: &[u8], after: &[u8], mask: &[u8]) -> bool {
    let (before, after) = (decode(before, &LIMITS).unwrap(), decode(after, &LIMITS).unwrap());
    let mask = decode_mask(mask, &LIMITS).unwrap();
    let mut changed = 0;
    for ((before, after), mask) in before.rgb.pixels().zip(after.rgb.pixels()).zip(mask.values()) {
        if *mask < HOLE && before != after {
            return false;
        }
        changed += usize::from(before != after);
    }
    changed > 0
}

/// Krita's plugin: the layer with alpha and the selection as gray.
#[tokio::test]
async fn krita_gets_png_with_alpha() {
    let layer = fixture("goldens/inputs/rgba-150x101.png");
    let selection = fixture("goldens/inputs/mask-stroke-150x101.png");
    let body = json!({ "image": base64(&layer), "mask": base64(&selection) });
    let answer = server().post_json(INPAINT, &body).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "image/png")
    );
    assert!(filled(&layer, &answer.body, &selection));
    let alpha = |bytes: &[u8]| decode(bytes, &LIMITS).unwrap().preserved.alpha.unwrap();
    assert_eq!(alpha(&answer.body), alpha(&layer));
}

/// The MCP server `iopaint-mcp`: data URLs, a switch to `lama` before each call, errors by status.
#[tokio::test]
async fn mcp_server_switches_fills_and_adjusts() {
    let server = server_with(|options, _| options.model = Some("lama-mini".into()));
    server.ready().await;
    let config = server.get("/api/v1/server-config").await.json();
    let models: Vec<&str> = config["modelInfos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["name"].as_str().unwrap())
        .collect();
    assert!(models.contains(&"lama"), "{models:?}");
    let (image, mask) = picture();
    for _ in 0..2 {
        let switched = server
            .post_json("/api/v1/model", &json!({ "name": "lama" }))
            .await;
        assert_eq!(
            (switched.status, &switched.json()["name"]),
            (StatusCode::OK, &json!("lama"))
        );
        let body = json!({
            "image": data_url(&image), "mask": data_url(&mask), "sd_seed": 7, "hd_strategy": "Crop",
        });
        let answer = server.post_json(INPAINT, &body).await;
        assert_eq!((answer.status, answer.header("x-seed")), (StatusCode::OK, "7"));
        assert!(filled(&image, &answer.body, &mask));
    }
    let body = json!({ "mask": data_url(&mask), "operate": "shrink", "kernel_size": 5 });
    let adjusted = server.post_json("/api/v1/adjust_mask", &body).await;
    assert_eq!(
        (adjusted.status, adjusted.header("content-type")),
        (StatusCode::OK, "image/png")
    );
    for (route, more) in [
        ("run_plugin_gen_mask", json!({ "clicks": [[10, 20, 1]] })),
        ("run_plugin_gen_image", json!({ "scale": 2.0 })),
    ] {
        let mut body = json!({ "name": "RemoveBG", "image": data_url(&image) });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = server.post_json(&format!("/api/v1/{route}"), &body).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "image/png")
        );
    }
}

/// Scripts such as yolo8-plus-iopaint: bare base64, and a JPEG mask.
#[tokio::test]
async fn script_sends_jpeg_mask() {
    let (image, mask) = picture();
    let drawn = decode(&mask, &LIMITS).unwrap();
    let whole = Mask::empty(drawn.width(), drawn.height());
    let jpeg = drawn
        .preserved
        .encode_as(ImageFormat::Jpeg, &drawn.rgb, &whole, &EncodeOptions::default())
        .unwrap();
    let body = json!({ "image": base64(&image), "mask": base64(&jpeg.bytes) });
    let answer = server().post_json(INPAINT, &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(filled(&image, &answer.body, &jpeg.bytes));
}

/// darktable's script searches for strings instead of parsing JSON, and for the start of an HTML page.
#[tokio::test]
async fn darktable_finds_expected_strings() {
    let root = tempfile::tempdir().unwrap();
    let server = server_with_files(&FileSettings {
        input: Some(root.path().to_owned()),
        output_dir: Some(root.path().join("results")),
        allow_overwrite: true,
        ..FileSettings::default()
    });
    let config = String::from_utf8(server.get("/api/v1/server-config").await.body).unwrap();
    for text in [
        r#""plugins""#,
        r#""enableAutoSaving":true"#,
        r#""enableFileManager":true"#,
    ] {
        assert!(config.contains(text), "{text} is not in {config}");
    }
    assert!(server.get("/").await.body.starts_with(b"<"));
    // Its users repeat the same request.
    for _ in 0..2 {
        let (content_type, body) = form_of(&[("file", Some("photo.png"), &picture().0)]);
        let saved = server.post("/api/v1/save_image", &content_type, body).await;
        assert_eq!(
            (saved.status, saved.json()),
            (StatusCode::OK, json!({ "filename": "photo.png" }))
        );
    }
}

/// Form fields of lama-cleaner's page and derived scripts, besides the files.
const LAMA_CLEANER: [(&str, &str); 34] = [
    ("ldmSteps", "25"),
    ("ldmSampler", "plms"),
    ("zitsWireframe", "true"),
    ("hdStrategy", "Crop"),
    ("hdStrategyCropMargin", "196"),
    ("hdStrategyCropTrigerSize", "800"),
    ("hdStrategyResizeLimit", "2048"),
    ("prompt", ""),
    ("negativePrompt", ""),
    ("croperX", "-91"),
    ("croperY", "-66"),
    ("croperHeight", "512"),
    ("croperWidth", "512"),
    ("useCroper", "false"),
    ("sdMaskBlur", "5"),
    ("sdStrength", "0.75"),
    ("sdSteps", "50"),
    ("sdGuidanceScale", "7.5"),
    ("sdSampler", "uni_pc"),
    ("sdSeed", "-1"),
    ("sdMatchHistograms", "false"),
    ("sdScale", "1"),
    ("cv2Radius", "5"),
    ("cv2Flag", "INPAINT_NS"),
    ("paintByExampleSteps", "50"),
    ("paintByExampleGuidanceScale", "7.5"),
    ("paintByExampleSeed", "-1"),
    ("paintByExampleMaskBlur", "5"),
    ("paintByExampleMatchHistograms", "false"),
    ("p2pSteps", "50"),
    ("p2pImageGuidanceScale", "1.5"),
    ("controlnet_conditioning_scale", "0.4"),
    ("controlnet_method", "control_v11p_sd15_canny"),
    ("sizeLimit", "Original"),
];

fn lama_cleaner(changed: &[(&str, &str)]) -> (String, Vec<u8>) {
    let (image, mask) = picture();
    let mut parts: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("image", Some("photo.png"), &image),
        ("mask", Some("blob"), &mask),
        ("paintByExampleImage", Some("example.png"), &image),
    ];
    for (key, value) in LAMA_CLEANER {
        let value = changed
            .iter()
            .find(|(other, _)| *other == key)
            .map_or(value, |(_, value)| value);
        parts.push((key, None, value.as_bytes()));
    }
    form_of(&parts)
}

#[tokio::test]
async fn lama_cleaner_form_equals_json() {
    let (image, mask) = picture();
    for (changed, fields) in [
        (&[][..], json!({})),
        (
            &[("hdStrategy", "Resize"), ("hdStrategyResizeLimit", "80")][..],
            json!({ "hd_strategy": "Resize", "hd_strategy_resize_limit": 80 }),
        ),
        (
            &[("hdStrategyCropTrigerSize", "64"), ("hdStrategyCropMargin", "20")][..],
            json!({ "hd_strategy_crop_trigger_size": 64, "hd_strategy_crop_margin": 20 }),
        ),
    ] {
        let (content_type, body) = lama_cleaner(changed);
        let answer = server().post("/inpaint", &content_type, body).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "image/png"),
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        assert!(answer.header("x-seed").parse::<i64>().unwrap() >= 0);
        let modern = server().inpaint(&image, &mask, &fields).await;
        assert!(answer.body == modern.body, "{fields}");
    }
    let (content_type, body) = lama_cleaner(&[("hdStrategyCropMargin", "wide")]);
    let answer = server().post("/inpaint", &content_type, body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("hd_strategy_crop_margin")
    );
}

#[tokio::test]
async fn lama_cleaner_form_needs_both_files() {
    let (image, _) = picture();
    let (content_type, body) = form_of(&[("image", Some("photo.png"), &image)]);
    let answer = server().post("/inpaint", &content_type, body).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = server().post("/inpaint", "application/json", "{}").await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

/// IOPaint's own page on another site: the browser's preflight, and the headers that the page reads.
#[tokio::test]
async fn iopaint_page_on_allowed_origin_works() {
    let friend = "https://friend.example";
    for (method, route, header) in [
        ("POST", INPAINT, "content-type"),
        ("GET", "/api/v1/inputimage", "cache-control,pragma"),
        ("POST", "/api/v1/adjust_mask", "content-type"),
        ("GET", "/api/v1/server-config", "content-type"),
    ] {
        let preflight = Request::builder()
            .method(Method::OPTIONS)
            .uri(route)
            .header("origin", friend)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", header)
            .body(Body::empty())
            .unwrap();
        let answer = server().send(preflight).await;
        assert_eq!(answer.header("access-control-allow-origin"), friend);
        let allowed = answer.header("access-control-allow-headers");
        assert!(
            header.split(',').all(|header| allowed.contains(header)),
            "{allowed}"
        );
    }
    let (image, mask) = picture();
    let body = json!({ "image": data_url(&image), "mask": data_url(&mask), "enable_brushnet": false });
    let request = Request::post(INPAINT)
        .header("origin", friend)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let answer = server().send(request).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (StatusCode::OK, friend)
    );
    let exposed = answer.header("access-control-expose-headers");
    for header in ["x-seed", "x-width", "x-height", "content-disposition"] {
        assert!(exposed.contains(header), "{header} is not in {exposed}");
    }
    let info: Value = {
        let (content_type, body) = form_of(&[("file", Some("photo.png"), &image)]);
        server()
            .post("/api/v1/gen-info", &content_type, body)
            .await
            .json()
    };
    assert_eq!(info, json!({ "prompt": "", "negative_prompt": "" }));
}

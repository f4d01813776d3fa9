//! Responses of each route.

use axum::http::StatusCode;
use iopaint_imaging::{DecodeLimits, decode};
use serde_json::{Value, json};

use crate::harness::{INPAINT, base64, form, picture, server, server_with};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};

#[tokio::test]
async fn openapi_matches_snapshot() {
    let answer = server().get("/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut description = answer.json();
    let version = description["info"]["version"].take();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    // The version must not change the snapshot.
    description["info"]["version"] = json!("[version]");
    insta::assert_json_snapshot!("openapi", description);
}

#[tokio::test]
async fn server_config_matches_iopaint_bytes() {
    server().ready().await;
    let answer = server().get("/api/v1/server-config").await;
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert!(text.contains(r#""enableAutoSaving":false"#), "{text}");
    insta::assert_snapshot!(
        "server-config",
        serde_json::to_string_pretty(&ordered(&text)).unwrap()
    );
}

/// Keys and values in the text's order.
fn ordered(text: &str) -> Vec<(String, Value)> {
    struct Pairs(Vec<(String, Value)>);
    impl<'de> serde::Deserialize<'de> for Pairs {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Pairs;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                    let mut pairs = Vec::new();
                    while let Some(pair) = map.next_entry()? {
                        pairs.push(pair);
                    }
                    Ok(Pairs(pairs))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    serde_json::from_str::<Pairs>(text).unwrap().0
}

#[tokio::test]
async fn livez_readyz_docs_and_page_respond() {
    let server = server_with(|_, _| {});
    server.ready().await;
    assert_eq!(server.get("/livez").await.body, b"ok");
    let ready = server.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.json()["model"].clone()),
        (StatusCode::OK, json!("lama"))
    );
    let docs = server.get("/docs/").await;
    assert_eq!(docs.status, StatusCode::OK);
    let text = String::from_utf8(docs.body).unwrap();
    assert!(text.trim_start().starts_with('<'));
    for elsewhere in ["src=\"http", "src=\"//", "href=\"http", "href=\"//"] {
        assert!(!text.contains(elsewhere), "{elsewhere}");
    }
    let redoc = server.get("/redoc").await;
    assert_eq!(
        (redoc.status, redoc.header("location")),
        (StatusCode::PERMANENT_REDIRECT, "docs/")
    );
    let page = server.get("/").await;
    assert!(page.body.starts_with(b"<") && page.header("content-type").starts_with("text/html"));
    server.engine.drain();
    assert_eq!(
        server.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(server.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn json_and_forms_give_equal_results() {
    let (image, mask) = picture();
    let url = |bytes: &[u8]| format!("data:image/png;base64,{}", base64(bytes));
    let first = server().inpaint(&image, &mask, &json!({})).await;
    assert_eq!(first.header("content-type"), "image/png");
    assert_eq!(first.header("x-seed"), "42");
    let with_urls = json!({ "image": url(&image), "mask": url(&mask), "hdStrategy": "unknown" });
    let with_urls = server().post(INPAINT, "", with_urls.to_string()).await;
    let (content_type, body) = form(&[
        ("image", &image),
        ("mask", &mask),
        ("options", br#"{"sd_seed": 7}"#),
    ]);
    let with_form = server().post(INPAINT, &content_type, body).await;
    assert_eq!(with_form.header("x-seed"), "7");
    assert!(first.body == with_urls.body && first.body == with_form.body);
}

#[tokio::test]
async fn patch_is_the_changed_rectangle() {
    let (image, mask) = picture();
    let whole = decode(&server().inpaint(&image, &mask, &json!({})).await.body, &LIMITS).unwrap();
    let answer = server()
        .inpaint(&image, &mask, &json!({ "result": "patch" }))
        .await;
    assert_eq!(answer.header("content-type"), "image/png");
    let numbers: Vec<u32> = answer
        .header("x-patch-box")
        .split(',')
        .map(|number| number.parse().unwrap())
        .collect();
    let [x, y, width, height] = numbers[..] else {
        panic!("{numbers:?}")
    };
    let patch = decode(&answer.body, &LIMITS).unwrap().rgb;
    assert_eq!(patch.dimensions(), (width, height));
    assert!(width < whole.width() && height < whole.height());
    let mut pasted = decode(&image, &LIMITS).unwrap().rgb;
    for (dx, dy, pixel) in patch.enumerate_pixels() {
        pasted.put_pixel(x + dx, y + dy, *pixel);
    }
    assert_eq!(pasted, whole.rgb);
}

#[tokio::test]
async fn empty_patch_is_one_pixel() {
    let (image, _) = picture();
    let black = crate::harness::fixture("goldens/inputs/mask-empty-150x101.png");
    let answer = server()
        .inpaint(&image, &black, &json!({ "result": "patch" }))
        .await;
    assert_eq!(
        (answer.status, answer.header("x-patch-box")),
        (StatusCode::OK, "0,0,1,1")
    );
}

#[tokio::test]
async fn seed_minus_one_is_random_and_returned() {
    let (image, mask) = picture();
    let answer = server().inpaint(&image, &mask, &json!({ "sd_seed": -1 })).await;
    assert!(answer.header("x-seed").parse::<i64>().unwrap() >= 0);
}

#[tokio::test]
async fn large_forward_runs_scaled() {
    let server = server_with(|_, settings| settings.images.max_forward_pixels = 64 * 64);
    let (image, mask) = picture();
    let answer = server.inpaint(&image, &mask, &json!({})).await;
    assert_eq!(
        (answer.status, answer.header("x-inpaint-scaled")),
        (StatusCode::OK, "true")
    );
    assert_eq!(
        decode(&answer.body, &LIMITS).unwrap().rgb.dimensions(),
        (150, 101)
    );
}

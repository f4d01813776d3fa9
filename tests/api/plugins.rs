//! Routes of plugins, with the built-in models.

use std::sync::Arc;

use axum::http::StatusCode;
use iopaint_app::plugins::PluginChoices;
use iopaint_engine::PluginKind;
use iopaint_imaging::{DecodeLimits, decode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, NoModels, Server, base64, fixture, picture, server, server_of, server_with};

const GEN_MASK: &str = "/api/v1/run_plugin_gen_mask";
const GEN_IMAGE: &str = "/api/v1/run_plugin_gen_image";
const DETECT: &str = "/api/v1/detect";
const UPSCALE: &str = "/api/v1/upscale";
const SWITCH: &str = "/api/v1/switch_plugin_model";

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 22,
    max_side: 4096,
};

/// A disc of one colour on a background of another, 160 x 120 pixels.
pub fn disc() -> Vec<u8> {
    let image = image::RgbImage::from_fn(160, 120, |x, y| {
        let (dx, dy) = (f64::from(x) - 80.0, f64::from(y) - 60.0);
        if dx.hypot(dy) < 35.0 {
            [220, 60, 40].into()
        } else {
            [40, 90 + (x / 8 % 2) as u8 * 8, 60].into()
        }
    });
    png(&image.into())
}

/// The word ERASE in letters of 5 x 7 squares, dark on a light background, 320 x 120 pixels.
pub fn word() -> Vec<u8> {
    const ROWS: [&str; 7] = [
        "##### ####   ###   #### #####",
        "#     #   # #   # #     #    ",
        "#     #   # #   # #     #    ",
        "####  ####  #####  ###  #### ",
        "#     # #   #   #     # #    ",
        "#     #  #  #   #     # #    ",
        "##### #   # #   # ####  #####",
    ];
    let ink = |x: u32, y: u32| {
        let (column, row) = (x.checked_sub(30)? / 9, y.checked_sub(28)? / 9);
        let cell = ROWS.get(row as usize)?.as_bytes().get(column as usize)?;
        (*cell == b'#').then_some(())
    };
    let image = image::RgbImage::from_fn(320, 120, |x, y| match ink(x, y) {
        Some(()) => [20, 20, 30].into(),
        None => [225, 220, 210 - (y / 4) as u8].into(),
    });
    png(&image.into())
}

fn png(image: &image::DynamicImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

async fn run(server: &Server, route: &str, image: &[u8], fields: Value) -> Answer {
    let mut body = json!({ "image": base64(image) });
    for (key, value) in fields.as_object().unwrap() {
        body[key] = value.clone();
    }
    server.post_json(route, &body).await
}

fn rgba(answer: &Answer) -> image::RgbaImage {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "image/png"),
        "{:?}",
        String::from_utf8_lossy(&answer.body)
    );
    image::load_from_memory(&answer.body).unwrap().to_rgba8()
}

#[tokio::test]
async fn plugins_are_listed_with_their_models() {
    let config = server().get("/api/v1/server-config").await.json();
    assert_eq!(
        config["plugins"],
        json!([
            { "name": "InteractiveSeg", "support_gen_image": false, "support_gen_mask": true },
            { "name": "RemoveBG", "support_gen_image": true, "support_gen_mask": true },
            { "name": "RealESRGAN", "support_gen_image": true, "support_gen_mask": false },
        ])
    );
    assert_eq!(
        config["additionalPlugins"],
        json!([{ "name": "TextMask", "support_gen_image": false, "support_gen_mask": true }])
    );
    assert_eq!(
        (&config["removeBGModel"], &config["interactiveSegModel"]),
        (&json!("u2netp"), &json!("u2netp"))
    );
    assert_eq!(config["realesrganModels"], json!(["realesr-animevideov3"]));
}

#[rstest]
#[case(json!({ "clicks": [[80, 60, 1]] }))]
#[case::of_iopaint_page(json!({ "clicks": [[80, 60, 1, 0]] }))]
#[case(json!({ "box": [40, 20, 120, 100] }))]
#[case(json!({ "lasso": [[40, 20], [120, 20], [120, 100], [40, 100]] }))]
#[tokio::test]
async fn prompt_selects_object(#[case] mut prompt: Value) {
    prompt["name"] = json!("InteractiveSeg");
    let mask = rgba(&run(server(), GEN_MASK, &disc(), prompt).await);
    assert_eq!(mask.dimensions(), (160, 120));
    assert_eq!(mask.get_pixel(80, 60).0, [255, 203, 0, 186]);
    assert_eq!(mask.get_pixel(4, 4).0, [0; 4]);
}

#[tokio::test]
async fn cut_out_has_transparent_background() {
    let cut_out = rgba(&run(server(), GEN_IMAGE, &disc(), json!({ "name": "RemoveBG" })).await);
    assert_eq!(cut_out.dimensions(), (160, 120));
    assert!(cut_out.get_pixel(80, 60).0[3] > 200);
    assert!(cut_out.get_pixel(4, 4).0[3] < 50);
}

#[tokio::test]
async fn cut_out_keeps_transparency_and_profile() {
    let image = fixture("goldens/inputs/rgba-150x101.png");
    let answer = run(server(), GEN_IMAGE, &image, json!({ "name": "RemoveBG" })).await;
    let (before, after) = (
        decode(&image, &LIMITS).unwrap(),
        decode(&answer.body, &LIMITS).unwrap(),
    );
    let (before, after) = (before.preserved.alpha.unwrap(), after.preserved.alpha.unwrap());
    assert!(
        after
            .iter()
            .zip(before.iter())
            .all(|(after, before)| after <= before)
    );
}

#[tokio::test]
async fn text_is_detected_and_masked() {
    let image = word();
    let answer = run(server(), DETECT, &image, json!({})).await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = answer.json();
    let regions = answer["regions"].as_array().unwrap();
    assert!(!regions.is_empty());
    assert!(
        regions
            .iter()
            .all(|region| region["score"].as_f64().unwrap() >= 0.5)
    );
    assert_eq!(regions[0]["polygon"].as_array().unwrap().len(), 4);
    let mask = base64_simd::STANDARD
        .decode_to_vec(answer["mask"].as_str().unwrap())
        .unwrap();
    let mask = image::load_from_memory(&mask).unwrap();
    let size = image::load_from_memory(&image).unwrap();
    assert_eq!((mask.width(), mask.height()), (size.width(), size.height()));
    assert!(mask.to_luma8().contains(&255));
    let overlay = rgba(&run(server(), GEN_MASK, &image, json!({ "name": "TextMask" })).await);
    assert!(overlay.pixels().any(|pixel| pixel.0[3] == 186));
}

#[tokio::test]
async fn upscale_has_requested_size() {
    let (image, _) = picture();
    for (scale, expected) in [(2.0, (300, 202)), (4.0, (600, 404)), (1.5, (225, 151))] {
        let answer = run(server(), UPSCALE, &image, json!({ "scale": scale })).await;
        assert_eq!(rgba(&answer).dimensions(), expected);
    }
    let plugin = json!({ "name": "RealESRGAN", "scale": "2" });
    let answer = run(server(), GEN_IMAGE, &image, plugin).await;
    assert_eq!(rgba(&answer).dimensions(), (300, 202));
}

#[rstest]
#[case(GEN_MASK, json!({ "name": "RealESRGAN" }), "unknown-plugin")]
#[case(GEN_IMAGE, json!({ "name": "InteractiveSeg" }), "unknown-plugin")]
#[case(GEN_MASK, json!({ "name": "GFPGAN" }), "unknown-plugin")]
#[case(GEN_MASK, json!({ "name": "InteractiveSeg", "clicks": [[1, 2]] }), "invalid-field")]
#[case(GEN_MASK, json!({ "name": "InteractiveSeg", "box": [900, 900, 950, 950] }), "invalid-field")]
#[case(GEN_MASK, json!({ "name": "InteractiveSeg", "lasso": [[1, 2], [3, 4]] }), "invalid-field")]
#[case(GEN_IMAGE, json!({ "name": "RealESRGAN", "scale": 5 }), "invalid-field")]
#[case(UPSCALE, json!({ "scale": 0 }), "invalid-field")]
#[case(DETECT, json!({ "min_score": 2 }), "invalid-field")]
#[tokio::test]
async fn invalid_plugin_request_returns_422(#[case] route: &str, #[case] fields: Value, #[case] code: &str) {
    let answer = run(server(), route, &picture().0, fields).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]),
        (422, &json!(code))
    );
}

#[tokio::test]
async fn large_upscale_returns_413() {
    let server = server_of(Arc::new(NoModels), |_, settings| {
        settings.images.limits.max_pixels = 150 * 101 * 4;
    });
    let answer = run(&server, UPSCALE, &picture().0, json!({ "scale": 2.1 })).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]),
        (413, &json!("image-too-large"))
    );
}

#[tokio::test]
async fn disabled_plugins_are_unknown() {
    let server = server_of(Arc::new(NoModels), |_, settings| {
        settings.plugins = PluginChoices {
            disabled: ["removebg".to_owned(), "TextMask".to_owned()].into(),
            ..PluginChoices::default()
        };
    });
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["plugins"].as_array().unwrap().len(), 2);
    assert_eq!(config["additionalPlugins"], json!([]));
    for (route, fields) in [(GEN_IMAGE, json!({ "name": "RemoveBG" })), (DETECT, json!({}))] {
        let answer = run(&server, route, &picture().0, fields).await;
        assert_eq!(answer.json()["error"], "unknown-plugin");
    }
    let server = server_of(Arc::new(NoModels), |_, settings| settings.plugins.none = true);
    assert_eq!(
        server.get("/api/v1/server-config").await.json()["plugins"],
        json!([])
    );
}

#[tokio::test]
async fn anime_seg_is_on_if_enabled_or_on_disk() {
    let names = async |server: &Server| -> Vec<Value> {
        let config = server.get("/api/v1/server-config").await.json();
        let plugins = config["plugins"].as_array().unwrap();
        plugins.iter().map(|plugin| plugin["name"].clone()).collect()
    };
    let body = json!({ "name": "AnimeSeg" });
    let server = server_of(Arc::new(NoModels), |_, _| {});
    assert!(!names(&server).await.contains(&json!("AnimeSeg")));
    let answer = run(&server, GEN_MASK, &picture().0, body.clone()).await;
    assert_eq!(answer.json()["error"], "unknown-plugin");
    std::fs::write(server.folder.path().join("isnetis.pth"), "weights").unwrap();
    assert!(
        names(&server).await.contains(&json!("AnimeSeg")),
        "its file has arrived"
    );
    let server = server_of(Arc::new(NoModels), |_, settings| {
        settings.plugins.enabled = vec![PluginKind::AnimeSeg];
    });
    assert!(names(&server).await.contains(&json!("AnimeSeg")));
    let answer = run(&server, GEN_MASK, &picture().0, body).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (StatusCode::NOT_FOUND, &json!("unknown-model"))
    );
}

#[tokio::test]
async fn state_dicts_of_isnet_cut_out() {
    let server = server_with(|_, settings| settings.plugins.enabled = vec![PluginKind::AnimeSeg]);
    for (file, name) in [("anime-seg", "isnetis"), ("rmbg", "RMBG-1.4")] {
        let weights = fixture(&format!("isnet/{file}.pth"));
        std::fs::write(server.folder.path().join(format!("{name}.pth")), weights).unwrap();
    }
    let body = json!({ "plugin_name": "RemoveBG", "model_name": "briaai/RMBG-1.4" });
    assert_eq!(server.post_json(SWITCH, &body).await.status, StatusCode::OK);
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["removeBGModel"], "RMBG-1.4");
    assert_eq!(config["removeBGModels"], json!(["u2netp", "isnetis", "RMBG-1.4"]));
    for name in ["AnimeSeg", "RemoveBG"] {
        for route in [GEN_MASK, GEN_IMAGE] {
            let answer = run(&server, route, &disc(), json!({ "name": name })).await;
            assert_eq!(answer.status, StatusCode::OK, "{name}");
            assert_eq!(rgba(&answer).dimensions(), (160, 120));
        }
    }
}

/// Stores the stand-in of RMBG-2.0 where IOPaint stores the original.
fn store_rmbg2(server: &Server) {
    let folder = "huggingface/hub/models--briaai--RMBG-2.0/snapshots/1234";
    let snapshot = server.folder.path().join(folder);
    std::fs::create_dir_all(&snapshot).unwrap();
    let weights = fixture("birefnet/rmbg2.safetensors");
    std::fs::write(snapshot.join("model.safetensors"), weights).unwrap();
}

#[tokio::test]
async fn rmbg2_of_hugging_faces_cache_cuts_out() {
    let server = server_with(|_, settings| {
        settings.plugins.models = vec![(PluginKind::RemoveBackground, "briaai/RMBG-2.0".into())];
    });
    store_rmbg2(&server);
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["removeBGModel"], "RMBG-2.0");
    assert_eq!(config["removeBGModels"], json!(["u2netp", "RMBG-2.0"]));
    for route in [GEN_MASK, GEN_IMAGE] {
        let answer = run(&server, route, &disc(), json!({ "name": "RemoveBG" })).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(rgba(&answer).dimensions(), (160, 120));
    }
}

#[tokio::test]
async fn rmbg2_can_be_switched_to() {
    let server = server_of(Arc::new(NoModels), |_, _| {});
    let body = json!({ "plugin_name": "RemoveBG", "model_name": "briaai/RMBG-2.0" });
    let answer = server.post_json(SWITCH, &body).await;
    assert_eq!(answer.json()["error"], "unknown-model");
    store_rmbg2(&server);
    assert_eq!(server.post_json(SWITCH, &body).await.status, StatusCode::OK);
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["removeBGModel"], "RMBG-2.0");
}

#[tokio::test]
async fn plugin_model_can_be_switched() {
    let server = server_of(Arc::new(NoModels), |_, _| {});
    let switch = async |plugin: &str, model: &str| {
        let body = json!({ "plugin_name": plugin, "model_name": model });
        server.post_json(SWITCH, &body).await
    };
    assert_eq!(
        switch("RemoveBG", "silueta").await.json()["error"],
        "unknown-model"
    );
    assert_eq!(switch("RemoveBG", "lama").await.json()["error"], "unknown-model");
    std::fs::write(server.folder.path().join("silueta.onnx"), "weights").unwrap();
    let answer = switch("RemoveBG", "silueta").await;
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, Value::Null));
    let config = server.get("/api/v1/server-config").await.json();
    assert_eq!(config["removeBGModel"], "silueta");
    assert_eq!(config["interactiveSegModel"], "u2netp");
    assert_eq!(config["removeBGModels"], json!(["u2netp", "silueta"]));
    // IOPaint ignores plugins that are disabled.
    assert_eq!(switch("GFPGAN", "x").await.status, StatusCode::OK);
}

#[tokio::test]
async fn fixed_model_also_fixes_plugins() {
    let server = server_of(Arc::new(NoModels), |_, settings| settings.fixed_model = true);
    let body = json!({ "plugin_name": "RemoveBG", "model_name": "u2netp" });
    assert_eq!(
        server.post_json(SWITCH, &body).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn plugin_models_do_not_fill() {
    let (image, mask) = picture();
    let answer = server()
        .inpaint(&image, &mask, &json!({ "model": "u2netp" }))
        .await;
    assert_eq!(answer.json()["error"], "unknown-model");
    let body = json!({ "name": "u2netp" });
    assert_eq!(
        server().post_json("/api/v1/model", &body).await.json()["error"],
        "unknown-model"
    );
}

#[tokio::test]
async fn plugin_jobs_count_against_the_queue() {
    let server = server_with(|options, _| options.max_queue = 1);
    let _permit = server
        .engine
        .admit(iopaint_engine::ClientKey::new("other"), None)
        .unwrap();
    let answer = run(&server, GEN_IMAGE, &disc(), json!({ "name": "RemoveBG" })).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!answer.header("retry-after").is_empty());
}

/// The original keeps the picture of the last request in the plugin, so that results mix.
#[tokio::test]
async fn concurrent_requests_get_their_own_images() {
    let images: Vec<Vec<u8>> = [[250, 10, 10], [10, 250, 10], [10, 10, 250]]
        .iter()
        .map(|colour| png(&image::RgbImage::from_pixel(24, 20, (*colour).into()).into()))
        .collect();
    let requests = (0..12).map(|index| {
        let index = index % images.len();
        let image = images[index].clone();
        async move {
            let answer = run(server(), UPSCALE, &image, json!({ "scale": 2 })).await;
            (index, rgba(&answer).get_pixel(24, 20).0)
        }
    });
    for (index, pixel) in futures_util::future::join_all(requests).await {
        let brightest = (0..3).max_by_key(|channel| pixel[*channel]);
        assert_eq!(brightest, Some(index));
    }
}

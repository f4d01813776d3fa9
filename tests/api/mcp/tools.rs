//! Each tool, its results and its errors.

use image::GenericImageView;
use iopaint_app::files::FileSettings;
use rmcp::ClientLifecycleMode;
use rstest::rstest;
use serde_json::{Value, json};

use super::client::{connect, connect_as, discover};
use super::{shared, with_disc};
use crate::harness::{base64, picture, server_of_files, server_with, torch};
use crate::plugins::{disc, word};

#[rstest]
#[case(ClientLifecycleMode::Initialize)]
#[case(discover())]
#[tokio::test]
async fn tools_are_listed_in_all_protocol_versions(#[case] lifecycle: ClientLifecycleMode) {
    let client = connect_as(shared(), "", lifecycle).await.unwrap();
    assert_eq!(
        client.tools().await,
        ["erase", "select", "remove_background", "upscale", "list_models"]
    );
    let arguments = with_disc(json!({ "scale": 0.5 }));
    assert_eq!(client.image("upscale", &arguments).await.dimensions(), (80, 60));
}

#[tokio::test]
async fn disabled_plugins_have_no_tools() {
    let server = server_with(|_, settings| {
        settings.mcp = true;
        settings.plugins.none = true;
    });
    let client = connect(&server).await;
    assert_eq!(client.tools().await, ["erase", "list_models"]);
    let result = client.call("upscale", &with_disc(json!({}))).await;
    assert_eq!(result.structured_content.unwrap()["error"], "unknown-plugin");
}

#[tokio::test]
async fn erase_by_mask_equals_the_api() {
    let server = shared();
    let (image, mask) = picture();
    let fields = json!({ "hd_strategy": "Auto" });
    let expected = server.inpaint(&image, &mask, &fields).await;
    let arguments = json!({ "image": base64(&image), "mask": base64(&mask) });
    let erased = connect(server).await.image("erase", &arguments).await;
    assert_eq!(erased, image::load_from_memory(&expected.body).unwrap());
}

#[tokio::test]
async fn erase_by_box_changes_the_box_only() {
    let client = connect(shared()).await;
    let arguments = with_disc(json!({ "box": [60, 40, 100, 80], "model": "cv2" }));
    let erased = client.image("erase", &arguments).await.to_rgb8();
    let before = image::load_from_memory(&disc()).unwrap().to_rgb8();
    for (x, y, pixel) in before.enumerate_pixels() {
        let inside = (60..100).contains(&x) && (40..80).contains(&y);
        assert!(inside || erased.get_pixel(x, y) == pixel, "{x}, {y}");
    }
}

#[tokio::test]
async fn erase_by_clicks_removes_the_object() {
    let client = connect(shared()).await;
    let arguments = with_disc(json!({ "clicks": [[80, 60, 1]], "model": "cv2" }));
    let erased = client.image("erase", &arguments).await.to_rgb8();
    assert!(erased.get_pixel(80, 60).0[0] < 120, "the disc is gone");
}

#[tokio::test]
async fn erase_by_text_removes_letters() {
    let client = connect(shared()).await;
    let arguments = json!({ "image": base64(&word()), "text": true, "model": "cv2" });
    let erased = client.image("erase", &arguments).await.to_luma8();
    let dark = |image: &image::GrayImage| image.pixels().filter(|pixel| pixel.0[0] < 60).count();
    let before = dark(&image::load_from_memory(&word()).unwrap().to_luma8());
    assert!(dark(&erased) < before / 10, "{} of {before}", dark(&erased));
}

#[rstest]
#[case(json!({ "clicks": [[80, 60, 1]] }))]
#[case(json!({ "box": [40, 20, 120, 100] }))]
#[case(json!({}))]
#[tokio::test]
async fn select_returns_a_mask(#[case] prompt: Value) {
    let client = connect(shared()).await;
    let mask = client.image("select", &with_disc(prompt)).await.to_luma8();
    assert_eq!(mask.dimensions(), (160, 120));
    assert_eq!((mask.get_pixel(80, 60).0, mask.get_pixel(4, 4).0), ([255], [0]));
}

#[tokio::test]
async fn remove_background_returns_transparency() {
    let client = connect(shared()).await;
    let cut_out = client
        .image("remove_background", &with_disc(json!({})))
        .await
        .to_rgba8();
    assert!(cut_out.get_pixel(80, 60).0[3] > 200 && cut_out.get_pixel(4, 4).0[3] < 50);
}

#[tokio::test]
async fn list_models_returns_current_model() {
    let server = shared();
    server.ready().await;
    let result = connect(server).await.call("list_models", &json!({})).await;
    let list = result.structured_content.unwrap();
    assert_eq!(list["current"], "lama");
    assert_eq!(list["models"], server.get("/api/v1/models").await.json());
}

#[rstest]
#[case("upscale", json!({ "scale": 5 }), "/api/v1/upscale")]
#[case("upscale", json!({ "image": "*" }), "/api/v1/upscale")]
#[case("upscale", json!({ "image": "aGVsbG8=" }), "/api/v1/upscale")]
#[case("erase", json!({ "mask": "*" }), "/api/v1/inpaint")]
#[case("erase", json!({ "mask": base64(&picture().1) }), "/api/v1/inpaint")]
#[case("erase", json!({ "mask": base64(&disc()), "model": "x" }), "/api/v1/inpaint")]
#[tokio::test]
async fn errors_are_those_of_the_api(#[case] tool: &'static str, #[case] fields: Value, #[case] route: &str) {
    let server = shared();
    let mut arguments = with_disc(json!({}));
    for (name, value) in fields.as_object().unwrap() {
        arguments[name] = value.clone();
    }
    let expected = server.post_json(route, &arguments).await.json();
    let result = connect(server).await.call(tool, &arguments).await;
    assert_eq!(result.is_error, Some(true));
    let text = result.content[0].as_text().unwrap();
    let error = result.structured_content.unwrap();
    assert_eq!(
        (&error["error"], &error["detail"]),
        (&expected["error"], &expected["detail"])
    );
    assert_eq!(json!(text.text), expected["detail"]);
}

#[rstest]
#[case(json!({ "clicks": [[1, 2]] }), "invalid-field")]
#[case(json!({ "clicks": vec![[1, 2, 1]; 300] }), "invalid-field")]
#[case(json!({ "box": [900, 900, 950, 950] }), "invalid-field")]
#[case(json!({ "image": null }), "invalid-field")]
#[case(json!({ "file": "a.png" }), "invalid-field")]
#[case(json!({ "image": null, "file": "a.png" }), "not-offered")]
#[case(json!({ "save_as": "a.png" }), "not-offered")]
#[tokio::test]
async fn invalid_arguments_are_tool_errors(#[case] fields: Value, #[case] code: &str) {
    let mut arguments = with_disc(json!({}));
    for (name, value) in fields.as_object().unwrap() {
        arguments[name] = value.clone();
    }
    let result = connect(shared()).await.call("select", &arguments).await;
    assert_eq!(result.is_error, Some(true));
    assert_eq!(result.structured_content.unwrap()["error"], code);
}

#[tokio::test]
async fn unknown_tool_is_a_protocol_error() {
    let error = connect(shared()).await.call_unknown("format_disk").await;
    assert!(error.contains("no such tool"), "{error}");
}

#[tokio::test]
async fn files_are_read_and_saved_in_the_folders() {
    let (input, masks, output) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let (image, mask) = picture();
    std::fs::write(input.path().join("photo.png"), &image).unwrap();
    std::fs::write(masks.path().join("photo.png"), &mask).unwrap();
    let folders = FileSettings {
        input: Some(input.path().to_owned()),
        mask_dir: Some(masks.path().to_owned()),
        output_dir: Some(output.path().to_owned()),
        ..FileSettings::default()
    };
    let server = server_of_files(torch(), &folders, |settings| settings.mcp = true);
    let client = connect(&server).await;
    let erase = json!({ "file": "photo.png", "mask_file": "photo.png", "model": "cv2", "save_as": "photo" });
    for expected in ["photo.png", "photo-1.png"] {
        let result = client.call("erase", &erase).await;
        assert_eq!(result.structured_content.unwrap()["saved_as"], expected);
    }
    let saved = image::open(output.path().join("photo.png")).unwrap();
    assert_eq!(saved.dimensions(), (150, 101));
    let again = json!({ "file": "photo-1.png", "folder": "output", "scale": 2 });
    assert_eq!(client.image("upscale", &again).await.dimensions(), (300, 202));

    for (arguments, code) in [
        (json!({ "file": "../photo.png" }), "invalid-field"),
        (json!({ "file": "/etc/passwd" }), "invalid-field"),
        (json!({ "file": "other.png" }), "unknown-file"),
        (
            json!({ "file": "photo.png", "save_as": "../photo.png" }),
            "invalid-field",
        ),
        (
            json!({ "file": "photo.png", "save_as": "photo.jpg" }),
            "invalid-field",
        ),
    ] {
        let result = client.call("upscale", &arguments).await;
        assert_eq!(result.structured_content.unwrap()["error"], code, "{arguments}");
    }
}

//! Restoration of faces, on small stand-ins with results of IOPaint's (`models/export/make_face_goldens.py`).

use axum::http::StatusCode;
use image::{DynamicImage, ImageFormat, RgbaImage};
use iopaint_engine::PluginKind;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, base64, fixture, server, server_with, server_with_weights};

const GEN_IMAGE: &str = "/api/v1/run_plugin_gen_image";
const GEN_MASK: &str = "/api/v1/run_plugin_gen_mask";

/// The files of the model, and the stand-ins.
const FILES: [(&str, &str); 3] = [
    ("GFPGANv1.4.pth", "faces/gfpgan.pth"),
    ("detection_Resnet50_Final.pth", "faces/detector.pth"),
    ("parsing_parsenet.pth", "faces/parser.pth"),
];

/// A server with the plugin and the stand-ins.
fn face_server() -> Server {
    server_with_weights(&FILES, |_, settings| {
        settings.plugins.enabled = vec![PluginKind::RestoreFaces];
    })
}

async fn run(server: &Server, route: &str, image: &[u8]) -> Answer {
    let fields = json!({ "name": "GFPGAN", "image": base64(image) });
    server.post_json(route, &fields).await
}

/// Returns the image of an answer.
fn result(answer: &Answer) -> RgbaImage {
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    assert_eq!(image::guess_format(&answer.body).unwrap(), ImageFormat::Png);
    image::load_from_memory(&answer.body).unwrap().to_rgba8()
}

async fn plugin_names(server: &Server) -> Vec<Value> {
    let config = server.get("/api/v1/server-config").await.json();
    let plugins = config["plugins"].as_array().unwrap();
    plugins.iter().map(|plugin| plugin["name"].clone()).collect()
}

#[tokio::test]
async fn image_equals_iopaints() {
    let answer = run(&face_server(), GEN_IMAGE, &fixture("faces/image.png")).await;
    assert_eq!(answer.header("x-inpaint-model"), "GFPGANv1.4");
    let expected = image::load_from_memory(&fixture("faces/result.png"))
        .unwrap()
        .to_rgba8();
    let found = result(&answer);
    assert_eq!(found.dimensions(), expected.dimensions());
    let pairs = found.as_raw().iter().zip(expected.as_raw());
    let largest = pairs.map(|(one, other)| one.abs_diff(*other)).max();
    // Roundings of the blended colours; the faces overlap.
    assert!(largest <= Some(2), "{largest:?}");
}

#[tokio::test]
async fn alpha_is_kept() {
    let mut image = image::load_from_memory(&fixture("faces/image.png"))
        .unwrap()
        .to_rgba8();
    for (x, _, pixel) in image.enumerate_pixels_mut() {
        pixel.0[3] = (x % 256) as u8;
    }
    let mut png = std::io::Cursor::new(Vec::new());
    DynamicImage::from(image.clone())
        .write_to(&mut png, ImageFormat::Png)
        .unwrap();
    let found = result(&run(&face_server(), GEN_IMAGE, png.get_ref()).await);
    assert!(
        found
            .pixels()
            .zip(image.pixels())
            .all(|(one, other)| one.0[3] == other.0[3])
    );
}

#[tokio::test]
async fn plugin_is_on_if_enabled_or_on_disk() {
    let name = json!("GFPGAN");
    let image = fixture("faces/image.png");
    let off = server_with(|_, _| {});
    assert!(!plugin_names(&off).await.contains(&name));
    let answer = run(&off, GEN_IMAGE, &image).await;
    assert_eq!(answer.json()["error"], "unknown-plugin");

    let without_files = server_with(|_, settings| {
        settings.plugins.enabled = vec![PluginKind::RestoreFaces];
    });
    assert!(plugin_names(&without_files).await.contains(&name));
    let answer = run(&without_files, GEN_IMAGE, &image).await;
    assert_eq!(answer.json()["error"], "unknown-model");

    let on_disk = server_with_weights(&FILES, |_, _| {});
    assert!(plugin_names(&on_disk).await.contains(&name));
}

#[tokio::test]
async fn plugin_has_no_mask() {
    let answer = run(&face_server(), GEN_MASK, &fixture("faces/image.png")).await;
    assert_eq!(answer.json()["error"], "unknown-plugin");
}

#[tokio::test]
async fn catalogue_has_size_and_licence() {
    let models = server().get("/api/v1/models").await.json();
    let models = models.as_array().unwrap();
    let model = models.iter().find(|model| model["name"] == "GFPGANv1.4").unwrap();
    assert_eq!(
        (&model["licence"], &model["state"], &model["bytes"]),
        (
            &json!("Apache-2.0 AND MIT AND CC-BY-NC-SA-4.0"),
            &json!("absent"),
            &json!(543_000_000)
        )
    );
}

//! Restoration of faces, on small stand-ins with results of IOPaint's (`make_face_goldens.py` and
//! `make_restoreformer_goldens.py` of `models/export`).

use axum::http::StatusCode;
use image::{DynamicImage, ImageFormat, RgbaImage};
use iopaint_app::plugins::PluginChoices;
use iopaint_engine::PluginKind;
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::{Answer, Server, base64, fixture, server, server_with, server_with_weights};

const GEN_IMAGE: &str = "/api/v1/run_plugin_gen_image";
const GEN_MASK: &str = "/api/v1/run_plugin_gen_mask";

/// The plugins, their kinds, and the models that they run.
const PLUGINS: [(&str, PluginKind, &str); 2] = [
    ("GFPGAN", PluginKind::RestoreFaces, "GFPGANv1.4"),
    ("RestoreFormer", PluginKind::RestoreFormer, "RestoreFormer"),
];

/// An upscaling model, so that the background's stand-in isn't the built-in model.
const UPSCALER: &str = "realesr-general-x4v3";

/// The files of the models, and the stand-ins.
const FILES: [(&str, &str); 5] = [
    ("GFPGANv1.4.pth", "faces/gfpgan.pth"),
    ("RestoreFormer.pth", "faces/restoreformer.pth"),
    ("detection_Resnet50_Final.pth", "faces/detector.pth"),
    ("parsing_parsenet.pth", "faces/parser.pth"),
    ("realesr-general-x4v3.pth", "upscale/compact-4.pth"),
];

/// A server with the plugins and the stand-ins.
fn face_server() -> Server {
    server_with_weights(&FILES, |_, _| {})
}

/// A server that repaints the background, with room for one model only.
fn repainting_server(change: impl FnOnce(&mut PluginChoices)) -> Server {
    server_with_weights(&FILES, |engine, settings| {
        engine.max_models = 1;
        settings.plugins.repaint_background = true;
        settings.plugins.models = vec![(PluginKind::Upscale, UPSCALER.to_owned())];
        change(&mut settings.plugins);
    })
}

async fn run(server: &Server, name: &str, route: &str, image: &[u8]) -> Answer {
    let fields = json!({ "name": name, "image": base64(image), "scale": 1.0 });
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
    decoded(&answer.body)
}

fn decoded(file: &[u8]) -> RgbaImage {
    image::load_from_memory(file).unwrap().to_rgba8()
}

fn png(image: &RgbaImage) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let image = DynamicImage::from(image.clone());
    image.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Returns the largest difference between two images of one size.
fn largest_difference(one: &RgbaImage, other: &RgbaImage) -> u8 {
    assert_eq!(one.dimensions(), other.dimensions());
    let pairs = one.as_raw().iter().zip(other.as_raw());
    let largest = pairs.map(|(one, other)| one.abs_diff(*other)).max();
    largest.unwrap_or_default()
}

/// Checks an image of restored faces: roundings of the blended colours, and at most one value in 10,000 that
/// differs more, since `OpenCV` rounds some colours of the aligned faces differently.
fn expect_close(found: &RgbaImage, expected: &RgbaImage) {
    assert_eq!(found.dimensions(), expected.dimensions());
    let pairs = found.as_raw().iter().zip(expected.as_raw());
    let different = pairs.filter(|(one, other)| one.abs_diff(**other) > 2).count();
    assert!(different * 10_000 < found.as_raw().len(), "{different}");
}

async fn plugin_names(server: &Server) -> Vec<Value> {
    let config = server.get("/api/v1/server-config").await.json();
    let plugins = config["plugins"].as_array().unwrap();
    plugins.iter().map(|plugin| plugin["name"].clone()).collect()
}

/// `RealESRGAN` is on, but nothing requests that it repaints the background.
#[rstest]
#[case("GFPGAN", "GFPGANv1.4", "faces/result.png")]
#[case("RestoreFormer", "RestoreFormer", "faces/restoreformer.png")]
#[tokio::test]
async fn image_equals_iopaints(#[case] name: &str, #[case] model: &str, #[case] expected: &str) {
    let answer = run(&face_server(), name, GEN_IMAGE, &fixture("faces/image.png")).await;
    assert_eq!(answer.header("x-inpaint-model"), model);
    expect_close(&result(&answer), &decoded(&fixture(expected)));
}

#[tokio::test]
async fn repainted_background_equals_iopaints() {
    let server = repainting_server(|_| {});
    let answer = run(&server, "RestoreFormer", GEN_IMAGE, &fixture("faces/image.png")).await;
    assert_eq!(answer.header("x-inpaint-model"), "RestoreFormer");
    let expected = decoded(&fixture("faces/restoreformer-upscaled.png"));
    assert!(largest_difference(&decoded(&fixture("faces/image.png")), &expected) > 100);
    expect_close(&result(&answer), &expected);
}

#[tokio::test]
async fn images_without_faces_are_kept_or_repainted() {
    let blank = RgbaImage::from_fn(7, 5, |x, y| [30 * x as u8, 40 * y as u8, 90, 255].into());
    let repainted = repainting_server(|_| {});
    let without_upscaler = repainting_server(|choices| {
        choices.disabled = ["RealESRGAN".to_owned()].into();
    });
    let upscaled = result(&run(&repainted, "RealESRGAN", GEN_IMAGE, &png(&blank)).await);
    assert!(largest_difference(&upscaled, &blank) > 10);
    for (name, ..) in PLUGINS {
        for kept in [&face_server(), &without_upscaler] {
            let found = result(&run(kept, name, GEN_IMAGE, &png(&blank)).await);
            assert_eq!(found, blank);
        }
        let found = result(&run(&repainted, name, GEN_IMAGE, &png(&blank)).await);
        assert_eq!(found, upscaled);
    }
}

#[tokio::test]
async fn alpha_is_kept() {
    let mut image = decoded(&fixture("faces/image.png"));
    for (x, _, pixel) in image.enumerate_pixels_mut() {
        pixel.0[3] = (x % 256) as u8;
    }
    for (name, ..) in PLUGINS {
        let found = result(&run(&face_server(), name, GEN_IMAGE, &png(&image)).await);
        assert!(
            found
                .pixels()
                .zip(image.pixels())
                .all(|(one, other)| one.0[3] == other.0[3])
        );
    }
}

#[tokio::test]
async fn plugins_are_on_if_enabled_or_on_disk() {
    let image = fixture("faces/image.png");
    let off = server_with(|_, _| {});
    let on_disk = face_server();
    for (name, kind, _) in PLUGINS {
        let listed = json!(name);
        assert!(!plugin_names(&off).await.contains(&listed));
        let answer = run(&off, name, GEN_IMAGE, &image).await;
        assert_eq!(answer.json()["error"], "unknown-plugin");

        let without_files = server_with(|_, settings| settings.plugins.enabled = vec![kind]);
        assert!(plugin_names(&without_files).await.contains(&listed));
        let answer = run(&without_files, name, GEN_IMAGE, &image).await;
        assert_eq!(answer.json()["error"], "unknown-model");

        assert!(plugin_names(&on_disk).await.contains(&listed));
    }
}

#[tokio::test]
async fn plugins_have_no_mask() {
    for (name, ..) in PLUGINS {
        let answer = run(&face_server(), name, GEN_MASK, &fixture("faces/image.png")).await;
        assert_eq!(answer.json()["error"], "unknown-plugin");
    }
}

#[tokio::test]
async fn catalogue_has_size_and_licence() {
    let models = server().get("/api/v1/models").await.json();
    let models = models.as_array().unwrap();
    for (name, licence, bytes) in [
        (
            "GFPGANv1.4",
            "Apache-2.0 AND MIT AND CC-BY-NC-SA-4.0",
            543_461_828,
        ),
        (
            "RestoreFormer",
            "LicenseRef-RestoreFormer AND MIT AND CC-BY-NC-SA-4.0",
            485_828_954,
        ),
    ] {
        let model = models.iter().find(|model| model["name"] == name).unwrap();
        assert_eq!(
            (&model["licence"], &model["state"], &model["bytes"]),
            (&json!(licence), &json!("absent"), &json!(bytes))
        );
    }
}

//! Results and their names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use image::Luma;
use iopaint_imaging::{GrayImage, ImageFormat, decode, decode_mask};
use serde::Deserialize;

use super::{Desk, LIMITS, assert_exit, names};
use crate::fixtures;

#[derive(Deserialize)]
struct Case {
    name: String,
    images: BTreeMap<String, String>,
    masks: CaseMasks,
    config: serde_json::Value,
    concat: bool,
    expected: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CaseMasks {
    One(String),
    ByStem(BTreeMap<String, String>),
}

#[test]
fn run_results_match_goldens() {
    let goldens = fixtures().join("run");
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(goldens.join("cases.json")).unwrap()).unwrap();
    assert!(cases.len() >= 6, "only {} cases", cases.len());
    for case in cases {
        let desk = Desk::new();
        let put = |name: String, input: &str| {
            let own = goldens.join("inputs").join(input);
            let shared = fixtures().join("goldens/inputs").join(input);
            fs::copy(if own.exists() { own } else { shared }, desk.path(&name)).unwrap();
        };
        for (name, input) in &case.images {
            put(format!("images/{name}"), input);
        }
        let mask = match &case.masks {
            CaseMasks::One(input) => {
                put("mask.png".into(), input);
                "mask.png"
            }
            CaseMasks::ByStem(masks) => {
                for (name, input) in masks {
                    put(format!("masks/{name}"), input);
                }
                "masks"
            }
        };
        fs::write(desk.path("config.json"), case.config.to_string()).unwrap();
        let mut flags = vec!["--config", "config.json"];
        if case.concat {
            flags.push("--concat");
        }
        assert_exit(&desk.run("images", mask, "results", &flags), 0);
        assert_eq!(desk.results("results"), case.expected.keys().cloned().collect());
        for (name, expected) in &case.expected {
            let got = desk.picture(&format!("results/{name}")).rgb;
            let expected = decode(&fs::read(goldens.join(expected)).unwrap(), &LIMITS)
                .unwrap()
                .rgb;
            assert_eq!(got.dimensions(), expected.dimensions(), "{}: {name}", case.name);
            let apart = got
                .iter()
                .zip(expected.iter())
                .map(|(one, other)| one.abs_diff(*other))
                .max();
            assert!(apart <= Some(1), "{}: {name} is {apart:?} apart", case.name);
        }
    }
}

#[test]
fn gimp_call_replaces_result_by_stem() {
    let desk = Desk::with(&["photo.png"]);
    for mask in ["mask-empty-150x101.png", "mask-full-150x101.png"] {
        desk.add("mask.png", mask);
        assert_exit(&desk.run("images/photo.png", "mask.png", "results", &[]), 0);
        assert_eq!(desk.results("results"), names(&["photo.png"]));
        let changed = desk.picture("results/photo.png").rgb != desk.picture("images/photo.png").rgb;
        assert_eq!(changed, mask == "mask-full-150x101.png");
    }
}

#[test]
fn mask_in_other_normalization_is_found() {
    let desk = Desk::with(&["a.png"]);
    desk.add("images/\u{e9}.png", "rgb-150x101.png");
    desk.add("masks/e\u{301}.png", "mask-disc-150x101.png");
    let stderr = assert_exit(&desk.run_all("results", &[]), 0);
    assert!(stderr.contains("2 filled"), "{stderr}");
    assert_eq!(desk.results("results"), names(&["a.png", "\u{e9}.png"]));
}

#[test]
fn images_with_one_stem_keep_distinct_results() {
    let desk = Desk::with(&["photo.png"]);
    desk.add("images/photo.bmp", "rgb-150x101.bmp");
    assert_exit(&desk.run_all("results", &[]), 0);
    assert_eq!(
        desk.results("results"),
        names(&["photo.bmp.png", "photo.png.png"])
    );
}

#[test]
fn kept_format_keeps_jpeg_blocks() {
    let desk = Desk::new();
    fs::copy(
        fixtures().join("examples/photo.jpg"),
        desk.path("images/photo.jpg"),
    )
    .unwrap();
    desk.add("images/glass.png", "rgba-150x101.png");
    desk.add("mask.png", "mask-disc-150x101.png");
    assert_exit(&desk.run("images", "mask.png", "results", &["--keep-format"]), 0);
    assert_eq!(desk.results("results"), names(&["glass.png", "photo.jpg"]));
    let (before, after) = (
        desk.picture("images/photo.jpg"),
        desk.picture("results/photo.jpg"),
    );
    assert_eq!(after.preserved.format(), ImageFormat::Jpeg);
    let hole = decode_mask(&fs::read(desk.path("mask.png")).unwrap(), &LIMITS).unwrap();
    let hole = hole.bounding_box().unwrap();
    // The hole touches blocks of up to 16 pixels, and chroma samples are interpolated.
    let near = |at: u32, start: u32, length: u32| at + 18 >= start && at < start + length + 18;
    let mut far = 0;
    for (x, y, pixel) in before.rgb.enumerate_pixels() {
        if !(near(x, hole.x, hole.width) && near(y, hole.y, hole.height)) {
            assert_eq!(after.rgb.get_pixel(x, y), pixel, "{x}, {y}");
            far += 1;
        }
    }
    assert!(far > 100, "{far}");
}

#[test]
fn run_does_not_replace_inputs() {
    let desk = Desk::with(&["photo.png"]);
    let before = fs::read(desk.path("images/photo.png")).unwrap();
    for (image, mask, output) in [
        ("images", "masks", "images"),
        ("images", "masks", "masks"),
        ("images", "masks", "images/../images"),
        ("images/photo.png", "masks/photo.png", "images"),
        ("images/photo.png", "masks/photo.png", "masks"),
    ] {
        let stderr = assert_exit(&desk.run(image, mask, output, &[]), 1);
        assert!(stderr.contains("--output"), "{stderr}");
    }
    assert_eq!(fs::read(desk.path("images/photo.png")).unwrap(), before);
    // A sibling folder is allowed.
    desk.add("images/other.bmp", "rgb-150x101.bmp");
    assert_exit(&desk.run("images/other.bmp", "masks/photo.png", "images", &[]), 0);
    assert!(desk.path("images/other.png").exists());
}

#[test]
fn transparency_and_16_bits_are_kept() {
    let desk = Desk::new();
    desk.add("images/glass.png", "rgba-150x101.png");
    desk.add("mask.png", "mask-disc-150x101.png");
    let deep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../imaging/tests/data/rgb16.png");
    fs::copy(deep, desk.path("images/deep.png")).unwrap();
    assert_exit(&desk.run("images", "mask.png", "results", &[]), 0);
    let (before, after) = (
        desk.picture("images/glass.png"),
        desk.picture("results/glass.png"),
    );
    assert!(before.preserved.alpha.is_some());
    assert_eq!(after.preserved.alpha, before.preserved.alpha);
    let hole = decode_mask(&fs::read(desk.path("mask.png")).unwrap(), &LIMITS).unwrap();
    for (x, y, pixel) in after.rgb.enumerate_pixels() {
        assert!(hole.get(x, y) >= 127 || pixel == before.rgb.get_pixel(x, y));
    }
    // The bit depth of PNG's header.
    assert_eq!(fs::read(desk.path("results/deep.png")).unwrap()[24], 16);
}

#[test]
fn rotated_images_fill_upright() {
    let desk = Desk::new();
    let cases = fixtures().join("cases");
    let names = [
        "page-webp-exif6.webp",
        "page-tiff-orientation6.tif",
        "orientation-long-be.jpg",
        "two-exif.jpg",
    ];
    for name in names {
        fs::copy(cases.join(name), desk.path("images").join(name)).unwrap();
    }
    // White in the upper left corner of the upright image, (x, y); stored at (y, 74 - x).
    let upright = GrayImage::from_fn(75, 97, |x, y| Luma([u8::from(x < 9 && y < 5) * 255]));
    let stored = GrayImage::from_fn(97, 75, |x, y| Luma([u8::from(x < 5 && y > 65) * 255]));
    for (output, mask) in [("by-upright", upright), ("by-stored", stored)] {
        mask.save(desk.path("mask.png")).unwrap();
        assert_exit(&desk.run("images", "mask.png", output, &["--model", "cv2"]), 0);
    }
    for name in names {
        let before = decode(&fs::read(cases.join(name)).unwrap(), &LIMITS).unwrap();
        let stem = name.split_once('.').unwrap().0;
        let after = desk.picture(&format!("by-upright/{stem}.png"));
        assert_eq!(after.rgb.dimensions(), (75, 97), "{name}");
        for (x, y, pixel) in after.rgb.enumerate_pixels() {
            assert!(
                x < 9 && y < 5 || pixel == before.rgb.get_pixel(x, y),
                "{name}: {x}, {y}"
            );
        }
        assert_ne!(after.rgb, before.rgb, "{name}");
        let by_stored = desk.picture(&format!("by-stored/{stem}.png"));
        assert_eq!(by_stored.rgb, after.rgb, "{name}");
    }
}

#[test]
fn missing_default_model_uses_built_in() {
    let desk = Desk::with(&["photo.png"]);
    fs::remove_file(desk.path("models/big-lama.pt")).unwrap();
    let stderr = assert_exit(&desk.run_all("results", &["--model", ""]), 0);
    assert!(
        stderr.contains("lower quality")
            && stderr.contains("iopaint: 1 image, model `lama-patches`: 1 filled"),
        "{stderr}"
    );
}

#[test]
fn dilate_and_feather_replace_the_config() {
    let desk = Desk::with(&["a.png"]);
    fs::write(desk.path("config.json"), r#"{"dilate": 9}"#).unwrap();
    let filled = |output: &str, flags: &[&str]| {
        assert_exit(&desk.run_all(output, flags), 0);
        desk.picture(&format!("{output}/a.png")).rgb
    };
    let plain = filled("plain", &[]);
    let dilated = filled("dilated", &["--config", "config.json"]);
    let replaced = filled("replaced", &["--config", "config.json", "--dilate", "0"]);
    let feathered = filled("feathered", &["--feather", "6"]);
    assert!(plain == replaced);
    assert!(dilated != plain && feathered != plain && feathered != dilated);
    assert_exit(&desk.run_all("x", &["--dilate", "65"]), 2);
}

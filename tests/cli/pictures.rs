//! `iopaint run`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use image::Luma;
use iopaint_imaging::{DecodeLimits, GrayImage, Picture, decode, decode_mask};
use serde::Deserialize;

use crate::{fixtures, iopaint};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};

/// A folder with `images`, `masks` and a model folder in which a small stand-in is `lama`.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        for folder in ["images", "masks", "models"] {
            fs::create_dir(desk.path(folder)).unwrap();
        }
        fs::copy(
            fixtures().join("goldens/models/lama.pt"),
            desk.path("models/big-lama.pt"),
        )
        .unwrap();
        desk
    }

    /// Images of these names, each with a mask.
    fn with(names: &[&str]) -> Self {
        let desk = Self::new();
        for name in names {
            desk.add(&format!("images/{name}"), "rgb-150x101.png");
            let stem = name.split_once('.').unwrap().0;
            desk.add(&format!("masks/{stem}.png"), "mask-disc-150x101.png");
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A golden's input under another name.
    fn add(&self, name: &str, input: &str) {
        fs::copy(fixtures().join("goldens/inputs").join(input), self.path(name)).unwrap();
    }

    /// `iopaint run` in this folder, offline; the paths are relative.
    fn command(&self, image: &str, mask: &str, output: &str, more: &[&str]) -> Command {
        let fixed = [
            "run", "--model", "lama", "--device", "cpu", "--image", image, "--mask", mask,
        ];
        let mut command = iopaint(&[&fixed[..], &["--output", output], more].concat());
        command
            .current_dir(self.0.path())
            .env("IOPAINT_MODEL_DIR", "models")
            .env("IOPAINT_LOCAL_FILES_ONLY", "1");
        command
    }

    fn run(&self, image: &str, mask: &str, output: &str, more: &[&str]) -> Output {
        self.command(image, mask, output, more).output().unwrap()
    }

    /// All images with their masks.
    fn run_all(&self, output: &str, more: &[&str]) -> Output {
        self.run("images", "masks", output, more)
    }

    fn results(&self, output: &str) -> BTreeSet<String> {
        fs::read_dir(self.path(output))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    fn picture(&self, name: &str) -> Picture {
        decode(&fs::read(self.path(name)).unwrap(), &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

#[track_caller]
fn assert_exit(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(output.stdout, b"", "stdout stays free");
    stderr
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

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
fn images_without_mask_are_reported() {
    // The output of a detector that writes masks for positive images only.
    let desk = Desk::with(&["a.png", "b.png", "c.png"]);
    fs::remove_file(desk.path("masks/b.png")).unwrap();
    let stderr = assert_exit(&desk.run_all("results", &[]), 0);
    assert!(
        stderr.contains("2 filled, 1 without a mask") && stderr.contains("b.png: no mask"),
        "{stderr}"
    );
    assert_eq!(desk.results("results"), names(&["a.png", "c.png"]));
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
fn config_from_windows_tools_is_read() {
    let text = r#"{"hd_strategy_crop_margin": -1}"#;
    let utf16: Vec<u8> = "\u{feff}"
        .chars()
        .chain(text.chars())
        .flat_map(|c| (c as u16).to_le_bytes())
        .collect();
    for bytes in [[b"\xef\xbb\xbf", text.as_bytes()].concat(), utf16] {
        let desk = Desk::with(&["a.png"]);
        fs::write(desk.path("config.json"), bytes).unwrap();
        let stderr = assert_exit(&desk.run_all("results", &["--config", "config.json"]), 1);
        // Decoding fails in the middle of the file.
        assert!(stderr.contains("hd_strategy_crop_margin"), "{stderr}");
    }
}

#[test]
fn damaged_file_is_reported_at_the_end() {
    let desk = Desk::with(&["a.png", "b.png", "c.png", "d.png"]);
    let whole = fs::read(desk.path("images/b.png")).unwrap();
    fs::write(desk.path("images/b.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(desk.path("masks/c.png"), "a mask?").unwrap();
    let stderr = assert_exit(&desk.run_all("results", &[]), 3);
    let last: Vec<&str> = stderr.lines().rev().take(3).collect();
    assert!(last[2].ends_with("2 filled, 2 failed"), "{stderr}");
    assert!(
        last[1].contains("b.png: ") && last[0].contains("c.png: mask c.png"),
        "{stderr}"
    );
    assert_eq!(desk.results("results"), names(&["a.png", "d.png"]));
}

#[test]
fn nothing_to_do_exits_1() {
    let desk = Desk::with(&["a.png"]);
    fs::create_dir(desk.path("empty")).unwrap();
    fs::write(desk.path("config.json"), r#"{"hd_strategy_crop_margin": -1}"#).unwrap();
    fs::write(desk.path("list.json"), "[]").unwrap();
    fs::write(desk.path("file"), "").unwrap();
    let said = |image, mask, output, more: &[&str], words: &str| {
        let stderr = assert_exit(&desk.run(image, mask, output, more), 1);
        assert!(stderr.contains(words), "{stderr}");
    };
    said("absent", "masks", "results", &[], "--image");
    said("empty", "masks", "results", &[], "no images");
    said("images", "empty", "results", &[], "--mask");
    said("images", "masks", "file", &[], "--output");
    said(
        "images",
        "masks",
        "results",
        &["--config", "absent.json"],
        "--config absent.json",
    );
    said(
        "images",
        "masks",
        "results",
        &["--config", "config.json"],
        "hd_strategy_crop_margin",
    );
    said(
        "images",
        "masks",
        "results",
        &["--config", "list.json"],
        "not a JSON object",
    );
    said("images", "masks", "results", &["--model", "absent"], "`lama`");
    said(
        "images",
        "masks",
        "results",
        &["--model", "anime-lama"],
        "--local-files-only",
    );
    fs::write(desk.path("images/a.png"), "damaged").unwrap();
    said("images", "masks", "results", &[], "1 failed");
    fs::remove_file(desk.path("masks/a.png")).unwrap();
    desk.add("masks/b.png", "mask-disc-150x101.png");
    said("images", "masks", "results", &[], "1 without a mask");
    fs::write(desk.path("models/big-lama.pt"), "no model").unwrap();
    said("images", "masks", "results", &[], "could not be loaded");
}

#[test]
fn invalid_shard_is_usage_error() {
    let desk = Desk::with(&["a.png"]);
    let stderr = assert_exit(&desk.run_all("results", &["--shard", "2/2"]), 2);
    assert!(stderr.contains("counted from 0"), "{stderr}");
}

#[test]
fn shards_cover_every_image_once() {
    let all = ["a.png", "b.png", "c.png", "d.png", "e.png"];
    let desk = Desk::with(&all);
    let mut covered = Vec::new();
    for shard in ["0/3", "1/3", "2/3"] {
        let output = format!("results-{}", &shard[..1]);
        assert_exit(&desk.run_all(&output, &["--shard", shard]), 0);
        covered.extend(desk.results(&output));
    }
    covered.sort();
    assert_eq!(covered, all);
    // More shards than images: some are empty.
    assert_exit(&desk.run_all("none", &["--shard", "5/6"]), 0);
}

#[test]
fn shard_resumes_by_default() {
    let desk = Desk::with(&["a.png", "b.png", "c.png", "d.png"]);
    let stderr = assert_exit(&desk.run_all("results", &["--shard", "0/1"]), 0);
    assert!(stderr.contains(": 4 filled"), "{stderr}");
    let whole = fs::read(desk.path("results/b.png")).unwrap();
    fs::write(desk.path("results/b.png"), &whole[..whole.len() - 20]).unwrap();
    fs::remove_file(desk.path("results/c.png")).unwrap();
    for (flags, words) in [
        (&["--shard", "0/1"][..], ": 2 filled, 2 skipped"),
        (&["--resume"], ": 0 filled, 4 skipped"),
        (&["--shard", "0/1", "--no-resume"], ": 4 filled"),
        (&[], ": 4 filled"),
    ] {
        let stderr = assert_exit(&desk.run_all("results", flags), 0);
        assert!(stderr.contains(words), "{flags:?}: {stderr}");
        assert_eq!(fs::read(desk.path("results/b.png")).unwrap(), whole);
    }
}

#[test]
fn killed_run_leaves_whole_files_and_resumes() {
    let all: Vec<String> = (0..40).map(|number| format!("{number:02}.png")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let desk = Desk::with(&all);
    let mut child = desk
        .command("images", "masks", "results", &[])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !desk.path("results/01.png").exists() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for name in desk
        .results("results")
        .iter()
        .filter(|name| !name.starts_with('.'))
    {
        desk.picture(&format!("results/{name}"));
    }
    let stderr = assert_exit(&desk.run_all("results", &["--resume"]), 0);
    assert!(stderr.contains("skipped"), "{stderr}");
    assert!(desk.results("results").is_superset(&names(&all)));
}

#[cfg(unix)]
#[test]
fn sigterm_ends_run_with_130() {
    let all: Vec<String> = (0..200).map(|number| format!("{number:03}.png")).collect();
    let desk = Desk::with(&all.iter().map(String::as_str).collect::<Vec<_>>());
    let child = desk
        .command("images", "masks", "results", &[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !desk.path("results/001.png").exists() {
        std::thread::yield_now();
    }
    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    let stderr = assert_exit(&child.wait_with_output().unwrap(), 130);
    assert!(stderr.contains("--resume"), "{stderr}");
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
        stderr.contains("lower quality") && stderr.contains("`lama-patches`: 1 filled"),
        "{stderr}"
    );
}

//! Input that can't be processed: messages and exit codes.

use std::fs;

use super::{Desk, assert_exit, names};

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

//! Pixel parity with IOPaint 1.6.0, through the whole server.

use axum::http::StatusCode;
use iopaint_engine::{ModelStore, Registry};
use iopaint_imaging::{DecodeLimits, decode, decode_mask};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Server, fixture, server_from, torch};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};
/// Mask threshold of IOPaint's API: pixels of at least this value are the hole.
const HOLE: u8 = 128;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    level: String,
    model: String,
    image: String,
    mask: String,
    options: Value,
    expected: String,
    expected_format: String,
    expected_mode: String,
}

/// A server with stand-ins of all models, and the folder of `mat`, a custom model.
fn server_with_all() -> (Server, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (stand_in, name) in [
        ("migan.pt", "migan_traced.pt"),
        ("manga-inpaintor.pt", "manga_inpaintor.jit"),
        ("manga-lines.pt", "erika.jit"),
        ("mat.pt", "mat.pt"),
        ("ldm-encoder.pt", "cond_stage_model_encode.pt"),
        ("ldm-decoder.pt", "cond_stage_model_decode.pt"),
        ("ldm-diffusion.pt", "diffusion.pt"),
        ("zits-wireframe.pt", "zits-wireframe-0717.pt"),
        ("zits-edge-line.pt", "zits-edge-line-0717.pt"),
        ("zits-structure-upsample.pt", "zits-structure-upsample-0717.pt"),
        ("zits-inpaint.pt", "zits-inpaint-0717.pt"),
    ] {
        let weights = fixture(&format!("goldens/models/{stand_in}"));
        std::fs::write(folder.path().join(name), weights).unwrap();
    }
    std::fs::write(folder.path().join("mat.toml"), "format = 'mat'").unwrap();
    let beside = ModelStore::new(folder.path().to_owned(), None);
    let (registry, refused) = Registry::load(beside.folders(), |_| None).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    let server = server_from(registry, torch(), |_, _| {});
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, server.folder.path().join(path.file_name().unwrap())).unwrap();
    }
    (server, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn results_match_goldens() {
    let cases: Cases = serde_json::from_slice(&fixture("goldens/cases.json")).unwrap();
    let (server, _folder) = server_with_all();
    let mut compared = 0;
    for case in cases.cases.iter().filter(|case| case.level == "api") {
        compare(&server, case).await;
        compared += 1;
    }
    assert!(compared >= 107, "only {compared} cases");
}

async fn compare(server: &Server, case: &Case) {
    let name = &case.name;
    let read = |path: &str| fixture(&format!("goldens/{path}"));
    let mut fields = case.options.clone();
    fields["model"] = json!(case.model);
    let mask = read(&case.mask);
    let answer = server.inpaint(&read(&case.image), &mask, &fields).await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "{name}: {}",
        String::from_utf8_lossy(&answer.body)
    );
    assert_eq!(answer.header("x-inpaint-model"), case.model);
    assert_eq!(answer.header("x-inpaint-scaled"), "", "{name}");
    assert_eq!(
        answer.header("content-type"),
        format!("image/{}", case.expected_format.to_lowercase()),
        "{name}"
    );
    let got = decode(&answer.body, &LIMITS).unwrap();
    let expected = decode(&read(&case.expected), &LIMITS).unwrap();
    assert_eq!(got.rgb.dimensions(), expected.rgb.dimensions(), "{name}");
    let hole = decode_mask(&mask, &LIMITS).unwrap();
    let kept = case.options.get("sd_keep_unmasked_area") != Some(&json!(false));
    for ((x, y, got), expected) in got.rgb.enumerate_pixels().zip(expected.rgb.pixels()) {
        let apart = got
            .0
            .iter()
            .zip(expected.0)
            .map(|(a, b)| a.abs_diff(b))
            .max()
            .unwrap();
        let allowed = u8::from(!kept || hole.get(x, y) >= HOLE);
        assert!(
            apart <= allowed,
            "{name}: ({x}, {y}) is {got:?}, not {expected:?}"
        );
    }
    if case.expected_mode.ends_with('A') {
        assert_eq!(got.preserved.alpha, expected.preserved.alpha, "{name}: alpha");
    }
}

//! The pixels of IOPaint 1.6.0, through the whole server.

use axum::http::StatusCode;
use iopaint_imaging::{Limits, decode, decode_mask};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{fixture, server};

const LIMITS: Limits = Limits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};
/// An API's mask pixel of at least this is hole.
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

#[tokio::test(flavor = "multi_thread")]
async fn results_are_iopaints_within_one_step_and_identical_outside_the_hole() {
    let cases: Cases = serde_json::from_slice(&fixture("goldens/cases.json")).unwrap();
    let mut compared = 0;
    for case in cases.cases.iter().filter(|case| case.level == "api") {
        compare(case).await;
        compared += 1;
    }
    assert!(compared >= 80, "only {compared} cases");
}

async fn compare(case: &Case) {
    let name = &case.name;
    let read = |path: &str| fixture(&format!("goldens/{path}"));
    let mut fields = case.options.clone();
    fields["model"] = json!(case.model);
    let mask = read(&case.mask);
    let answer = server().inpaint(&read(&case.image), &mask, &fields).await;
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
        let allowed = u8::from(!kept || hole.get_pixel(x, y).0[0] >= HOLE);
        assert!(
            apart <= allowed,
            "{name}: ({x}, {y}) is {got:?}, not {expected:?}"
        );
    }
    if case.expected_mode.ends_with('A') {
        assert_eq!(got.alpha, expected.alpha, "{name}: alpha");
    }
}

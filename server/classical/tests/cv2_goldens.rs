//! Compares the model `cv2` with the results of `OpenCV`.

#![expect(clippy::panic, reason = "fixtures that can't be read fail the test")]

use std::path::PathBuf;

use iopaint_classical::Cv2;
use iopaint_imaging::{DecodeLimits, decode, decode_mask};
use iopaint_inpaint::{Context, Cv2Algorithm, Cv2Options, InpaintOptions, Inpainter, Unmonitored};
use serde_json::Value;

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 20,
    max_side: 1 << 10,
};

fn read(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/fixtures/cv2", name]
        .iter()
        .collect();
    std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn pixels_equal_opencv() {
    let cases: Value = serde_json::from_slice(&read("cases.json")).unwrap();
    let mut compared = 0;
    for case in cases["cases"].as_array().unwrap() {
        let text = |key: &str| case[key].as_str().unwrap();
        let image = decode(&read(text("image")), &LIMITS).unwrap().rgb;
        let mask = decode_mask(&read(text("mask")), &LIMITS).unwrap();
        let expected = decode(&read(text("expected")), &LIMITS).unwrap().rgb;
        let options = InpaintOptions {
            cv2: Cv2Options {
                algorithm: match text("algorithm") {
                    "INPAINT_TELEA" => Cv2Algorithm::Telea,
                    _ => Cv2Algorithm::NavierStokes,
                },
                radius: case["radius"].as_u64().unwrap() as u32,
            },
            ..InpaintOptions::default()
        };
        let context = Context {
            options: &options,
            monitor: &Unmonitored,
        };
        let got = Cv2.forward(&image, &mask, &context).unwrap();
        let pixels = image.pixels().zip(expected.pixels()).zip(got.pixels());
        for ((((before, filled), got), mask), index) in pixels.zip(mask.values()).zip(0..) {
            let expected = if *mask == 0 { before } else { filled };
            assert_eq!(got, expected, "{case}: pixel {index}");
            compared += usize::from(*mask != 0);
        }
    }
    assert!(compared > 100_000, "only {compared} pixels");
}

//! Text detection with the built-in model against the boxes of rapidocr, whose fixtures
//! `models/export/make_text_goldens.py` makes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use iopaint_imaging::{DecodeLimits, RgbImage, decode};
use iopaint_inpaint::Unmonitored;
use iopaint_onnx::OnnxNetwork;
use iopaint_vision::{TextOptions, TextRegion, detect_text, text_mask};
use serde::Deserialize;

/// Largest difference of a corner's coordinate, in pixels. rapidocr rounds to whole pixels, and places pixel
/// centres half a pixel of the map apart from this project.
const CORNER_TOLERANCE: f32 = 2.0;
/// Largest difference of scores: rapidocr truncates the corners before it averages.
const SCORE_TOLERANCE: f32 = 0.05;

#[derive(Deserialize)]
struct Expected {
    polygon: [(f32, f32); 4],
    score: f32,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn image(name: &str) -> RgbImage {
    let bytes = std::fs::read(root().join("tests/fixtures/text").join(name)).unwrap();
    let limits = DecodeLimits {
        max_pixels: 1 << 20,
        max_side: 1 << 10,
    };
    decode(&bytes, &limits).unwrap().rgb
}

fn detect(image: &RgbImage) -> Vec<TextRegion> {
    let model = root().join("models/builtin/PP-OCRv6_det_small.onnx");
    let mut network = OnnxNetwork::load_file(&model, 2).unwrap();
    detect_text(&mut network, image, &TextOptions::default(), &Unmonitored).unwrap()
}

/// Returns the largest difference of the coordinates, whichever corner comes first.
fn distance(a: &[(f32, f32); 4], b: &[(f32, f32); 4]) -> f32 {
    let turned = |turn: usize| {
        let pairs = a.iter().zip(b.iter().cycle().skip(turn));
        pairs
            .map(|(a, b)| (a.0 - b.0).abs().max((a.1 - b.1).abs()))
            .fold(0.0, f32::max)
    };
    (0..4).map(turned).fold(f32::MAX, f32::min)
}

#[test]
fn boxes_equal_those_of_rapidocr() {
    let json = std::fs::read(root().join("tests/fixtures/text/expected.json")).unwrap();
    let expected: BTreeMap<String, Vec<Expected>> = serde_json::from_slice(&json).unwrap();
    assert_eq!(expected.len(), 2);
    for (name, boxes) in expected {
        let image = image(&format!("{name}.png"));
        let mut found = detect(&image);
        // rapidocr clips regions to the image.
        let (right, bottom) = (image.width() as f32 - 1.0, image.height() as f32 - 1.0);
        for (x, y) in found.iter_mut().flat_map(|region| &mut region.polygon) {
            (*x, *y) = (x.clamp(0.0, right), y.clamp(0.0, bottom));
        }
        assert_eq!(found.len(), boxes.len(), "{name}");
        for expected in &boxes {
            let close = found.iter().find(|region| {
                distance(&region.polygon, &expected.polygon) <= CORNER_TOLERANCE
                    && (region.score - expected.score).abs() <= SCORE_TOLERANCE
            });
            assert!(close.is_some(), "{name}: {:?} {found:?}", expected.polygon);
        }
    }
}

#[test]
fn mask_covers_letters_and_leaves_background() {
    let image = image("upright.png");
    let model = root().join("models/builtin/text-strokes.onnx");
    let mut strokes = OnnxNetwork::load_file(&model, 2).unwrap();
    let options = TextOptions::default();
    let mask = text_mask(&mut strokes, &image, &detect(&image), &options, &Unmonitored).unwrap();
    let white = |x: u32, y: u32| image.get_pixel(x, y).0.iter().all(|sample| *sample > 240);
    let letters: Vec<(u32, u32)> = (0..90)
        .flat_map(|y| (0..image.width()).map(move |x| (x, y)))
        .filter(|(x, y)| white(*x, *y))
        .collect();
    assert!(letters.len() > 1000);
    assert!(letters.iter().all(|(x, y)| mask.is_hole(*x, *y)));
    let marked = mask.flags().filter(|hole| *hole).count();
    assert!(marked * 4 < (image.width() * image.height()) as usize, "{marked}");
}

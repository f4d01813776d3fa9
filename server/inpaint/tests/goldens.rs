//! The pipeline compared with `IOPaint` 1.6.0. Recorded forward passes replace the network, so that a
//! difference in cropping, padding, scaling or composition fails a test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "unreadable fixtures fail the test"
)]

use std::path::PathBuf;

use iopaint_imaging::{Coverage, DecodeLimits, RgbImage, Threshold, decode, decode_mask};
use iopaint_inpaint::{
    Context, ForwardError, HdStrategy, InpaintOptions, Inpainter, Padding, Unmonitored, inpaint,
};
use serde_json::Value;

fn folder() -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "..",
        "..",
        "tests",
        "fixtures",
        "goldens",
    ]
    .iter()
    .collect()
}

fn bytes(name: &Value) -> Vec<u8> {
    let name = name.as_str().unwrap();
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn limits() -> DecodeLimits {
    DecodeLimits {
        max_pixels: 1 << 24,
        max_side: 1 << 14,
    }
}

fn rgb(name: &Value) -> RgbImage {
    decode(&bytes(name), &limits()).unwrap().rgb
}

fn coverage(name: &Value) -> Coverage {
    decode_mask(&bytes(name), &limits()).unwrap()
}

/// Returns the options of a request with these fields.
fn options(fields: &Value) -> InpaintOptions {
    let number = |name: &str, default: u32| fields[name].as_u64().map_or(default, |number| number as u32);
    let strategy = match fields["hd_strategy"].as_str() {
        Some("Original") => HdStrategy::Original,
        Some("Resize") => HdStrategy::Resize {
            limit: number("hd_strategy_resize_limit", 1280),
        },
        _ => HdStrategy::Crop {
            trigger: number("hd_strategy_crop_trigger_size", 800),
            margin: number("hd_strategy_crop_margin", 128),
        },
    };
    InpaintOptions {
        strategy,
        keep_unmasked: fields["sd_keep_unmasked_area"].as_bool().unwrap_or(true),
        ..InpaintOptions::default()
    }
}

/// A model that returns the recorded result for the same input.
struct RecordedModel {
    forwards: Vec<(RgbImage, Coverage, RgbImage)>,
    scaled: bool,
}

impl Inpainter for RecordedModel {
    fn padding(&self) -> Padding {
        Padding {
            modulo: 8,
            min_size: 16,
            square: false,
        }
    }

    fn forward(
        &mut self,
        image: &RgbImage,
        mask: &Coverage,
        _: &Context<'_>,
    ) -> Result<RgbImage, ForwardError> {
        let found = self.forwards.iter().find(|(recorded_image, recorded_mask, _)| {
            recorded_image.dimensions() == image.dimensions()
                && same(recorded_image, image, self.scaled)
                && same(recorded_mask.values(), mask.values(), self.scaled)
                && recorded_mask
                    .values()
                    .iter()
                    .zip(mask.values())
                    .all(|(a, b)| (*a > 0) == (*b > 0))
        });
        found.map(|(_, _, result)| result.clone()).ok_or_else(|| {
            ForwardError::Failed(format!(
                "no recorded input of {:?} pixels matches",
                image.dimensions()
            ))
        })
    }
}

/// Returns true if two images have the same values. After scaling in single precision, one value in a
/// thousand may be rounded in the other direction.
fn same(a: &[u8], b: &[u8], scaled: bool) -> bool {
    let differences = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    let differing = differences.clone().filter(|difference| *difference > 0).count();
    let allowed = if scaled { a.len() / 1000 } else { 0 };
    a.len() == b.len() && differing <= allowed && differences.max().unwrap_or(0) <= 1
}

#[test]
fn pixels_match_iopaint() {
    let list: Value = serde_json::from_slice(&std::fs::read(folder().join("cases.json")).unwrap()).unwrap();
    let mut tried = 0;
    for case in list["cases"].as_array().unwrap() {
        let Some(recorded) = case["forwards"].as_array() else {
            continue;
        };
        tried += 1;
        let image = rgb(&case["image"]);
        let mut mask = coverage(&case["mask"]);
        if let Some(at_least) = case["mask_threshold"].as_u64() {
            let thresholds = [Threshold::INPAINT_REQUEST, Threshold::BATCH];
            let threshold = thresholds
                .into_iter()
                .find(|threshold| u64::from(threshold.value()) == at_least);
            mask = mask.binarized(threshold.unwrap()).into_coverage();
        }
        let options = options(&case["options"]);
        let forwards = recorded.iter();
        let mut model = RecordedModel {
            forwards: forwards
                .map(|forward| {
                    (
                        rgb(&forward["image"]),
                        coverage(&forward["mask"]),
                        rgb(&forward["result"]),
                    )
                })
                .collect(),
            scaled: matches!(options.strategy, HdStrategy::Resize { .. }),
        };
        let name = &case["name"];
        let outcome = inpaint(&mut model, None, &image, &mask, &options, &Unmonitored)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!outcome.scaled, "{name}");
        assert!(outcome.crops <= recorded.len(), "{name}");
        let expected = rgb(&case["expected"]);
        assert!(
            same(&expected, &outcome.image, model.scaled),
            "{name}: pixels differ"
        );
        if options.keep_unmasked {
            let pixels = image.pixels().zip(outcome.image.pixels()).zip(mask.values());
            let kept = pixels
                .filter(|(_, mask)| **mask == 0)
                .all(|((before, after), _)| before == after);
            assert!(kept, "{name}: a pixel outside the hole changed");
        }
    }
    assert!(tried >= 40, "only {tried} cases have recorded forwards");
}

//! Photographs with hand-painted masks, with the built-in model.

use axum::http::StatusCode;
use iopaint_imaging::{DecodeLimits, decode, decode_mask};
use serde_json::json;

use crate::harness::{fixture, fixtures, server_with};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};
const HOLE: u8 = 128;

#[tokio::test(flavor = "multi_thread")]
async fn photos_change_only_in_the_hole() {
    let server = server_with(|options, settings| {
        options.model = Some("lama-mini".into());
        settings.bodies.max_bytes = 32 << 20;
        settings.images.limits = LIMITS;
    });
    let mut photos = 0;
    for entry in std::fs::read_dir(fixtures().join("photos")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".mask.png") else {
            continue;
        };
        let photo = fixture(&format!("photos/{name}.png"));
        let mask = fixture(&format!("photos/{name}.mask.png"));
        let answer = server.inpaint(&photo, &mask, &json!({})).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{name}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        let (before, after) = (
            decode(&photo, &LIMITS).unwrap().rgb,
            decode(&answer.body, &LIMITS).unwrap().rgb,
        );
        let mask = decode_mask(&mask, &LIMITS).unwrap();
        assert_eq!(before.dimensions(), after.dimensions(), "{name}");
        let (mut hole, mut changed) = (0, 0);
        for ((before, after), mask) in before.pixels().zip(after.pixels()).zip(mask.values()) {
            if *mask >= HOLE {
                hole += 1;
                changed += u32::from(before != after);
            } else {
                assert_eq!(before, after, "{name}: outside the hole");
            }
        }
        assert!(
            changed * 10 > hole * 8,
            "{name}: only {changed} of {hole} pixels of the hole changed"
        );
        photos += 1;
    }
    assert_eq!(photos, 13);
}

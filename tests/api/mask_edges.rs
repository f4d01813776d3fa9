//! Dilation and feathering of masks.

use axum::http::StatusCode;
use image::{GrayImage, RgbImage};
use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::server;

/// The hole of the mask: pixels 40 to 59 in both directions.
const HOLE: std::ops::Range<u32> = 40..60;

fn png(image: impl Into<image::DynamicImage>) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// An image with a bright square in the hole and three pixels around it.
fn image() -> RgbImage {
    RgbImage::from_fn(100, 100, |x, y| {
        let inside = (37..63).contains(&x) && (37..63).contains(&y);
        [if inside { 250 } else { 50 }, (x * 2) as u8, (y * 2) as u8].into()
    })
}

async fn filled(mut fields: Value) -> RgbImage {
    let mask = GrayImage::from_fn(100, 100, |x, y| {
        [u8::from(HOLE.contains(&x) && HOLE.contains(&y)) * 255].into()
    });
    fields["model"] = json!("cv2");
    let answer = server().inpaint(&png(image()), &png(mask), &fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    image::load_from_memory(&answer.body).unwrap().to_rgb8()
}

/// Distance from the hole in pixels along the axes, for pixels beside it; 0 inside.
fn distance(x: u32, y: u32) -> u32 {
    let beyond = |at: u32| {
        HOLE.start
            .saturating_sub(at)
            .max((at + 1).saturating_sub(HOLE.end))
    };
    beyond(x).max(beyond(y))
}

#[tokio::test]
async fn dilated_mask_covers_the_fringe() {
    let fringe = |image: &RgbImage| image.pixels().filter(|pixel| pixel.0[0] > 150).count();
    assert!(fringe(&filled(json!({})).await) > 250);
    assert_eq!(fringe(&filled(json!({ "dilate": 5 })).await), 0);
}

#[rstest]
#[case(json!({ "dilate": 5 }), 5)]
#[case(json!({ "feather": 8 }), 0)]
#[case(json!({ "dilate": 5, "feather": 8, "blend": true, "hd_strategy": "Auto" }), 5)]
#[tokio::test]
async fn pixels_outside_the_final_mask_are_identical(#[case] fields: Value, #[case] reach: u32) {
    let (before, after) = (image(), filled(fields).await);
    for (x, y, pixel) in before
        .enumerate_pixels()
        .filter(|(x, y, _)| distance(*x, *y) > reach)
    {
        assert_eq!(after.get_pixel(x, y), pixel, "{x}, {y}");
    }
    assert_ne!(before, after);
}

#[tokio::test]
async fn feathering_changes_less_at_the_border() {
    let (plain, soft) = (filled(json!({})).await, filled(json!({ "feather": 8 })).await);
    let change = |image: &RgbImage, x: u32| 250 - i32::from(image.get_pixel(x, 50).0[0]);
    // In the middle, 10 pixels from the border, the band has ended.
    assert_eq!(soft.get_pixel(50, 50), plain.get_pixel(50, 50));
    assert!(soft.get_pixel(40, 50).0[0] >= plain.get_pixel(40, 50).0[0]);
    assert!(change(&soft, 44) <= change(&plain, 44));
    assert_ne!(soft, plain);
}

#[tokio::test]
async fn covered_strokes_are_filled() {
    // A dark line from the hole to 9 pixels beside it.
    let line = |x: u32, y: u32| (42..69).contains(&x) && (48..52).contains(&y);
    let image = RgbImage::from_fn(100, 100, |x, y| [if line(x, y) { 0 } else { 180 }; 3].into());
    let mask = GrayImage::from_fn(100, 100, |x, y| {
        [u8::from(HOLE.contains(&x) && HOLE.contains(&y)) * 255].into()
    });
    for cover in [false, true] {
        let fields = json!({ "model": "cv2", "cover_strokes": cover });
        let answer = server()
            .inpaint(&png(image.clone()), &png(mask.clone()), &fields)
            .await;
        let filled = image::load_from_memory(&answer.body).unwrap().to_rgb8();
        let darkest = filled.pixels().map(|pixel| pixel.0[0]).min().unwrap();
        assert_eq!(darkest >= 170, cover, "{darkest}");
    }
}

#[tokio::test]
async fn layer_is_transparent_outside_the_final_mask() {
    let fields = json!({ "model": "cv2", "dilate": 3, "result": "layer" });
    let mask = GrayImage::from_fn(100, 100, |x, y| {
        [u8::from(HOLE.contains(&x) && HOLE.contains(&y)) * 255].into()
    });
    let answer = server().inpaint(&png(image()), &png(mask), &fields).await;
    assert_eq!(answer.headers["x-patch-box"], "37,37,26,26");
    let layer = image::load_from_memory(&answer.body).unwrap().to_rgba8();
    // The disc of the dilation leaves the corners out.
    assert_eq!((layer.dimensions(), layer.get_pixel(0, 0).0[3]), ((26, 26), 0));
    assert_eq!(layer.get_pixel(3, 3).0[3], 255);
    assert!(layer.pixels().all(|pixel| [0, 255].contains(&pixel.0[3])));
    let patch = json!({ "model": "cv2", "dilate": 3 });
    let whole = filled(patch).await;
    for (x, y, pixel) in layer.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[3] > 0) {
        assert_eq!(whole.get_pixel(37 + x, 37 + y).0, pixel.0[..3]);
    }
}

#[rstest]
#[case(json!({ "dilate": 65 }))]
#[case(json!({ "feather": -1 }))]
#[tokio::test]
async fn invalid_edges_return_422(#[case] fields: Value) {
    let answer = server().inpaint(&png(image()), &png(image()), &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

//! JPEGs come back with their own blocks outside the mask.

use std::io::Cursor;

use axum::http::StatusCode;
use image::{GrayImage, ImageFormat, Luma};
use iopaint_imaging::{DecodeLimits, RgbImage, decode, probe};
use rstest::rstest;
use serde_json::json;

use crate::harness::{Answer, Server, fixture, form, server, server_with};

const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};
/// Distance from the hole in pixels within which a touched block, or a chroma sample next to it, has an
/// effect: a block of 16 pixels, and one sample of 2.
const REACH: u32 = 18;
/// Left, top, width and height of the hole.
type Area = (u32, u32, u32, u32);

fn mask((width, height): (u32, u32), (left, top, across, down): Area) -> Vec<u8> {
    let inside = |x: u32, y: u32| (left..left + across).contains(&x) && (top..top + down).contains(&y);
    let mask = GrayImage::from_fn(width, height, |x, y| Luma([u8::from(inside(x, y)) * 255]));
    let mut bytes = Cursor::new(Vec::new());
    mask.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn pixels(file: &[u8]) -> RgbImage {
    decode(file, &LIMITS).unwrap().rgb
}

/// Returns the numbers of pixels beyond the reach of the hole, and of those that differ.
fn compared(before: &RgbImage, after: &RgbImage, (left, top, across, down): Area) -> (usize, usize) {
    assert_eq!(before.dimensions(), after.dimensions());
    let near = |at: u32, start: u32, length: u32| at + REACH >= start && at < start + length + REACH;
    let far = before
        .enumerate_pixels()
        .filter(|(x, y, _)| !(near(*x, left, across) && near(*y, top, down)));
    far.fold((0, 0), |(all, different), (x, y, pixel)| {
        (all + 1, different + usize::from(after.get_pixel(x, y) != pixel))
    })
}

async fn filled(server: &Server, image: &[u8], mask: &[u8]) -> Answer {
    let answer = server.inpaint(image, mask, &json!({ "model": "cv2" })).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "image/jpeg")
    );
    answer
}

#[derive(Clone, Copy, Debug)]
enum Route {
    Json,
    Multipart,
    Legacy,
}

#[rstest]
#[tokio::test]
async fn pixels_far_from_the_mask_are_equal(
    #[values(Route::Json, Route::Multipart, Route::Legacy)] route: Route,
) {
    let image = fixture("examples/photo.jpg");
    let before = pixels(&image);
    let area = (30, 20, 12, 9);
    let mask = mask(before.dimensions(), area);
    let answer = match route {
        Route::Json => filled(server(), &image, &mask).await,
        Route::Multipart => {
            let (content_type, body) = form(&[("image", &image), ("mask", &mask)]);
            server().post("/api/v1/inpaint", &content_type, body).await
        }
        Route::Legacy => {
            let (content_type, body) = form(&[("image", &image), ("mask", &mask)]);
            server().post("/inpaint", &content_type, body).await
        }
    };
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.headers.contains_key("x-jpeg-reencoded"));
    let (all, different) = compared(&before, &pixels(&answer.body), area);
    assert!(all > 1000 && different == 0, "{different} of {all}");
    let growth = answer.body.len() as f64 / image.len() as f64;
    assert!((0.9..1.1).contains(&growth), "{growth}");
}

#[tokio::test]
async fn ten_edits_keep_far_pixels() {
    let first = fixture("examples/photo.jpg");
    let before = pixels(&first);
    let area = (30, 20, 12, 9);
    let mask = mask(before.dimensions(), area);
    let mut current = first;
    for _ in 0..10 {
        current = filled(server(), &current, &mask).await.body;
    }
    assert_eq!(compared(&before, &pixels(&current), area).1, 0);
}

#[tokio::test]
async fn quality_encodes_the_whole_picture() {
    let server = server_with(|_, settings| settings.images.encode.quality = Some(60));
    let image = fixture("examples/photo.jpg");
    let before = pixels(&image);
    let area = (30, 20, 12, 9);
    let answer = filled(&server, &image, &mask(before.dimensions(), area)).await;
    assert!(compared(&before, &pixels(&answer.body), area).1 > 0);
}

#[tokio::test]
async fn turned_photo_keeps_its_stored_frame() {
    let image = fixture("cases/page-files-phone6.jpg");
    let (stored, before) = (probe(&image, &LIMITS).unwrap(), pixels(&image));
    assert_ne!((stored.width, stored.height), before.dimensions());
    let area = (5, 9, 8, 6);
    let answer = filled(server(), &image, &mask(before.dimensions(), area)).await;
    assert_eq!(probe(&answer.body, &LIMITS).unwrap(), stored);
    let (all, different) = compared(&before, &pixels(&answer.body), area);
    assert!(all > 1000 && different == 0, "{different} of {all}");
}

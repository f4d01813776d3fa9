//! New pixels for a part of an image file.

use std::io::Cursor;

use axum::http::StatusCode;
use image::{ImageFormat, Rgba, RgbaImage};
use iopaint_imaging::{DecodeLimits, RgbImage, decode, probe};
use rstest::rstest;

use crate::harness::{Answer, Server, fixture, form, server, server_with};

const APPLY: &str = "/api/v1/apply_patch";
const LIMITS: DecodeLimits = DecodeLimits {
    max_pixels: 1 << 24,
    max_side: 1 << 14,
};
/// Distance from the patch in pixels within which a touched block, or a chroma sample next to it, has an
/// effect: a block of 16 pixels, and one sample of 2.
const REACH: u32 = 18;
/// Width and height of the patch.
const SIZE: (u32, u32) = (12, 9);
const NEW: [u8; 3] = [200, 40, 90];

/// Returns a PNG whose pixels are `NEW` with the given alpha.
fn patch(alpha: impl Fn(u32, u32) -> u8) -> Vec<u8> {
    let [red, green, blue] = NEW;
    let pixels = RgbaImage::from_fn(SIZE.0, SIZE.1, |x, y| Rgba([red, green, blue, alpha(x, y)]));
    let mut bytes = Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn apply(server: &Server, image: &[u8], patch: &[u8], (x, y): (u32, u32)) -> Answer {
    let (x, y) = (x.to_string(), y.to_string());
    let parts = [
        ("image", image),
        ("patch", patch),
        ("x", x.as_bytes()),
        ("y", y.as_bytes()),
    ];
    let (content_type, body) = form(&parts);
    server.post(APPLY, &content_type, body).await
}

async fn applied(image: &[u8], patch: &[u8], at: (u32, u32)) -> Vec<u8> {
    let answer = apply(server(), image, patch, at).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.headers.contains_key("x-jpeg-reencoded"));
    answer.body
}

fn pixels(file: &[u8]) -> RgbImage {
    decode(file, &LIMITS).unwrap().rgb
}

/// Returns the numbers of pixels beyond the reach of the patch, and of those that differ.
fn compared(before: &RgbImage, after: &RgbImage, (left, top): (u32, u32)) -> (usize, usize) {
    assert_eq!(before.dimensions(), after.dimensions());
    let near = |at: u32, start: u32, length: u32| at + REACH >= start && at < start + length + REACH;
    let far = before
        .enumerate_pixels()
        .filter(|(x, y, _)| !(near(*x, left, SIZE.0) && near(*y, top, SIZE.1)));
    far.fold((0, 0), |(all, different), (x, y, pixel)| {
        (all + 1, different + usize::from(after.get_pixel(x, y) != pixel))
    })
}

/// Asserts that the pixel in the middle of the patch has about the new colour.
fn assert_new(after: &RgbImage, (left, top): (u32, u32)) {
    let found = after.get_pixel(left + SIZE.0 / 2, top + SIZE.1 / 2).0;
    let close = found.iter().zip(NEW).all(|(a, b)| a.abs_diff(b) < 30);
    assert!(close, "{found:?}");
}

#[rstest]
#[case("examples/photo.jpg", (30, 20))]
#[case("cases/page-files-phone6.jpg", (5, 9))]
#[tokio::test]
async fn jpeg_keeps_blocks_without_new_pixels(#[case] name: &str, #[case] at: (u32, u32)) {
    let image = fixture(name);
    let result = applied(&image, &patch(|_, _| 255), at).await;
    assert_eq!(probe(&result, &LIMITS).unwrap(), probe(&image, &LIMITS).unwrap());
    let (before, after) = (pixels(&image), pixels(&result));
    assert_new(&after, at);
    let (all, different) = compared(&before, &after, at);
    assert!(all > 1000 && different == 0, "{different} of {all}");
    let growth = result.len() as f64 / image.len() as f64;
    assert!((0.9..1.1).contains(&growth), "{growth}");
}

#[tokio::test]
async fn ten_patches_keep_far_pixels() {
    let first = fixture("examples/photo.jpg");
    let mut current = first.clone();
    for edit in 0..10 {
        let half = |x: u32, _: u32| if x % 2 == edit % 2 { 255 } else { 0 };
        current = applied(&current, &patch(half), (30, 20)).await;
    }
    let (all, different) = compared(&pixels(&first), &pixels(&current), (30, 20));
    assert!(all > 1000 && different == 0, "{different} of {all}");
}

#[tokio::test]
async fn transparent_patch_changes_no_pixel() {
    let image = fixture("examples/photo.jpg");
    let result = applied(&image, &patch(|_, _| 0), (30, 20)).await;
    assert!(pixels(&result) == pixels(&image));
}

#[tokio::test]
async fn lossless_format_has_exact_pixels() {
    let mut png = Cursor::new(Vec::new());
    let before = pixels(&fixture("examples/photo.jpg"));
    before.write_to(&mut png, ImageFormat::Png).unwrap();
    let result = applied(
        png.get_ref(),
        &patch(|x, _| if x < 4 { 255 } else { 0 }),
        (30, 20),
    )
    .await;
    assert_eq!(probe(&result, &LIMITS).unwrap().format.mime(), "image/png");
    for (x, y, pixel) in pixels(&result).enumerate_pixels() {
        let inside = (30..34).contains(&x) && (20..20 + SIZE.1).contains(&y);
        let expected = if inside { NEW } else { before.get_pixel(x, y).0 };
        assert_eq!(pixel.0, expected);
    }
}

#[tokio::test]
async fn quality_encodes_the_whole_picture() {
    let server = server_with(|_, settings| settings.images.encode.quality = Some(60));
    let image = fixture("examples/photo.jpg");
    let answer = apply(&server, &image, &patch(|_, _| 255), (30, 20)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let after = pixels(&answer.body);
    assert_new(&after, (30, 20));
    assert!(compared(&pixels(&image), &after, (30, 20)).1 > 0);
}

#[tokio::test]
async fn patch_beyond_the_image_is_rejected() {
    let image = fixture("examples/photo.jpg");
    let (width, height) = pixels(&image).dimensions();
    for at in [
        (width - SIZE.0 + 1, 0),
        (0, height - SIZE.1 + 1),
        (u32::MAX, u32::MAX),
    ] {
        let answer = apply(server(), &image, &patch(|_, _| 255), at).await;
        assert_eq!(answer.json()["error"], "size-mismatch");
        assert!(answer.status.is_client_error());
    }
    applied(&image, &patch(|_, _| 255), (width - SIZE.0, height - SIZE.1)).await;
}

#[tokio::test]
async fn invalid_fields_are_named() {
    let image = fixture("examples/photo.jpg");
    let patch = patch(|_, _| 255);
    for (parts, field) in [
        (vec![("patch", &patch[..])], "`image`"),
        (vec![("image", &image[..])], "`patch`"),
        (vec![("image", &image[..]), ("patch", b"no image")], "`patch`"),
        (vec![("image", b"no image"), ("patch", &patch[..])], "`image`"),
        (
            vec![("image", &image[..]), ("patch", &patch[..]), ("x", b"-1")],
            "`x`",
        ),
    ] {
        let (content_type, body) = form(&parts);
        let answer = server().post(APPLY, &content_type, body).await;
        assert!(answer.status.is_client_error(), "{field}: {}", answer.status);
        let detail = answer.json()["detail"].clone();
        assert!(detail.as_str().unwrap().contains(field), "{field}: {detail}");
    }
}

#[tokio::test]
async fn cut_off_file_is_damaged() {
    let image = fixture("examples/photo.jpg");
    let answer = apply(server(), &image[..image.len() / 2], &patch(|_, _| 255), (30, 20)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

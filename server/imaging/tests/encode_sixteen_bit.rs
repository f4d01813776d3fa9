//! Encoding: 16-bit samples.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::{LIMITS, RED, encoded, erased, picture, positions};
use iopaint_imaging::{EncodeOptions, Picture, decode};
use rstest::rstest;

#[rstest]
fn samples_outside_the_hole_are_exact(
    #[values(
        "rgb16.png",
        "rgba16.png",
        "gray16.png",
        "rgb16.tiff",
        "rgba16.tiff",
        "gray16.tiff"
    )]
    name: &str,
) {
    let before = picture(name);
    let bytes = encoded(&before, EncodeOptions::default()).bytes;
    let image = image::load_from_memory(&bytes).unwrap();
    assert_eq!(
        image.color().bits_per_pixel() / u16::from(image.color().channel_count()),
        16
    );
    let image = image.into_rgba16();
    for (x, y) in positions() {
        let [r, g, b, a] = image.get_pixel(x, y).0;
        let inside = (2..6).contains(&x) && (1..4).contains(&y);
        let mut expected = if inside {
            RED.0.map(|value| u16::from(value) * 257)
        } else {
            common::rgb16(x, y)
        };
        if name.starts_with("gray") && !inside {
            expected = [expected[0]; 3];
        }
        assert_eq!([r, g, b], expected, "{name} at {x}, {y}");
        assert_eq!(
            a,
            if name.starts_with("rgba") {
                common::alpha16(x, y)
            } else {
                65535
            }
        );
    }
}

#[test]
fn changed_pixels_outside_the_hole_are_kept() {
    let before = picture("rgb16.png");
    let (mut result, hole) = erased(&before);
    result.put_pixel(12, 8, RED);
    let bytes = before
        .preserved
        .encode(&result, &hole, &EncodeOptions::default())
        .unwrap()
        .bytes;
    assert_eq!(decode(&bytes, &LIMITS).unwrap().rgb, result);
}

/// Decodes a 16-bit PNG with the colour of `pixel` at every position.
fn sixteen_bit_page(pixel: impl Fn(u32, u32) -> [u16; 3]) -> Picture {
    let page = image::ImageBuffer::from_fn(48, 40, |x, y| image::Rgb(pixel(x, y)));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageRgb16(page)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    decode(&bytes.into_inner(), &LIMITS).unwrap()
}

/// Returns the 16-bit samples after the hole of 4 x 3 pixels is filled with the 8-bit colour at (30, 30).
fn filled_like_the_page(page: &Picture) -> image::ImageBuffer<image::Rgb<u16>, Vec<u16>> {
    let (mut result, hole) = erased(page);
    let colour = *page.rgb.get_pixel(30, 30);
    for (pixel, _) in result.pixels_mut().zip(hole.flags()).filter(|(_, hole)| *hole) {
        *pixel = colour;
    }
    let encoded = page
        .preserved
        .encode(&result, &hole, &EncodeOptions::default())
        .unwrap();
    image::load_from_memory(&encoded.bytes).unwrap().into_rgb16()
}

#[rstest]
fn plain_surroundings_continue_exactly(
    #[values([40_000; 3], [65_535; 3], [1, 300, 65_000])] colour: [u16; 3],
) {
    let out = filled_like_the_page(&sixteen_bit_page(|_, _| colour));
    assert!(out.pixels().all(|pixel| pixel.0 == colour));
    // Marks, and noise below an 8-bit level, around the hole.
    let marked = sixteen_bit_page(|x, y| match (x, y) {
        (7, 0..4) => [9_000; 3],
        (8, 0..4) => colour.map(|sample| sample - sample % 7),
        _ => colour,
    });
    assert_eq!(filled_like_the_page(&marked).get_pixel(4, 2).0, colour);
}

#[test]
fn noise_below_a_level_continues_as_its_mean() {
    let noisy = sixteen_bit_page(|x, y| [40_000 + ((x + 2 * y) % 5) as u16; 3]);
    let [red, ..] = filled_like_the_page(&noisy).get_pixel(4, 2).0;
    assert!((40_001..=40_003).contains(&red), "{red}");
}

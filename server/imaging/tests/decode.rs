//! Decoding: pixels, alpha, orientation and profiles.
#![expect(clippy::panic, reason = "tests fail by panicking")]

mod common;

use common::{HEIGHT, LIMITS, WIDTH, positions};
use iopaint_imaging::{
    Coverage, GrayImage, ImageFormat, Mask, Picture, Threshold, decode, decode_mask, probe,
};
use rstest::rstest;

fn decoded(name: &str) -> Picture {
    decode(&common::file(name), &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[rstest]
#[case::rgb_png("rgb.png", ImageFormat::Png, common::rgb)]
#[case::apng_first_frame("animated.png", ImageFormat::Png, common::rgb)]
#[case::gray_png("gray.png", ImageFormat::Png, common::gray)]
#[case::palette_png("palette.png", ImageFormat::Png, common::palette)]
#[case::one_bit_png("one-bit.png", ImageFormat::Png, common::one_bit)]
#[case::rgb_webp("rgb.webp", ImageFormat::WebP, common::rgb)]
#[case::webp_first_frame("animated.webp", ImageFormat::WebP, common::rgb)]
#[case::rgb_bmp("rgb.bmp", ImageFormat::Bmp, common::rgb)]
#[case::bmp_with_a_fourth_byte("no-alpha.bmp", ImageFormat::Bmp, common::rgb)]
#[case::palette_bmp("palette.bmp", ImageFormat::Bmp, common::palette)]
#[case::one_bit_bmp("one-bit.bmp", ImageFormat::Bmp, common::one_bit)]
#[case::gif("palette.gif", ImageFormat::Gif, common::palette)]
#[case::gif_first_frame("animated.gif", ImageFormat::Gif, common::palette)]
#[case::rgb_tiff("rgb.tiff", ImageFormat::Tiff, common::rgb)]
#[case::lzw_tiff("rgb-lzw.tiff", ImageFormat::Tiff, common::rgb)]
#[case::first_page("pages.tiff", ImageFormat::Tiff, common::rgb)]
#[case::palette_tiff("palette.tiff", ImageFormat::Tiff, common::palette)]
#[case::one_bit_tiff("one-bit.tiff", ImageFormat::Tiff, common::one_bit)]
#[case::fax_tiff("fax.tiff", ImageFormat::Tiff, common::one_bit)]
fn opaque_files_decode_exactly(
    #[case] name: &str,
    #[case] format: ImageFormat,
    #[case] expected: fn(u32, u32) -> [u8; 3],
) {
    let header = probe(&common::file(name), &LIMITS).unwrap();
    assert_eq!(
        (header.format, header.width, header.height),
        (format, WIDTH, HEIGHT)
    );
    let picture = decoded(name);
    assert_eq!(picture.preserved.format(), format);
    assert_eq!(picture.rgb.dimensions(), (WIDTH, HEIGHT));
    assert!(picture.preserved.alpha.is_none());
    for (x, y) in positions() {
        assert_eq!(
            picture.rgb.get_pixel(x, y).0,
            expected(x, y),
            "{name} at {x}, {y}"
        );
    }
}

#[rstest]
#[case::rgba_png("rgba.png", common::rgb)]
#[case::gray_alpha_png("gray-alpha.png", common::gray)]
#[case::rgba_webp("rgba.webp", common::rgb)]
#[case::rgba_tiff("rgba.tiff", common::rgb)]
#[case::gray_alpha_tiff("gray-alpha.tiff", common::gray)]
fn alpha_is_separate_and_colours_are_straight(#[case] name: &str, #[case] expected: fn(u32, u32) -> [u8; 3]) {
    let picture = decoded(name);
    let alpha = picture.preserved.alpha.expect("alpha");
    for (x, y) in positions() {
        assert_eq!(
            picture.rgb.get_pixel(x, y).0,
            expected(x, y),
            "{name} at {x}, {y}"
        );
        assert_eq!(
            alpha.get_pixel(x, y).0,
            [common::alpha(x, y)],
            "{name} at {x}, {y}"
        );
    }
}

#[test]
fn palette_alpha_and_colour_keys_become_alpha() {
    let table = [0, 128, 255, 255, 255, 64, 255];
    for (name, expected) in [
        ("palette-alpha.png", table),
        ("palette-alpha.gif", [255, 255, 255, 0, 255, 255, 255]),
    ] {
        let picture = decoded(name);
        let alpha = picture.preserved.alpha.expect("alpha");
        for (x, y) in positions() {
            let wanted = expected[((x + y) % 7) as usize];
            assert_eq!(alpha.get_pixel(x, y).0, [wanted], "{name} at {x}, {y}");
            if wanted > 0 {
                assert_eq!(picture.rgb.get_pixel(x, y).0, common::palette(x, y));
            }
        }
    }
    for (name, key, colour) in [
        (
            "gray-key.png",
            common::gray(3, 0),
            common::gray as fn(u32, u32) -> [u8; 3],
        ),
        ("rgb-key.png", common::rgb(3, 2), common::rgb),
    ] {
        let alpha = decoded(name).preserved.alpha.expect("alpha");
        for (x, y) in positions() {
            let wanted = if colour(x, y) == key { 0 } else { 255 };
            assert_eq!(alpha.get_pixel(x, y).0, [wanted], "{name} at {x}, {y}");
        }
    }
}

#[rstest]
fn sixteen_bit_samples_are_scaled(
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
    let picture = decoded(name);
    assert_eq!(picture.preserved.alpha.is_some(), name.starts_with("rgba"));
    for (x, y) in positions() {
        let mut expected = common::rgb16(x, y).map(common::eight_bit);
        if name.starts_with("gray") {
            expected = [expected[0]; 3];
        }
        assert_eq!(picture.rgb.get_pixel(x, y).0, expected, "{name} at {x}, {y}");
        if let Some(alpha) = &picture.preserved.alpha {
            assert_eq!(
                alpha.get_pixel(x, y).0,
                [common::eight_bit(common::alpha16(x, y))]
            );
        }
    }
}

#[rstest]
#[case::jpeg("rgb.jpg", 6)]
#[case::progressive("progressive.jpg", 12)]
#[case::jpeg_in_tiff("jpeg.tiff", 24)]
#[case::ycbcr_tiff("ycbcr.tiff", 3)]
#[case::lossy_webp("lossy.webp", 24)]
fn lossy_files_decode_within_tolerance(#[case] name: &str, #[case] tolerance: u8) {
    let picture = decoded(name);
    for (x, y) in positions() {
        let (found, expected) = (picture.rgb.get_pixel(x, y).0, common::smooth(x, y));
        let apart = found.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
        assert!(
            apart <= Some(tolerance),
            "{name} at {x}, {y}: found {found:?}, expected {expected:?}"
        );
    }
}

#[test]
fn cmyk_jpeg_and_tiff_become_rgb() {
    let ink = |light: u32, ink: u32| light - (ink * light + 127) / 255;
    let (jpeg, tiff) = (decoded("cmyk.jpg"), decoded("cmyk.tiff"));
    for (x, y) in positions() {
        let [c, m, yellow] = common::smooth(x, y).map(u32::from);
        let light = 255 - (x * 3 + y * 4);
        for (found, expected) in
            jpeg.rgb
                .get_pixel(x, y)
                .0
                .into_iter()
                .zip([ink(light, c), ink(light, m), ink(light, yellow)])
        {
            assert!(
                u32::from(found).abs_diff(expected) <= 8,
                "at {x}, {y}: found {found}, expected {expected}"
            );
        }
        let light = 255 - u32::from(common::gray(x, y)[0]);
        let expected = common::rgb(x, y).map(|value| ink(light, u32::from(value)));
        for (found, expected) in tiff.rgb.get_pixel(x, y).0.into_iter().zip(expected) {
            assert!(
                u32::from(found).abs_diff(expected) <= 1,
                "at {x}, {y}: found {found}, expected {expected}"
            );
        }
    }
}

#[test]
fn ycck_jpeg_equals_cmyk_jpeg() {
    let inks: Vec<u8> = positions()
        .flat_map(|(x, y)| {
            let [c, m, yellow] = common::smooth(x, y);
            [255 - c, 255 - m, 255 - yellow, 255 - (x * 3 + y * 4) as u8]
        })
        .collect();
    let encoded = |kind| {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 98);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_4_4);
        encoder.encode(&inks, WIDTH as u16, HEIGHT as u16, kind).unwrap();
        decode(&bytes, &LIMITS).unwrap().rgb
    };
    let (cmyk, ycck) = (
        encoded(jpeg_encoder::ColorType::Cmyk),
        encoded(jpeg_encoder::ColorType::CmykAsYcck),
    );
    for (a, b) in cmyk.iter().zip(ycck.iter()) {
        assert!(a.abs_diff(*b) <= 8, "{a} {b}");
    }
}

#[rstest]
fn orientation_is_applied_once(#[values(1, 2, 3, 4, 5, 6, 7, 8)] orientation: u32) {
    let picture = decoded(&format!("orientation-{orientation}.jpg"));
    let size = if orientation > 4 {
        (HEIGHT, WIDTH)
    } else {
        (WIDTH, HEIGHT)
    };
    assert_eq!(picture.rgb.dimensions(), size);
    for (x, y) in positions() {
        let (right, bottom) = (WIDTH - 1 - x, HEIGHT - 1 - y);
        // The position at which a stored pixel is displayed (CIPA DC-008, table 6).
        let (shown_x, shown_y) = match orientation {
            1 => (x, y),
            2 => (right, y),
            3 => (right, bottom),
            4 => (x, bottom),
            5 => (y, x),
            6 => (bottom, x),
            7 => (bottom, right),
            _ => (y, right),
        };
        let (found, expected) = (picture.rgb.get_pixel(shown_x, shown_y).0, common::smooth(x, y));
        let apart = found.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
        assert!(
            apart <= Some(6),
            "at {x}, {y}: found {found:?}, expected {expected:?}"
        );
    }
}

#[rstest]
fn mask_of_the_stored_size_is_rotated(#[values(5, 6, 7, 8)] orientation: u32) {
    let picture = decoded(&format!("orientation-{orientation}.jpg"));
    let straight = decoded("orientation-1.jpg");
    // A mask from a tool that ignores the orientation.
    let luma = |picture: &Picture| {
        Coverage::new(GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
            [picture.rgb.get_pixel(x, y)[0]].into()
        }))
    };
    assert_eq!(
        picture.preserved.fitted_mask(luma(&straight)).dimensions(),
        (HEIGHT, WIDTH)
    );
    let (turned, shown) = (picture.preserved.fitted_mask(luma(&straight)), luma(&picture));
    for (one, other) in turned.values().iter().zip(shown.values()) {
        assert!(
            one.abs_diff(*other) <= 24,
            "{one} differs from {other} by more than JPEG blur"
        );
    }
}

#[test]
fn mask_of_another_size_is_resized() {
    let upright = Coverage::new(GrayImage::from_fn(WIDTH, HEIGHT, |x, _| [(x * 19) as u8].into()));
    assert_eq!(decoded("rgb.png").preserved.fitted_mask(upright.clone()), upright);
    let half = decoded("rgb.png")
        .preserved
        .fitted_mask(Mask::from_fn(2, 1, |x, _| x == 1).into_coverage());
    assert_eq!(half.dimensions(), (WIDTH, HEIGHT));
    assert_eq!((half.get(0, 0), half.get(WIDTH - 1, HEIGHT - 1)), (0, 255));
}

#[test]
fn tiff_orientation_is_applied() {
    let picture = decoded("gray.tiff");
    assert_eq!(picture.rgb.dimensions(), (HEIGHT, WIDTH));
    for (x, y) in positions() {
        assert_eq!(picture.rgb.get_pixel(HEIGHT - 1 - y, x).0, common::gray(x, y));
    }
}

#[test]
fn xmp_orientation_applies_to_png() {
    let picture = decoded("metadata.png");
    for (x, y) in positions() {
        assert_eq!(
            picture.rgb.get_pixel(WIDTH - 1 - x, HEIGHT - 1 - y).0,
            common::rgb(x, y)
        );
    }
}

#[test]
fn mask_is_pillows_luma_without_alpha() {
    for name in ["rgb.png", "rgba.png"] {
        let mask = decode_mask(&common::file(name), &LIMITS).unwrap();
        for (x, y) in positions() {
            let [r, g, b] = common::rgb(x, y).map(u32::from);
            let expected = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
            assert_eq!(u32::from(mask.get(x, y)), expected);
        }
    }
    let mask = decode_mask(&common::file("gray.png"), &LIMITS).unwrap();
    assert!(positions().all(|(x, y)| mask.get(x, y) == common::gray(x, y)[0]));
}

#[test]
fn threshold_includes_its_bound() {
    let mask = Coverage::new(GrayImage::from_raw(4, 1, vec![0, 127, 128, 255]).unwrap());
    let values = |threshold| mask.clone().binarized(threshold).values().to_vec();
    assert_eq!(values(Threshold::INPAINT_REQUEST), [0, 0, 255, 255]);
    assert_eq!(values(Threshold::BATCH), [0, 255, 255, 255]);
}

#[test]
fn gray_profile_is_applied_and_dropped() {
    let picture = decoded("profile-gray.png");
    for (x, y) in positions() {
        // The profile defines linear light (IEC 61966-2-1 converts it to sRGB).
        let light = f64::from(common::gray(x, y)[0]) / 255.0;
        let srgb = if light <= 0.003_130_8 {
            light * 12.92
        } else {
            1.055 * light.powf(1.0 / 2.4) - 0.055
        };
        for found in picture.rgb.get_pixel(x, y).0 {
            assert!(
                (f64::from(found) - srgb * 255.0).abs() <= 1.5,
                "at {x}, {y}: found {found}, expected {}",
                srgb * 255.0
            );
        }
    }
}

#[test]
fn cmyk_profile_matches_little_cms() {
    // The two libraries interpolate differently between this table's three points per side.
    let (found, expected) = (
        decoded("profile-cmyk.tiff").rgb,
        decoded("profile-cmyk.srgb.png").rgb,
    );
    let apart: Vec<u32> = found
        .iter()
        .zip(expected.iter())
        .map(|(a, b)| u32::from(a.abs_diff(*b)))
        .collect();
    let mean = f64::from(apart.iter().sum::<u32>()) / apart.len() as f64;
    assert!(mean < 4.0, "{mean}");
    assert!(apart.iter().max() <= Some(&20), "{:?}", apart.iter().max());
    let plain = decode_mask(&common::file("profile-cmyk.tiff"), &LIMITS).unwrap();
    let gray = |rgb: &iopaint_imaging::RgbImage, at: usize| i32::from(rgb.as_raw()[at * 3 + 1]);
    let far = plain
        .values()
        .iter()
        .enumerate()
        .map(|(at, value)| (i32::from(*value) - gray(&expected, at)).abs());
    assert!(
        far.sum::<i32>() / plain.values().len() as i32 > 8,
        "the profile matters here"
    );
}

#[test]
fn mask_profile_is_ignored() {
    let mask = decode_mask(&common::file("profile-gray.png"), &LIMITS).unwrap();
    assert!(positions().all(|(x, y)| mask.get(x, y) == common::gray(x, y)[0]));
}

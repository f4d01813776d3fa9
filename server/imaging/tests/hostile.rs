//! Damaged, hostile and oversized files fail with an error message.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::sync::LazyLock;

use common::LIMITS;
use iopaint_imaging::{DecodeError, DecodeLimits, EncodeOptions, Mask, decode, decode_mask, probe};
use proptest::prelude::*;
use rstest::rstest;

static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(common::files);

/// `FILES` and the JPEGs of unusual layouts.
static SEEDS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let jpegs = common::jpegs().into_iter().map(|(name, bytes, _)| (name, bytes));
    common::files().into_iter().chain(jpegs).collect()
});

/// Decodes a file and encodes it again, or checks the error message.
fn round_trip(bytes: &[u8]) {
    match decode(bytes, &LIMITS) {
        Ok(picture) => {
            assert!(u64::from(picture.width()) * u64::from(picture.height()) <= LIMITS.max_pixels);
            let hole = Mask::empty(picture.width(), picture.height());
            let encoded = picture
                .preserved
                .encode(&picture.rgb, &hole, &EncodeOptions::default())
                .unwrap();
            assert!(decode(&encoded.bytes, &LIMITS).is_ok());
        }
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.ends_with('.') && sentence.len() < 400, "{sentence}");
        }
    }
}

#[test]
fn truncated_jpeg_is_damaged() {
    for name in ["rgb.jpg", "progressive.jpg", "orientation-1.jpg"] {
        let bytes = common::file(name);
        for length in [bytes.len() / 2, bytes.len() - 20] {
            let error = decode(&bytes[..length], &LIMITS).unwrap_err();
            assert!(matches!(error, DecodeError::Damaged { .. }), "{error}");
        }
        for length in [bytes.len() - 1, bytes.len() - 2] {
            assert!(
                decode(&bytes[..length], &LIMITS).is_ok(),
                "all pixels are present"
            );
        }
        assert!(
            decode(&[bytes, vec![0; 100]].concat(), &LIMITS).is_ok(),
            "data after the end are ignored"
        );
    }
}

#[test]
fn truncated_files_do_not_panic() {
    for (name, bytes) in FILES.iter() {
        let step = if bytes.len() > 600 { 7 } else { 1 };
        for length in (0..bytes.len()).step_by(step) {
            let _ = (name, decode(&bytes[..length], &LIMITS));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_do_not_panic(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = file.get(&SEEDS).1.clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        round_trip(&bytes);
    }

    #[test]
    fn mutated_headers_do_not_panic(
        file in any::<prop::sample::Index>(),
        changes in prop::collection::vec((0usize..64, prop_oneof![Just(0u8), Just(1), Just(0x7f), Just(0xff), any::<u8>()]), 1..4),
    ) {
        let mut bytes = file.get(&SEEDS).1.clone();
        for (at, value) in changes {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        round_trip(&bytes);
    }

    #[test]
    fn noise_is_not_an_image(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_mask(&bytes, &LIMITS);
    }
}

#[rstest]
#[case::empty(b"")]
#[case::text(b"hello, this is a text and not an image")]
#[case::script(b"#!/bin/sh\necho hello")]
fn other_files_are_not_images(#[case] bytes: &[u8]) {
    assert_eq!(decode(bytes, &LIMITS).unwrap_err(), DecodeError::NotAnImage);
}

#[rstest]
#[case::heic(b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC")]
#[case::avif(b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF")]
#[case::jxl(b"\xff\x0a\0\0", "JPEG XL")]
#[case::svg(b"<?xml version=\"1.0\"?><svg/>", "SVG")]
#[case::psd(b"8BPS\0\x01", "Photoshop")]
fn unsupported_formats_are_named(#[case] bytes: &[u8], #[case] name: &str) {
    let error = decode(bytes, &LIMITS).unwrap_err();
    assert!(matches!(error, DecodeError::Unsupported(_)), "{error}");
    assert!(error.to_string().contains(name), "{error}");
}

#[test]
fn limits_are_exact() {
    for (name, bytes) in FILES.iter() {
        let header = probe(bytes, &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (pixels, side) = (
            u64::from(header.width) * u64::from(header.height),
            header.width.max(header.height),
        );
        assert!(
            probe(
                bytes,
                &DecodeLimits {
                    max_pixels: pixels,
                    max_side: side
                }
            )
            .is_ok(),
            "{name}"
        );
        for limits in [
            DecodeLimits {
                max_pixels: pixels - 1,
                max_side: side,
            },
            DecodeLimits {
                max_pixels: pixels,
                max_side: side - 1,
            },
        ] {
            for error in [
                probe(bytes, &limits).unwrap_err(),
                decode(bytes, &limits).unwrap_err(),
            ] {
                assert!(matches!(error, DecodeError::TooLarge { .. }), "{name}: {error}");
            }
        }
    }
}

/// Returns files of a few hundred bytes with headers of 60000 x 60000 pixels and more.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let mut png = common::file("rgb.png");
    png[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let mut jpeg = common::file("rgb.jpg");
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xfe);
    let mut bmp = common::file("rgb.bmp");
    bmp[18..26].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0x80]);
    let mut gif = common::file("palette.gif");
    gif[6..10].fill(0xff);
    let webp = [b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".as_slice(), &[0xff; 6]].concat();
    let tiff = b"II*\0\x08\0\0\0\x03\0\0\x01\x04\0\x01\0\0\0\xff\xff\xff\x7f\x01\x01\x04\0\x01\0\0\0\xff\xff\xff\x7f\
        \x06\x01\x03\0\x01\0\0\0\x01\0\0\0\0\0\0\0";
    vec![
        ("png", png),
        ("jpeg", jpeg),
        ("bmp", bmp),
        ("gif", gif),
        ("webp", webp),
        ("tiff", tiff.to_vec()),
    ]
}

#[test]
fn bombs_are_rejected_by_their_header() {
    for (name, bytes) in bombs() {
        let start = std::time::Instant::now();
        let error = decode(&bytes, &LIMITS).unwrap_err();
        let rejected = matches!(error, DecodeError::TooLarge { .. })
            || (name == "tiff" && matches!(error, DecodeError::Damaged { .. }));
        assert!(rejected, "{name}: {error}");
        // A deadline: decoding the announced pixels would take minutes.
        assert!(start.elapsed().as_secs() < 10, "{name}");
    }
}

#[test]
fn gif_frame_larger_than_its_screen_is_damaged() {
    let mut gif = common::file("palette.gif");
    let frame = gif.iter().position(|byte| *byte == b',').unwrap();
    gif[frame + 5..frame + 9].fill(0xff);
    assert!(matches!(decode(&gif, &LIMITS), Err(DecodeError::Damaged { .. })));
}

//! JPEG pixels match libjpeg-turbo's in all supported layouts; other files are rejected.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::LIMITS;
use iopaint_imaging::{DecodeError, RgbImage, decode, probe};
use rstest::rstest;

/// Bounds on the mean and on the largest difference of samples, in levels of 255.
const MEAN: f64 = 0.6;
const LARGEST: u8 = 6;

fn pixels(name: &str, bytes: &[u8]) -> RgbImage {
    match decode(bytes, &LIMITS) {
        Ok(picture) => picture.rgb,
        Err(error) => panic!("{name}: {error}"),
    }
}

fn assert_close(name: &str, found: &RgbImage, expected: &RgbImage) {
    assert_eq!(found.dimensions(), expected.dimensions(), "{name}");
    let differences = found.iter().zip(expected.iter()).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = differences.clone().map(u64::from).sum();
    let mean = sum as f64 / found.len() as f64;
    let largest = differences.max().unwrap_or(0);
    assert!(
        mean <= MEAN && largest <= LARGEST,
        "{name}: mean difference {mean}, largest {largest}"
    );
}

#[test]
fn layouts_match_libjpeg() {
    let (mut compared, mut refused) = (0, 0);
    for (name, bytes, reference) in common::jpegs() {
        if let Some(reference) = reference {
            assert_close(&name, &pixels(&name, &bytes), &pixels(&name, &reference));
            compared += 1;
            continue;
        }
        let error = decode(&bytes, &LIMITS).map(|_| ()).expect_err(&name);
        let right = match name.split('-').next() {
            Some("damaged") => matches!(error, DecodeError::Damaged { .. }),
            _ => matches!(error, DecodeError::Unsupported(_)),
        };
        assert!(right, "{name}: {error}");
        refused += 1;
    }
    assert!(compared >= 50 && refused >= 5, "{compared} and {refused}");
}

#[rstest]
fn reported_files_match_libjpeg(
    #[values(
        "apple-hdrgainmap",
        "cr-finer-than-y",
        "exif-directory-cut",
        "factor-3x1",
        "icc-numbered-from-0",
        "icc-twice",
        "jfif-and-adobe0",
        "luma-coarser-than-chroma",
        "microvideo",
        "mjpeg-without-dht",
        "motionphoto-camera-prefix",
        "multiscan-420",
        "multiscan-444-restart",
        "multiscan-cr-first",
        "multiscan-y-then-cbcr",
        "multiscan-ycb-then-cr",
        "newlines-between-segments",
        "no-eoi-with-trailer",
        "orientation-long-be",
        "pixel-00e1",
        "rgb-adobe0",
        "swf-ffd9ffd8",
        "two-exif",
        "ycc-adobe2",
        "zeros-between-segments"
    )]
    name: &str,
) {
    let found = pixels(name, &common::case(&format!("{name}.jpg")));
    let expected = pixels(name, &common::case(&format!("expected/{name}.png")));
    assert_close(name, &found, &expected);
}

#[rstest]
#[case::arithmetic("arithmetic.jpg", "An arithmetic-coded JPEG is not supported.")]
#[case::twelve_bits("twelve-bit.jpg", "A JPEG with 12 bits per sample is not supported.")]
#[case::lossless("lossless-sof3.jpg", "A lossless JPEG is not supported.")]
fn unsupported_process_is_named(#[case] name: &str, #[case] sentence: &str) {
    let bytes = common::case(name);
    for error in [
        probe(&bytes, &LIMITS).map(|_| ()).expect_err(name),
        decode(&bytes, &LIMITS).map(|_| ()).expect_err(name),
    ] {
        assert!(matches!(error, DecodeError::Unsupported(_)), "{error}");
        assert!(error.to_string().starts_with(sentence), "{error}");
    }
}

/// Returns `rgb.jpg` and the offset of its frame header's marker.
fn with_frame_header() -> (Vec<u8>, usize) {
    let bytes = common::file("rgb.jpg");
    let at = bytes.windows(2).position(|marker| marker == [0xff, 0xc0]);
    (bytes, at.unwrap())
}

fn error_message(bytes: &[u8]) -> String {
    let error = decode(bytes, &LIMITS).unwrap_err();
    assert!(matches!(error, DecodeError::Unsupported(_)), "{error}");
    error.to_string()
}

#[test]
fn fractional_sampling_is_named() {
    let (mut bytes, at) = with_frame_header();
    // Sampling factors of 3 x 1 for luma and 2 x 1 for the first chroma component (T.81, B.2.2).
    (bytes[at + 11], bytes[at + 14]) = (0x31, 0x21);
    let sentence = error_message(&bytes);
    assert!(sentence.contains("sampl"), "{sentence}");
}

#[test]
fn two_and_five_components_are_named() {
    for count in [2_usize, 5] {
        let (mut bytes, at) = with_frame_header();
        let components: Vec<u8> = (1..=count as u8).flat_map(|id| [id, 0x11, 0]).collect();
        bytes.splice(at + 10..at + 19, components);
        (bytes[at + 3], bytes[at + 9]) = (8 + 3 * count as u8, count as u8);
        let sentence = error_message(&bytes);
        assert!(sentence.contains(&count.to_string()), "{sentence}");
    }
}

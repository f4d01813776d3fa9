//! Probing and decoding agree on how a file is shown.

mod common;

use common::LIMITS;
use iopaint_imaging::{Orientation, decode, probe};
use rstest::rstest;

#[test]
fn probe_and_decode_agree_on_every_test_file() {
    let mut checked = 0;
    for (name, bytes) in common::files().into_iter().chain(common::cases()) {
        // The TIFF codec panics on this file.
        if name == "tiff-planar-tiled.tif" {
            continue;
        }
        let Ok(picture) = decode(&bytes, &LIMITS) else {
            continue;
        };
        let header = probe(&bytes, &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            header.upright_size(),
            (picture.width(), picture.height()),
            "{name}"
        );
        checked += 1;
    }
    assert!(checked > 60, "{checked}");
}

#[rstest]
#[case::long_big_endian("orientation-long-be.jpg")]
#[case::directory_shorter_than_its_count("exif-directory-cut.jpg")]
#[case::first_of_two_blocks("two-exif.jpg")]
#[case::webp("page-webp-exif6.webp")]
#[case::tiff("page-tiff-orientation6.tif")]
fn orientation_6_is_read(#[case] name: &str) {
    let header = probe(&common::case(name), &LIMITS).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(header.orientation, Orientation::Rotate90, "{name}");
    assert_eq!(header.upright_size(), (header.height, header.width));
}
